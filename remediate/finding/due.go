package finding

import (
	"errors"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/lease"
	"github.com/rescind-dev/rescind/remediate/state"
)

// Lease is how long one process has for a finding's plan before the sweep takes it over.
// Whoever carries it out renews it, so that a slow operation of Cloud Run is not started
// twice, and one whose process died is gone on with soon.
const Lease = lease.For

// outageFor is for how long an outage keeps a finding from its end: as long as an approval
// holds.
const outageFor = 25 * time.Hour

// laterLook is how far apart looks at what a later release wrote are at most.
const laterLook = 5 * time.Minute

// NotifyLease is how long one process has to bring what people see up to date.
const NotifyLease = 30 * time.Second

// showsWithin is how long live state is given to show a change before the change
// counts as superseded: a first half may be logged before its effect is there.
const showsWithin = 30 * time.Second

// scheduled sets when the sweep must look again, if nobody does before.
func (f Finding) scheduled(now time.Time) Finding {
	switch {
	case f.Owes(Apply):
		f = f.atOnce(Apply)
		f.DueAt = now.Add(Lease)
	case slices.ContainsFunc(f.Outbox, func(e Effect) bool { return e != Publish || f.State != state.Waiting }):
		f.DueAt = f.nextTry(now)
	case f.State == state.Pending:
		f.DueAt = f.deadline()
	case f.State == state.Waiting:
		f.DueAt = now.Add(showsWithin)
	case f.State == state.Exempted && f.Exemption != nil && now.Before(f.Exemption.Until):
		f.DueAt = f.Exemption.Until
	default:
		f.DueAt = time.Time{}
	}
	return f.notAfterExpiry()
}

// retried leaves the outbox as it is and has the sweep come again, later each
// time, at most hourly.
func (f Finding) retried(now time.Time) Finding {
	if f.State == state.Waiting { // a notice that fails puts off no grace period, and is no attempt to read live state
		f.DueAt, f.UpdatedAt = now.Add(showsWithin), now
		return f
	}
	f = f.atOnce(Apply)
	f.Attempts++
	f.DueAt = now.Add(backoff(f.Attempts))
	f.UpdatedAt = now
	return f.dueForRetries()
}

func backoff(attempts int) time.Duration {
	return min(time.Hour, 15*time.Second<<min(attempts, 8))
}

// Later has the sweep come again after err: for what a rate held back when its
// turn comes, and without counting an attempt, because a hundred findings in
// line must not fail for having waited; for anything else later each time.
func (f Finding) Later(now time.Time, err error) Finding {
	after, ok := fault.NextTurn(err)
	if !ok || len(f.Timeline) > maxEvents {
		return f.retried(now)
	}
	f = f.atOnce(Apply)
	f.DueAt, f.UpdatedAt = now.Add(after), now
	return f.dueForRetries()
}

// Postponed is a finding that is due and whose live state could not be read: it is
// looked at again, later each time, and fails in the end. What a later release wrote
// ends nothing: it is read again until that release, or its record, is gone.
func (f Finding) Postponed(now time.Time, err error) Finding {
	if _, limited := fault.NextTurn(err); limited {
		return f.Later(now, err)
	}
	since := f.CreatedAt
	if f.State == state.Pending {
		since = f.ExpiresAt
	}
	if errors.Is(err, fault.ErrLater) {
		// Soon enough for the later release, which works on it too.
		f.DueAt, f.UpdatedAt = now.Add(min(max(now.Sub(since), backoff(0)), laterLook)), now
		return f
	}
	if late := now.Sub(since); errors.Is(err, fault.ErrPassing) && late < outageFor {
		f.DueAt, f.UpdatedAt = now.Add(min(max(late, backoff(0)), outageLook)), now
		return f
	}
	switch late := now.Sub(f.ExpiresAt); {
	case f.State == state.Pending && late < GiveUpAfter:
		// Its attempts are those to tell people, and say nothing of live state.
		f.DueAt, f.UpdatedAt = now.Add(max(late, backoff(0))), now
		return f
	case f.State != state.Pending && (f.Attempts < MaxAttempts || f.State.Ended()):
		f.Attempts++
		f.DueAt, f.UpdatedAt = now.Add(backoff(f.Attempts)), now
		return f
	}
	return f.Unreadable(now, err)
}

// Renewed is a finding whose plan one process goes on carrying out. What people see of it
// is as current as before.
func (f Finding) Renewed(now time.Time) Finding {
	f = f.keptShown(f.Revision).atOnce(Apply)
	f.DueAt = now.Add(Lease)
	return f
}

// PlansFirst has plans that are to be carried out come before all else that is due: a Slack
// that hangs holds up no revert.
func PlansFirst(a, b Finding) int {
	switch plan := a.Owes(Apply); {
	case plan == b.Owes(Apply):
		return 0
	case plan:
		return -1
	}
	return 1
}

// ExemptionOver is an exempted finding whose exemption has ended: nothing is due.
func (f Finding) ExemptionOver(now time.Time) Finding { return f.scheduled(now) }

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}

// How far apart tries of an effect are at most. What a neighbour that is back was owed is
// there within a minute; what takes somebody's help is not asked for as often.
const (
	noticeWithin = 30 * time.Second
	pageWithin   = time.Minute
	// noticeRetry is that of a notice that no second try will change.
	noticeRetry = 5 * time.Minute
)

// failedAt has the effect tried again: at its turn where a rate held it back, which is no
// failure, and else later each time.
func (f Finding) failedAt(e Effect, now time.Time, err error) Finding {
	r := f.retryOf(e)
	if after, limited := fault.NextTurn(err); limited {
		r.At = now.Add(after)
	} else {
		r.Tries++
		r.At = now.Add(min(backoff(r.Tries), longest(e, err)))
	}
	return f.withRetry(r)
}

func longest(e Effect, err error) time.Duration {
	switch {
	case errors.Is(err, fault.ErrBroken):
		return noticeRetry
	case e == Notify:
		return noticeWithin
	}
	return pageWithin
}

// TriedLater is a finding one of whose effects failed, but for carrying out its plan: that
// is due again by itself, and nothing else is put off by it.
func (f Finding) TriedLater(e Effect, now time.Time, err error) Finding {
	f = f.failedAt(e, now, err)
	f.UpdatedAt = now
	if f.Owes(Apply) {
		return f.dueForRetries()
	}
	return f.scheduled(now)
}

// dueForRetries has the sweep come for what is tried again before the finding is due; the
// plan keeps its time.
func (f Finding) dueForRetries() Finding {
	for _, r := range f.Retries {
		if r.Effect == Apply || !f.Owes(r.Effect) || !f.DueAt.IsZero() && !r.At.Before(f.DueAt) {
			continue
		}
		if f.Owes(Apply) && f.retryOf(Apply).At.IsZero() {
			f = f.withRetry(Retry{Effect: Apply, At: f.DueAt})
		}
		f.DueAt = r.At
	}
	return f.notAfterExpiry()
}

// dueForPlan has the sweep come when the plan is due again, and for what is tried before.
func (f Finding) dueForPlan() Finding {
	if plan := f.retryOf(Apply).At; !plan.IsZero() {
		f = f.atOnce(Apply)
		f.DueAt = plan
	}
	return f.dueForRetries()
}

// nextTry is when the first of what is owed is tried, or somebody's lease for it ends.
func (f Finding) nextTry(now time.Time) time.Time {
	if f.State == state.Waiting { // the time for what it waits for is not put off
		return now.Add(NotifyLease)
	}
	var next time.Time
	for _, e := range f.Outbox {
		at := f.retryOf(e).At
		if !at.After(now) {
			at = now.Add(NotifyLease)
		}
		next = earlier(next, at)
	}
	return next
}
