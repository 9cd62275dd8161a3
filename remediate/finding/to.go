package finding

import (
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// executeWithin is how long an approval holds: longer than the longest pause,
// through which it waits.
const executeWithin = MaxPause + time.Hour

// to moves the finding to a state and adds the effects to its outbox. A move for
// which the states have no arrow is refused: the finding stays as it is, but for
// its Misstep, with which no store takes it.
func (f Finding) to(s state.State, by state.Cause, now time.Time, who, what string, effects ...Effect) Finding {
	if !state.Leads(f.State, s, by) {
		return f.misstepped(s, by)
	}
	if !(s.Working() && f.State.Working()) {
		f.Attempts = 0
	}
	if s == state.Approved {
		f.ExecuteBy = now.Add(executeWithin)
	}
	if s.Ended() {
		f.EndedAt = now
	} else {
		f.EndedAt = time.Time{} // a reported finding can be reverted after all
	}
	f.State = s
	if f = f.withEvent(now, who, what, effects...); s.Ended() {
		f = f.resolving()
	}
	return f.scheduled(now)
}

// beginning is a new record in a state. What is done with it at once is the first
// event of its timeline.
func (f Finding) beginning(s state.State, by state.Cause) Finding {
	if !state.Leads(state.None, s, by) {
		return f.misstepped(s, by)
	}
	f.State = s
	return f
}

// stays tells of something that leaves the finding in its state.
func (f Finding) stays(now time.Time, who, what string, effects ...Effect) Finding {
	f = f.withEvent(now, who, what, effects...)
	if f.State.Ended() && f.EndedAt.IsZero() { // what is told of it later does not make it end later
		f.EndedAt = now
		f = f.resolving()
	}
	return f.scheduled(now)
}

// withEvent adds an event to the timeline, with what it owes.
func (f Finding) withEvent(now time.Time, who, what string, effects ...Effect) Finding {
	f.Why, f.UpdatedAt = what, now
	f = f.told(trail.Event{
		At: now, State: f.State, Who: who, Via: f.answeredVia(who, now), What: what, Plan: f.Plan.Digest,
	})
	if f.State != state.Approved && !f.State.Working() {
		f = f.paid(Apply)
	}
	return f.owing(append(effects, Publish)...).atOnce(effects...)
}

// told adds an event. What rescind says again word for word is left out, if all that
// decides is as the last event sealed it: no such part changes without an event.
func (f Finding) told(e trail.Event) Finding {
	with := f.Timeline.With(f.ID, e)
	if len(with) == len(f.Timeline) && f.verifySeal() != nil {
		with = f.Timeline.WithNews(f.ID, e)
	}
	f.Timeline = with
	return f
}

// misstepped refuses a move that has no arrow.
func (f Finding) misstepped(s state.State, by state.Cause) Finding {
	f.Misstep = fmt.Sprintf("no %s leads from %q to %q", by, f.State, s)
	return f
}

// MaxPause is how long a pause lasts at most. A switch that somebody forgot
// would otherwise keep every later revert from happening.
const MaxPause = 24 * time.Hour
