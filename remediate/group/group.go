package group

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// Group is findings of one cause, which share one message and can be answered
// at once. Every finding keeps its own record, timeline and undo.
type Group struct {
	ID string `json:"id"`
	// Revision is of the list of findings: one that is added makes the next.
	// What somebody answers is bound to it, and with it to exactly the findings
	// they saw.
	Revision int64     `json:"revision"`
	Cause    Cause     `json:"cause"`
	Since    time.Time `json:"since"` // when the first finding was opened
	Items    []Item    `json:"items"`
	// Answers are the words given on this revision, while they are too few.
	Answers []finding.Answer `json:"answers,omitempty"`
	// Agreed is what people decided and is being carried to the findings.
	Agreed *Agreement `json:"agreed,omitempty"`
	// Refused says, a line each, which findings did not take the last decision.
	Refused  []string          `json:"refused,omitempty"`
	Timeline []trail.Event     `json:"timeline,omitempty"` // what the message's thread tells
	Surfaces []finding.Surface `json:"surfaces,omitempty"`
	// Changes counts what a reader would see to have changed; Drawn is the
	// count that the message shows.
	Changes int64 `json:"changes"`
	Drawn   int64 `json:"drawn"`
	// DrawnBy is until when one process has the message to itself.
	DrawnBy time.Time `json:"drawn_by,omitzero"`
	// Medium is empty until somebody has to be told.
	Medium Medium `json:"told_by,omitempty"`
	// PagedAt is when each pager last told of the group.
	PagedAt map[string]time.Time `json:"paged_at,omitempty"`
	// Incidents are the findings as which pagers told of the group.
	Incidents []string `json:"incidents,omitempty"`
}

// Item is one finding of a group, as the group's message last showed it.
type Item struct {
	Finding  string            `json:"finding"`
	Digest   string            `json:"digest"` // of its plan; empty without one
	Resource cloud.Resource    `json:"resource"`
	Severity policies.Severity `json:"severity,omitempty"`
	State    state.State       `json:"state"`
	Seen     int64             `json:"seen"` // first revision of the finding that reads so
	Told     int               `json:"told"` // lines of its timeline
	Undone   bool              `json:"undone,omitempty"`
}

// Agreement is an answer that enough people gave, on its way to the findings.
type Agreement struct {
	Choice  finding.Choice   `json:"choice"`
	Answers []finding.Answer `json:"answers"`
	// Items is how many findings it is about: the first so many. One that came
	// later was on nobody's card.
	Items int `json:"items"`
}

const (
	// groupWindow is how long after the first finding of a cause others join it.
	groupWindow = time.Minute
	// limitWindow is that of what a limit lowered to a question.
	limitWindow = time.Hour
	// maxGroup bounds a group: people must be able to judge what they answer,
	// and a store to take the record.
	maxGroup = 200
	// keepGroup is how long a group is kept after it last changed. What was
	// decided stands in every finding's own record, which is kept longer.
	keepGroup = 90 * 24 * time.Hour
)

// Digest binds the list of findings with the plan of each, in any order.
func (g Group) Digest() string {
	var lines []string
	for _, i := range g.Items {
		lines = append(lines, i.Finding+" "+i.Digest)
	}
	slices.Sort(lines)
	sum := sha256.Sum256([]byte(strings.Join(lines, "\n")))
	return hex.EncodeToString(sum[:])
}

// Count is how many of its findings were in the state when last shown.
func (g Group) Count(s state.State) int {
	n := 0
	for _, i := range g.Items {
		if i.State == s {
			n++
		}
	}
	return n
}

func (g Group) index(finding string) int {
	return slices.IndexFunc(g.Items, func(i Item) bool { return i.Finding == finding })
}

// hasRoomFor reports whether one more finding belongs in the group. A question is
// not added where there is none left: people are done with that message.
func (g Group) hasRoomFor(f finding.Finding) bool {
	if g.Medium == ByRoundup && f.Severity == policies.Critical {
		return false // it gets a message, whatever the flood
	}
	return len(g.Items) < maxGroup && (f.State != state.Pending || g.Count(state.Pending) > 0)
}

// with adds the finding: a new list, which nobody has answered.
func (g Group) with(f finding.Finding, now time.Time) Group {
	g.Items = append(slices.Clip(g.Items), Item{
		Finding: f.ID, Digest: f.Plan.Digest, Resource: f.Resource, Severity: f.Severity, State: f.State,
	})
	g.Revision++
	g.Changes++
	switch n := len(g.Items); {
	case len(g.Answers) > 0:
		g.Answers = nil
		g = g.WithLine(now, state.Pending, "", "one more finding of the same cause: answers to the shorter list no longer count")
	case n == 2:
		// The message was the first finding's own, and its thread told of that.
		g.Surfaces = slices.Clone(g.Surfaces)
		for i := range g.Surfaces {
			g.Surfaces[i].Rendered, g.Surfaces[i].Told = 0, 0
		}
		g = g.WithLine(now, f.State, "", "a second finding of the same cause: this message is about both, and more of its kind join it")
	}
	return g
}

// Admits says why the answer cannot be one on the group as it stands, whoever
// gives it; nil if it can.
func (g Group) Admits(a finding.Answer) error {
	digest := g.Digest()
	var again error // delivered again, or the same person's once more
	if g.Agreed != nil {
		again = a.RepeatedIn(g.Agreed.Answers)
	}
	switch {
	case a.Choice != finding.ChooseRevert && a.Choice != finding.ChooseKeep:
		return finding.Refuse("a group takes %q or %q, not %q", finding.ChooseRevert, finding.ChooseKeep, a.Choice)
	case a.Revision != g.Revision || len(a.Digest) < 8 || !strings.HasPrefix(digest, a.Digest):
		return finding.RefuseAs(finding.ClassStale, "findings were added since this card was made, which shows %d now, or others made their changes too; answer on the current one", len(g.Items))
	case again != nil:
		return again
	case g.Agreed != nil:
		return finding.RefuseAs(finding.ClassDecided, "%s was decided, and is being carried out", g.Agreed.Choice)
	}
	return nil
}
