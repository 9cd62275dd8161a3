package group

import (
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

func TestAListThatNamesSomebodyNewIsANewListThatNobodyAnswered(t *testing.T) {
	f := finding.Finding{ID: "f1", Revision: 3, State: state.Pending, Timeline: make(trail.Timeline, 2)}
	g := Group{Revision: 2, Answers: []finding.Answer{{Choice: finding.ChooseKeep}}, Items: []Item{{Finding: "f1", State: state.Pending, Seen: 2, Told: 1}}}
	if same := g.refreshed([]finding.Finding{f}, time.Time{}); g.Overtaken(f) || same.Revision != 2 || len(same.Answers) != 1 {
		t.Errorf("the list is at revision %d with %d answers after nobody new", same.Revision, len(same.Answers))
	}
	f.ActorsAt = 3
	next := g.refreshed([]finding.Finding{f}, time.Time{})
	if !g.Overtaken(f) || next.Overtaken(f) || next.Revision != 3 || len(next.Answers) != 0 {
		t.Errorf("the list is at revision %d with %d answers after somebody new; overtaken before: %v, after: %v",
			next.Revision, len(next.Answers), g.Overtaken(f), next.Overtaken(f))
	}
}
