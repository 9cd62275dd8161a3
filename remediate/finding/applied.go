package finding

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// MaxAttempts is how often an effect that may pass is tried before the finding
// fails: with the growing pauses between them, about an hour.
const MaxAttempts = 8

// pauseLook is how often a plan that waits for a pause to end is looked at
// again, beside the moment at which somebody resumes.
const pauseLook = 5 * time.Minute

// Claimed is the finding while one process carries its plan out; done is what it
// is about to have written, with what was written before.
func (f Finding) Claimed(now time.Time, done []judge.Step) Finding {
	f.Done, f.Paused = done, false
	return f.to(state.Applying, state.ByEffect, now, "", "applying the plan "+f.Plan.Digest[:min(8, len(f.Plan.Digest))])
}

// Stopped has an approved plan wait for the pause to end, which is said in a
// sentence, and ends by itself then. People are told once.
func (f Finding) Stopped(pause string, until, now time.Time) Finding {
	if why := "waits, as " + pause; !f.Paused || f.Why != why {
		f = f.stays(now, "", why, Notify)
	}
	f.Paused = true
	f.DueAt = now.Add(pauseLook)
	if until.Before(f.DueAt) {
		f.DueAt = until
	}
	return f
}

// PutOff has an approved plan wait for what could not be found out. People are
// told once.
func (f Finding) PutOff(why string, now time.Time) Finding {
	if why = "waits: " + why; f.Why != why {
		f = f.stays(now, "", why, Notify)
	}
	return f.retried(now)
}

// Overdue is an approved plan that was not begun in time: a question, if it was
// none before. Otherwise it ends, and a scan finds it anew.
func (f Finding) Overdue(now time.Time, expiresIn time.Duration) Finding {
	if f.Automatic && !f.WasAsked() {
		return f.askedAfterAll(now, expiresIn)
	}
	f.Paused = false
	return f.to(state.Expired, state.ByEffect, now, "", "approved, and not carried out by "+f.ExecuteBy.UTC().Format(time.RFC3339)+": it takes a new approval", Notify)
}

// askedAfterAll turns an automatic revert that a pause or an outage held up for
// too long into a question. All that gathered meanwhile would else be reverted at
// once when it ends, hours after anybody thought of it.
func (f Finding) askedAfterAll(now time.Time, expiresIn time.Duration) Finding {
	why := "held up: "
	if f.Paused {
		why = "paused: "
	}
	why += fmt.Sprintf("by then the change was %s old, too old to be reverted without being asked", judge.Span(now.Sub(f.Change.Time)))
	f.Paused, f.Automatic, f.Guarded, f.Decision = false, false, true, judge.Ask
	f.Reasons = append(slices.Clip(f.Reasons), why)
	f.ExecuteBy = time.Time{} // it was approved by nobody now
	return f.openFor(now, expiresIn).to(state.Pending, state.ByEffect, now, "", why, Notify)
}

// Disapproved ends a finding whose approval no longer holds. It does not go back
// to pending, which it leaves once.
func (f Finding) Disapproved(now time.Time, why string) Finding {
	return f.to(state.Superseded, state.ByEffect, now, "", "not applied: the approval no longer holds, "+why+"; what is still so is asked anew", Notify)
}

// Reverted ends a finding whose plan was carried out and seen to hold; of an undo
// it is undone. The note says what else is to be known.
func (f Finding) Reverted(now time.Time, note string) Finding {
	if f.UndoOf != "" {
		return f.to(state.Undone, state.ByEffect, now, "", judge.UndoneWhy(f.Plan)+note, Notify)
	}
	return f.to(state.Reverted, state.ByEffect, now, "", judge.RevertedWhy(f.Plan)+note, Notify)
}

// NotApplied ends a finding whose plan was not carried out, or not to its end:
// Superseded, Blocked or Failed.
func (f Finding) NotApplied(s state.State, now time.Time, why string) Finding {
	return f.to(s, state.ByEffect, now, "", why, Notify)
}

// Unverified is a finding whose plan was written and does not show yet. It is
// looked at again, and not written again.
func (f Finding) Unverified(now time.Time, err error) Finding {
	return f.to(state.Uncertain, state.ByEffect, now, "", err.Error(), Apply, Notify).Later(now, err)
}

// TriedAgain leaves the plan to be carried out later, after an error that may pass.
func (f Finding) TriedAgain(now time.Time, err error) Finding {
	f.Why = "will be tried again: " + err.Error()
	f = f.Later(now, err)
	if _, limited := fault.NextTurn(err); f.Outlasts(now, err) && !limited {
		f.DueAt = earlier(f.DueAt, now.Add(outageLook))
	}
	return f
}

// outageLook is how far apart tries are at most of what a neighbour keeps that is out of
// order: when it is back, what is public must not stay so for long.
const outageLook = 45 * time.Second

// Outlasts reports whether the plan is tried for longer than MaxAttempts: what may pass
// ends no approval, for as long as it holds.
func (f Finding) Outlasts(now time.Time, err error) bool {
	return errors.Is(err, fault.ErrPassing) && now.Before(f.ExecuteBy)
}

// Lapsed reports whether the finding ended because its approval did.
func (f Finding) Lapsed() bool { return f.State == state.Expired && !f.ExecuteBy.IsZero() }
