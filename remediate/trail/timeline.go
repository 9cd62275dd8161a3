package trail

import (
	"fmt"
	"slices"

	"github.com/rescind-dev/rescind/remediate/state"
)

// Timeline is the audit trail of one finding. Every event has a number and the
// hash of itself and of the hash before it, so that none can be changed, taken out
// or put in between without every later hash being wrong. It is stored in the same
// write as the change of state it tells of, and so before any effect of it. The
// finding's id is part of every hash.
type Timeline []Event

// With adds an event. What rescind says again word for word, such as that it
// tries once more, is no news and is left out.
func (t Timeline) With(id string, e Event) Timeline {
	e = e.fitted()
	if n := len(t); n > 0 && e.repeats(t[n-1]) {
		return t
	}
	return t.and(id, e)
}

// WithNews adds an event also where it says what the last one said: the record says
// more than that one sealed.
func (t Timeline) WithNews(id string, e Event) Timeline { return t.and(id, e.fitted()) }

func (t Timeline) and(id string, e Event) Timeline {
	e.At = e.At.UTC().Round(0) // as it reads back
	e.N = len(t) + 1
	e.Hash = e.link(id, t.last(id))
	return append(slices.Clip(t), e)
}

// last is the hash that the next event continues.
func (t Timeline) last(id string) string {
	prev := ""
	for _, e := range t {
		prev = e.linked(id, prev)
	}
	return prev
}

// Head is the hash of the last event, which stands for the whole trail; it is
// empty for a trail from before there were hashes.
func (t Timeline) Head() string {
	if len(t) == 0 {
		return ""
	}
	return t[len(t)-1].Hash
}

// Verify returns nil if every event of the finding with that id is as it was
// written, no event found the record changed without one, and the last one left the
// finding in that state; otherwise an error that names the first event that does not
// fit. Events from before there were
// hashes have neither number nor hash; they can only be first, and have not been
// changed since the first event that has one.
func (t Timeline) Verify(id string, is state.State) error {
	prev, chained := "", false
	for i, e := range t {
		switch {
		case e.Hash == "" && e.N == 0 && !chained:
		case e.Hash == "":
			return fmt.Errorf("the trail of finding %s breaks at event %d: it has no hash", id, i+1)
		case e.N != i+1:
			return fmt.Errorf("the trail of finding %s breaks at event %d: its number is %d", id, i+1, e.N)
		case !e.fits(id, prev):
			return fmt.Errorf("the trail of finding %s breaks at event %d: its hash does not fit what it says and what is before it", id, i+1)
		case e.found() != "":
			return fmt.Errorf("the trail of finding %s breaks before event %d: the record had been changed without an event", id, i+1)
		default:
			chained = true
		}
		prev = e.linked(id, prev)
	}
	if chained && is != t[len(t)-1].State {
		return fmt.Errorf("finding %s is %s, and its trail ends with %s", id, is, t[len(t)-1].State)
	}
	return nil
}

// Extends returns an error unless the trail is the old one with more at its end,
// or with nothing more.
func (t Timeline) Extends(id string, old Timeline) error {
	if len(t) < len(old) {
		return fmt.Errorf("the trail of finding %s has %d events, stored are %d: events are never taken out", id, len(t), len(old))
	}
	for i, was := range old {
		is := t[i]
		is.At, was.At = is.At.UTC().Round(0), was.At.UTC().Round(0)
		if is != was {
			return fmt.Errorf("event %d of finding %s is not the one that is stored: events are never changed", i+1, id)
		}
	}
	return nil
}
