package group

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

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
		if g.Overtaken(f) { // it shows somebody whom those who answered it did not see
			g.Revision++
			g.Answers = nil
		}
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
			g = g.WithLine(now, s, "", Few(names))
		}
	}
	return g
}

// isCurrentFor reports whether the finding reads as it was last shown. Its revision
// does not tell: a notice that waits for its turn makes one, too.
func (i Item) isCurrentFor(f finding.Finding) bool {
	return i.Seen > 0 && i.State == f.State && i.Told >= len(f.Timeline) && i.Undone == (f.UndoneBy != "")
}

// Overtaken reports whether somebody made the finding's change too since the message
// was drawn with it.
func (g Group) Overtaken(f finding.Finding) bool {
	i := g.index(f.ID)
	return i >= 0 && g.Items[i].Seen > 0 && g.Items[i].Seen < f.ActorsAt
}

// isCurrentFor reports whether the message shows the finding as it is.
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

// WithLine adds a line to what the thread tells.
func (g Group) WithLine(now time.Time, s state.State, who, what string) Group {
	g.Timeline = append(slices.Clip(g.Timeline), trail.Event{At: now, State: s, Who: who, What: what})
	return g
}

// Few names a few, and counts the rest.
func Few(names []string) string {
	more := ""
	if n := len(names) - maxNamed; n > 0 {
		names, more = names[:maxNamed], fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(names, ", ") + more
}
