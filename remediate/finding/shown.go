package finding

import (
	"slices"
	"time"

	"github.com/rescind-dev/rescind/remediate/state"
)

// Surface is one place a finding is shown, and the revision shown there.
type Surface struct {
	Kind     string `json:"kind"` // "slack"
	Channel  string `json:"channel"`
	ID       string `json:"id"` // the message's timestamp in Slack
	Rendered int64  `json:"rendered"`
	// Told is how many lines of the timeline the place has already been told of.
	Told int `json:"told,omitempty"`
}

// A Notice is where people see a finding.
type Notice struct {
	Surfaces []Surface
	// Group is the ID of the group whose message shows the finding; empty for one
	// with a message of its own.
	Group string
	// Roundup is the channel whose roundup speaks for the finding in place of a
	// message; empty for none.
	Roundup string
}

// Notified is the finding after a notice of it, as it was then shown. When another
// writer came in between and changed what people see, what was shown is old,
// whatever that writer owes; so it is shown again. A notice that fails touches
// nothing that a plan still needs.
func (f Finding) Notified(n Notice, shown Finding, failed error, now time.Time) Finding {
	current := failed == nil && f.looksLike(shown)
	if n.Group != "" {
		f.Group = n.Group
	}
	f.InRoundup = n.Roundup
	f.Surfaces = keptBeside(n.Surfaces, shown.Surfaces, f.Surfaces)
	f = f.paid(Notify)
	if !current {
		f = f.owing(Notify)
	}
	switch {
	case failed != nil && f.State != state.Waiting:
		return f.withRetry(shown.retryOf(Notify)).keptShown(shown.Revision).TriedLater(Notify, now, failed)
	case failed != nil:
		return f.keptShown(shown.Revision).Later(now, failed)
	case f.Owes(Apply):
		return f.dueForPlan()
	}
	return f.scheduled(now)
}

// looksLike reports whether there is nothing more to see of the finding than there
// was of the one shown. A revision does not tell: of two processes that come to
// show it at once, the one that finds the other at it writes a revision too, and
// both would come again for each other for ever.
func (f Finding) looksLike(shown Finding) bool {
	fresh := func(s Surface) bool { // noted, or found to show something older, meanwhile
		return !slices.ContainsFunc(shown.Surfaces, func(o Surface) bool { return s.samePlace(o) && s.Rendered >= o.Rendered })
	}
	return f.State == shown.State && len(f.Timeline) == len(shown.Timeline) && len(f.Actors) == len(shown.Actors) &&
		f.UndoneBy == shown.UndoneBy && !slices.ContainsFunc(f.Surfaces, fresh)
}

// keptShown counts the write that a failed notice makes as shown where the
// revision before it is: nothing in it is to be seen, and a card that is drawn
// anew for it would leave its thread no turn for ever.
func (f Finding) keptShown(shown int64) Finding {
	if f.Revision != shown {
		return f
	}
	f.Surfaces = slices.Clone(f.Surfaces)
	for i := range f.Surfaces {
		if f.Surfaces[i].Rendered == shown {
			f.Surfaces[i].Rendered++
		}
	}
	return f
}

// SurfaceRecorded is the finding after a message that somebody saw: it was drawn at no
// revision that counts. What is being carried out keeps its own time.
func (f Finding) SurfaceRecorded(at Surface, now time.Time, handOver bool) Finding {
	f.Surfaces = slices.Clone(f.Surfaces)
	i := slices.IndexFunc(f.Surfaces, at.samePlace)
	switch {
	case i >= 0:
		f.Surfaces[i].Rendered = 0
	case len(f.Surfaces) < maxSurfaces:
		at.Rendered, at.Told = 0, len(f.Timeline)
		f.Surfaces = append(f.Surfaces, at)
	default:
		return f
	}
	f = f.owing(Notify).atOnce(Notify)
	if f.Owes(Apply) || f.State == state.Waiting {
		return f
	}
	f = f.scheduled(now)
	if handOver {
		f.DueAt = now
	}
	return f
}

// keptBeside returns the surfaces as they were brought up to date, with those
// that were noted while that was being done.
func keptBeside(updated, before, stored []Surface) []Surface {
	out := slices.Clone(updated)
	for _, s := range stored {
		if !slices.ContainsFunc(before, s.samePlace) && !slices.ContainsFunc(out, s.samePlace) {
			out = append(out, s)
		}
	}
	return out
}

// maxSurfaces bounds the messages that one finding keeps up to date.
const maxSurfaces = 20

func (s Surface) samePlace(o Surface) bool {
	return s.Kind == o.Kind && s.Channel == o.Channel && s.ID == o.ID
}
