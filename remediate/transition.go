package remediate

import (
	"fmt"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// Transitions are pure: a finding and what happened in, the finding after and
// the effects it owes out. They are stored by compare-and-set together with
// those effects, so a crash between deciding and doing loses nothing.

// lease is how long one process has for a finding's effects before the sweep
// takes them over. It is longer than the longest wait for a Cloud Run
// operation, so that a slow one is not started twice.
const lease = 5 * time.Minute

// showsWithin is how long live state is given to show a change before the change
// counts as superseded: a first half may be logged before its effect is there.
const showsWithin = 30 * time.Second

// notifyLease is how long one process has to bring what people see up to date.
const notifyLease = 30 * time.Second

// executeWithin is how long an approval holds: longer than the longest pause,
// through which it waits.
const executeWithin = maxPause + time.Hour

// opened returns the finding a judgement begins as, not yet in any state.
func opened(id string, g judge.Judgement, c cloud.Change, now time.Time) Finding {
	return Finding{
		ID: id, Policy: g.Policy, Title: g.Title, Severity: g.Severity, Verdict: g.Verdict, Message: g.Message,
		Enforcement: g.Enforcement, EnforcedBy: g.EnforcedBy, Decision: g.Decision, Reasons: g.Reasons,
		Guarded: g.Guarded, StepUp: g.StepUp, Resource: c.Resource, Change: c, Actors: []cloud.Actor{c.Actor}, Plan: g.Plan, CreatedAt: now,
	}
}

// rejudged takes over what a later reading of the same change came to, and
// keeps what people saw and did so far.
func (f Finding) rejudged(next Finding) Finding {
	next.ID, next.Revision, next.CreatedAt = f.ID, f.Revision, f.CreatedAt
	next.Actors, next.Joined, next.Answers, next.Surfaces = f.Actors, f.Joined, f.Answers, f.Surfaces
	next.Group, next.PagedAt = f.Group, f.PagedAt
	news := next.Timeline
	next.Timeline, next.Published = f.Timeline, f.Published
	next.UndeliveredSince, next.Undelivered, next.FellBack = f.UndeliveredSince, f.Undelivered, f.FellBack
	for _, e := range news {
		next.Timeline = next.Timeline.With(next.ID, e)
	}
	next = next.owing(f.Outbox...)
	if next.State.Ended() {
		next = next.resolving()
	}
	return next
}

// owing adds effects to the outbox, each once.
func (f Finding) owing(effects ...Effect) Finding {
	f.Outbox = slices.Clip(f.Outbox)
	for _, e := range effects {
		if !f.Owes(e) {
			f.Outbox = append(f.Outbox, e)
		}
	}
	return f
}

// resolving owes on-call that a finding has ended that they were paged about.
func (f Finding) resolving() Finding {
	if f.PagedAt.IsZero() {
		return f
	}
	return f.owing(Resolve)
}

// superseded ends a finding that something else settled. Nobody is told who
// was not told of it before; a group's message may have shown it already when
// only the record of the group says so.
func (f Finding) superseded(now time.Time, why string) Finding {
	if len(f.Surfaces) == 0 && f.Group == "" {
		f = f.paid(Notify)
		return f.to(state.Superseded, now, "", why)
	}
	return f.to(state.Superseded, now, "", why, Notify)
}

// decided puts an undecided finding into the state its decision asks for.
func (f Finding) decided(now time.Time, expiresIn time.Duration) Finding {
	switch {
	case f.Verdict == policies.Exempt:
		return f.to(state.Exempted, now, "", "exempt, so nothing was done")
	case f.Decision == judge.Revert:
		f.Automatic = true
		return f.to(state.Approved, now, "", "to be reverted: the policy says so and no guardrail objects", Apply, Notify)
	case f.Decision == judge.Ask:
		f.ExpiresAt = now.Add(expiresIn)
		return f.to(state.Pending, now, "", "asked; expires at "+f.ExpiresAt.UTC().Format(time.RFC3339), Notify)
	}
	return f.to(state.Reported, now, "", "reported; nothing else will be done", Notify)
}

// to moves the finding to a state and adds the effects to its outbox.
func (f Finding) to(s state.State, now time.Time, who, what string, effects ...Effect) Finding {
	if s != f.State && !(s.Working() && f.State.Working()) {
		f.Attempts = 0
	}
	if s == state.Approved && f.State != state.Approved {
		f.ExecuteBy = now.Add(executeWithin)
	}
	news := s != f.State
	f.State, f.Why, f.UpdatedAt = s, what, now
	f.Timeline = f.Timeline.With(f.ID, trail.Event{At: now, State: s, Who: who, Via: f.answeredVia(who, now), What: what, Plan: f.Plan.Digest})
	if s != state.Approved && s != state.Applying && s != state.Uncertain {
		f = f.paid(Apply)
	}
	f = f.owing(append(effects, Publish)...)
	switch {
	case !s.Ended():
		f.EndedAt = time.Time{} // a reported finding can be reverted after all
	case news || f.EndedAt.IsZero(): // what is told of it later does not make it end later
		f.EndedAt = now
		f = f.resolving()
	}
	return f.scheduled(now)
}

// scheduled sets when the sweep must look again, if nobody does before.
func (f Finding) scheduled(now time.Time) Finding {
	switch {
	case f.Owes(Apply):
		f.DueAt = now.Add(lease)
	case slices.ContainsFunc(f.Outbox, func(e Effect) bool { return e != Publish || f.State != state.Waiting }):
		f.DueAt = now.Add(notifyLease)
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

// notAfterExpiry keeps a notice that fails from putting off the expiry. An
// answer that is being carried came in time, and the expiry waits for it.
func (f Finding) notAfterExpiry() Finding {
	if f.State == state.Pending && !f.Owes(Carry) && f.DueAt.After(f.deadline()) {
		f.DueAt = f.deadline()
	}
	return f
}

// paid takes an effect out of the outbox.
func (f Finding) paid(e Effect) Finding {
	f.Outbox = slices.DeleteFunc(slices.Clone(f.Outbox), func(o Effect) bool { return o == e })
	return f
}

// retried leaves the outbox as it is and has the sweep come again, later each
// time, at most hourly.
func (f Finding) retried(now time.Time) Finding {
	if f.State == state.Waiting { // a notice that fails puts off no grace period, and is no attempt to read live state
		f.DueAt, f.UpdatedAt = now.Add(showsWithin), now
		return f
	}
	f.Attempts++
	f.DueAt = now.Add(backoff(f.Attempts))
	f.UpdatedAt = now
	return f.notAfterExpiry()
}

func backoff(attempts int) time.Duration {
	return min(time.Hour, 15*time.Second<<min(attempts, 8))
}

// maxJoined bounds how many changes a finding tells of: a pipeline that writes
// the same every minute must not make a record that no store takes. Further
// actors are still recorded.
const maxJoined = 100

// joined adds another change with the same plan to an open finding: same card,
// same buttons, one more actor who may not keep it.
func (f Finding) joined(c cloud.Change, now time.Time) Finding {
	f = f.withActor(c.Actor)
	if len(f.Joined) >= maxJoined {
		return f
	}
	f.Joined = append(slices.Clip(f.Joined), c.ID)
	return f.to(f.State, now, "", fmt.Sprintf("the same change again, by %s (%s)", trail.Fit(c.Actor.Principal, trail.MaxName), trail.Fit(c.Method, trail.MaxName)), Notify)
}

// withActor adds an actor.
func (f Finding) withActor(a cloud.Actor) Finding {
	if a = f.bounded(a); !f.hasActor(a) {
		f.Actors = append(slices.Clip(f.Actors), a)
	}
	return f
}

// attributed adds the actor that another half of a change names, and reports
// whether that was news. A name takes the place of nobody.
func (f Finding) attributed(c cloud.Change, now time.Time) (Finding, bool) {
	if c.Actor.Principal == cloud.UnknownActor || f.hasActor(f.bounded(c.Actor)) {
		return f, false
	}
	if f.Change.ID == c.ID && f.Change.Actor.Principal == cloud.UnknownActor {
		f.Change.Actor = c.Actor
		f.Actors = slices.DeleteFunc(slices.Clone(f.Actors), func(o cloud.Actor) bool { return o.Principal == cloud.UnknownActor })
	}
	return f.withActor(c.Actor).to(f.State, now, "", "made by "+trail.Fit(c.Actor.Principal, trail.MaxName)+", as the other half of the operation says", Notify), true
}

func (f Finding) hasActor(a cloud.Actor) bool {
	return slices.ContainsFunc(f.Actors, func(o cloud.Actor) bool { return sameActor(a, o) })
}

func sameActor(a, b cloud.Actor) bool {
	return a.Principal == b.Principal && slices.Equal(a.Delegation, b.Delegation)
}
