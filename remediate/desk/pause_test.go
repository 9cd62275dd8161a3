package desk_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/store/memory"
	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/trail"
)

func TestAPauseTakesAnApproverAReasonAndAnEndWithinADay(t *testing.T) {
	for _, tt := range []struct {
		name        string
		who, reason string
		duration    time.Duration
		want        finding.RefusedClass
	}{
		{"by nobody in particular", eve, "a release", time.Hour, finding.ClassNotApprover},
		{"for no reason", ada, " \u200b", time.Hour, finding.ClassReason},
		{"for a reason without end", ada, strings.Repeat("a", authority.MaxReason+1), time.Hour, finding.ClassReason},
		{"for no time", ada, "a release", 0, finding.ClassDuration},
		{"for more than a day", ada, "a release", finding.MaxPause + 1, finding.ClassDuration},
		{"for a day", ada, "a release", finding.MaxPause, ""},
	} {
		o := newOffice(t)
		p, err := o.Pause(t.Context(), tt.who, "cli", tt.reason, tt.duration)
		if finding.ClassOf(err) != tt.want || p.Active(o.now) != (tt.want == "") {
			t.Errorf("%s: %v, %v", tt.name, p, err)
		}
		r := o.ledger()[0]
		if kind := map[bool]trail.Kind{true: trail.Paused, false: trail.Refused}[err == nil]; r.Kind != kind || r.Who != tt.who || r.Class != string(tt.want) {
			t.Errorf("%s: the ledger has %+v", tt.name, r)
		}
	}
}

func TestAPauseEndsByItselfAndAnotherTakesItsPlace(t *testing.T) {
	o := newOffice(t)
	first, err := o.Pause(t.Context(), ada, "cli", "a release", time.Hour)
	if err != nil || !first.Active(o.now.Add(time.Hour-1)) || first.Active(o.now.Add(time.Hour)) || !first.Owed {
		t.Errorf("paused: %+v, %v", first, err)
	}
	second, err := o.Pause(t.Context(), bob, "cli", "a longer one", 2*time.Hour)
	if err != nil || second.By != bob || !second.Until.Equal(o.now.Add(2*time.Hour)) || second.Revision != first.Revision+1 {
		t.Errorf("paused again: %+v, %v", second, err)
	}
}

func TestResumingMakesWhatWaitedForThePauseDueAndNothingElse(t *testing.T) {
	o := newOffice(t)
	_, err := o.Resume(t.Context(), ada, "cli", "")
	o.wantRefused(err, finding.ClassDecided, "rescind is not paused")
	approved := func(f *finding.Finding) {
		*f = f.Approved(finding.Answer{Choice: finding.ChooseRevert, Principal: ada, At: o.now})
	}
	o.asked("waits", approved, func(f *finding.Finding) { *f = f.Stopped("rescind is paused", o.now.Add(time.Hour), o.now) })
	works := o.asked("works", approved)
	if _, err := o.Pause(t.Context(), ada, "cli", "a release", time.Hour); err != nil {
		t.Fatal(err)
	}
	o.now = o.now.Add(time.Second)
	p, err := o.Resume(t.Context(), bob, "cli", "")
	if err != nil || p.Active(o.now) || p.String() != "rescind works again: resumed by "+bob {
		t.Errorf("resumed: %s, %v", p, err)
	}
	if got := o.stored("waits"); !got.DueAt.Equal(o.now) {
		t.Errorf("what waited is due at %s, want now", got.DueAt)
	}
	if got := o.stored("works"); got.Revision != works.Revision {
		t.Error("what did not wait was changed")
	}
}

// unread is a store in which one finding cannot be read.
type unread struct {
	*memory.Store
	id string
}

func (s unread) Finding(ctx context.Context, id string) (finding.Finding, error) {
	if id == s.id {
		return finding.Finding{}, fmt.Errorf("finding %s: %w", id, fault.ErrLater)
	}
	return s.Store.Finding(ctx, id)
}

func (s unread) Findings(ctx context.Context, q finding.Query) ([]finding.Finding, error) {
	fs, err := s.Store.Findings(ctx, q)
	return slices.DeleteFunc(fs, func(f finding.Finding) bool { return f.ID == s.id }),
		errors.Join(err, fault.LeftOut([]error{fmt.Errorf("finding %s: %w", s.id, fault.ErrLater)}))
}

// A resume that has counted is no failure, and who is told that it was tries again.
func TestResumingWakesWhatCanBeRead(t *testing.T) {
	o := newOffice(t)
	for _, id := range []string{"theirs", "waits"} {
		o.asked(id, func(f *finding.Finding) {
			*f = f.Approved(finding.Answer{Choice: finding.ChooseRevert, Principal: ada, At: o.now})
		}, func(f *finding.Finding) { *f = f.Stopped("rescind is paused", o.now.Add(time.Hour), o.now) })
	}
	if _, err := o.Pause(t.Context(), ada, "cli", "a release", time.Hour); err != nil {
		t.Fatal(err)
	}
	o.Store, o.now = unread{o.store, "theirs"}, o.now.Add(time.Second)
	if p, err := o.Resume(t.Context(), bob, "cli", ""); err != nil || p.Active(o.now) {
		t.Errorf("resumed: %s, %v", p, err)
	}
	if got := o.stored("waits"); !got.DueAt.Equal(o.now) {
		t.Errorf("what waited is due at %s, want now", got.DueAt)
	}
}
