package finding

import (
	"errors"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/state"
)

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
	case f.Owes(Apply):
		return f
	case failed != nil:
		return f.keptShown(shown.Revision).Later(now, failed)
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
	f = f.owing(Notify)
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

// Released is a finding that gets a message of its own after
// all.
func (f Finding) Released(at time.Time) Finding {
	f.InRoundup = ""
	f = f.owing(Notify)
	f.DueAt = at
	return f.notAfterExpiry()
}

// Exported is the finding once all its events were taken out.
func (f Finding) Exported() Finding {
	f.Published = len(f.Timeline)
	return f.paid(Publish)
}

// ExportTried is a finding whose events were taken out, or were
// not: then the sweep comes again later each time. What else it comes for keeps
// its time, and its count of attempts.
func (f Finding) ExportTried(now time.Time) Finding {
	switch {
	case f.State == state.Waiting, f.Owes(Apply):
		return f
	case f.Owes(Publish):
		age := now.Sub(f.Timeline[len(f.Timeline)-1].At)
		f.DueAt = now.Add(min(max(age, backoff(0)), time.Hour))
		return f.notAfterExpiry()
	}
	return f.scheduled(now)
}

// maxSurfaces bounds the messages that one finding keeps up to date.
const maxSurfaces = 20

// UndoneAs is a finding that another one undid, shown anew: its card would go on
// offering the undo. How it ended stays as it is.
func (f Finding) UndoneAs(id string, now time.Time) Finding {
	f.UndoneBy, f.DueAt = id, now
	return f.owing(Notify)
}

// Carried is a finding that owed to carry a group's answer and has. The message
// has news, whatever became of this one.
func (f Finding) Carried(now time.Time) Finding {
	f = f.paid(Carry).owing(Notify)
	if f.Owes(Apply) {
		return f
	}
	return f.scheduled(now)
}

// noticeRetry is how far apart tries to tell people are at most. When Slack is
// back, cards must not stay wrong for the hour that other things may wait.
const noticeRetry = 5 * time.Minute

// Delivered is a finding that people were told of.
func (f Finding) Delivered() Finding {
	f.UndeliveredSince, f.Undelivered, f.FellBack = time.Time{}, false, false
	return f
}

// NotDelivered is a finding that people were not told of. One that they could not
// be told of for so long (0: never), or will not be without someone's help, is
// marked once, which is for the decision feed to see, and pages on-call if it is a
// question. Nothing else about the finding changes: it is Slack that is down.
func (f Finding) NotDelivered(now time.Time, tooLong time.Duration, pagers []string, failed error) Finding {
	var b *fault.BusyError
	if errors.As(failed, &b) && !b.Theirs { // in line for its turn
		return f
	}
	if f.UndeliveredSince.IsZero() {
		f.UndeliveredSince = now
	}
	limit := f.UndeliveredSince.Add(tooLong)
	due := earlier(f.DueAt, now.Add(noticeRetry))
	switch reached := tooLong > 0 && !now.Before(limit); {
	case !f.Undelivered && (reached || errors.Is(failed, fault.ErrBroken)):
		f = f.Undeliverable(now, pagers)
	case !f.Undelivered && tooLong > 0:
		due = earlier(due, limit)
	}
	if f.Owes(Apply) {
		return f
	}
	f.DueAt = due
	return f.notAfterExpiry()
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}
