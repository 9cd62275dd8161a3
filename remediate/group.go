package remediate

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// One `terraform apply` can make forty findings. Forty messages would hide each
// other, so those of one cause share one, with buttons for all of them.

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

// Cause is what the findings of a group have in common.
type Cause struct {
	Channel string `json:"channel"` // where all of them belong
	Actor   string `json:"actor,omitempty"`
	Policy  string `json:"policy,omitempty"`
	Project string `json:"project,omitempty"` // or the path of the folder or organization
	// Limit is set in place of the three above where a limit is the cause.
	Limit string `json:"limit,omitempty"`
}

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

// causeOf is what the finding shares with others that belong in the channel.
func causeOf(f finding.Finding, channel string) Cause {
	if f.Limit != "" {
		return Cause{Channel: channel, Limit: f.Limit}
	}
	c := Cause{Channel: channel, Policy: f.Policy, Project: cmp.Or(f.Resource.Project, f.Resource.Path()), Actor: f.Change.Actor.Principal}
	if len(f.Actors) > 0 {
		c.Actor = f.Actors[0].Principal
	}
	return c
}

func (c Cause) window() time.Duration {
	if c.Limit != "" {
		return limitWindow
	}
	return groupWindow
}

// group is the ID of the n-th group of the cause in the window that begins
// there: everybody comes to the same without a look-up.
func (c Cause) group(start time.Time, n int) string {
	sum := sha256.Sum256([]byte(strings.Join([]string{
		"group", c.Channel, c.Actor, c.Policy, c.Project, c.Limit, start.UTC().Format(time.RFC3339), strconv.Itoa(n),
	}, "\x00")))
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:16]))
}

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
		g = g.withLine(now, state.Pending, "", "one more finding of the same cause: answers to the shorter list no longer count")
	case n == 2:
		// The message was the first finding's own, and its thread told of that.
		g.Surfaces = slices.Clone(g.Surfaces)
		for i := range g.Surfaces {
			g.Surfaces[i].Rendered, g.Surfaces[i].Told = 0, 0
		}
		g = g.withLine(now, f.State, "", "a second finding of the same cause: this message is about both, and more of its kind join it")
	}
	return g
}

// matches adds a line to what the thread tells.
func (g Group) withLine(now time.Time, s state.State, who, what string) Group {
	g.Timeline = append(slices.Clip(g.Timeline), trail.Event{At: now, State: s, Who: who, What: what})
	return g
}

// maxNamed bounds how many findings a line of the thread names.
const maxNamed = 5

// refreshed takes over the newest states of findings, before they are drawn.
func (g Group) refreshed(fs []finding.Finding, now time.Time) Group {
	g.Items = slices.Clone(g.Items)
	moved := map[state.State][]string{}
	for _, f := range fs {
		i := g.index(f.ID)
		if i < 0 || g.Items[i].Seen >= f.Revision || g.Items[i].isCurrentFor(f) {
			continue
		}
		it := &g.Items[i]
		if it.State != f.State {
			moved[f.State] = append(moved[f.State], it.Resource.Name)
		}
		it.State, it.Seen, it.Told, it.Undone = f.State, f.Revision, len(f.Timeline), f.UndoneBy != ""
		g.Changes++
	}
	if len(g.Items) < 2 {
		return g // its thread is the finding's own
	}
	for _, s := range state.All() {
		if names := moved[s]; len(names) > 0 {
			g = g.withLine(now, s, "", some(names))
		}
	}
	return g
}

// isCurrentFor reports whether the finding reads as it was last shown. Its revision
// does not tell: a notice that waits for its turn makes one, too.
func (i Item) isCurrentFor(f finding.Finding) bool {
	return i.Seen > 0 && i.State == f.State && i.Told >= len(f.Timeline) && i.Undone == (f.UndoneBy != "")
}

func some(names []string) string {
	more := ""
	if n := len(names) - maxNamed; n > 0 {
		names, more = names[:maxNamed], fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(names, ", ") + more
}

// drawn is the transition of having been shown, or not, as it was at that
// count of changes.
func (g Group) drawn(surfaces []finding.Surface, at int64, failed error) Group {
	g.Surfaces, g.DrawnBy = surfaces, time.Time{}
	if failed == nil {
		g.Drawn = max(g.Drawn, at)
	}
	return g
}

// hasPlan reports whether the message shows the finding as it is.
func (g Group) isCurrentFor(f finding.Finding) bool {
	i := g.index(f.ID)
	return i >= 0 && g.Items[i].isCurrentFor(f) && g.Drawn == g.Changes && len(g.Surfaces) > 0
}

// surfacesOf is where the finding is shown: in the message of its group.
func (g Group) surfacesOf(f finding.Finding) []finding.Surface {
	out := slices.Clone(g.Surfaces)
	i := g.index(f.ID)
	if len(g.Items) < 2 || i < 0 {
		return out
	}
	for j := range out {
		out[j].Rendered, out[j].Told = g.Items[i].Seen, g.Items[i].Told
	}
	return out
}
