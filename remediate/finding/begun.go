package finding

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// maxJoined bounds how many changes a finding tells of: a pipeline that writes
// the same every minute must not make a record that no store takes. Further
// actors are still recorded.
const maxJoined = 100

// Opened is the finding a judgement begins as, not yet in any state.
func Opened(id string, g judge.Judgement, c cloud.Change, now time.Time) Finding {
	f := Finding{
		ID: id, Policy: g.Policy, Title: g.Title, Severity: g.Severity, Verdict: g.Verdict, Message: g.Message,
		Enforcement: g.Enforcement, EnforcedBy: g.EnforcedBy, Decision: g.Decision, Reasons: g.Reasons,
		Guarded: g.Guarded, StepUp: g.StepUp, Resource: c.Resource, Change: c, Actors: []cloud.Actor{c.Actor}, Plan: g.Plan, CreatedAt: now,
	}
	if g.Plan.Empty() {
		b := g.Blamed()
		f.Blamed = &b
	}
	return f
}

// Decided is the finding in the state that its decision asks for. A question
// expires after that time.
func (f Finding) Decided(now time.Time, expiresIn time.Duration) Finding {
	switch {
	case f.Verdict == policies.Exempt:
		return f.to(state.Exempted, state.ByEvent, now, "", "exempt, so nothing was done")
	case f.Decision == judge.Revert:
		f.Automatic = true
		return f.to(state.Approved, state.ByEvent, now, "", "to be reverted: the policy says so and no guardrail objects", Apply, Notify)
	case f.Decision == judge.Ask:
		f = f.openFor(now, expiresIn)
		return f.to(state.Pending, state.ByEvent, now, "", "asked; expires at "+f.ExpiresAt.UTC().Format(time.RFC3339), Notify)
	}
	return f.to(state.Reported, state.ByEvent, now, "", "reported; nothing else will be done", Notify)
}

// Deferred is the finding while it waits for what the sentence says; it is looked
// at again then, or, with the zero time, once live state has had time to show the
// change.
func (f Finding) Deferred(until, now time.Time, why string) Finding {
	f = f.to(state.Waiting, state.ByEvent, now, "", why)
	if !until.IsZero() {
		f.DueAt = until
	}
	return f
}

// Rejudged takes over what a later reading of the same change came to, and keeps
// what people saw and did so far.
func (f Finding) Rejudged(next Finding, by state.Cause) Finding {
	if !state.Leads(f.State, next.State, by) {
		return f.misstepped(next.State, by)
	}
	next.ID, next.Revision, next.CreatedAt = f.ID, f.Revision, f.CreatedAt
	next.Actors, next.Joined, next.Answers, next.Surfaces = f.makersWith(next), f.Joined, f.Answers, f.Surfaces
	next.Group, next.PagedAt = f.Group, f.PagedAt
	next.UndeliveredSince, next.Undelivered, next.FellBack = f.UndeliveredSince, f.Undelivered, f.FellBack
	news, owed := next.Timeline, f.Outbox
	next.Timeline, next.Published = f.Timeline, f.Published
	for _, e := range news {
		next = next.told(e)
	}
	if next = next.owing(owed...); next.State.Ended() {
		next = next.resolving()
	}
	return next
}

// makersWith are those who made the change, after a later reading of it. A name that
// Cloud Logging did not bear out gives way to one that it does, or to nobody.
func (f Finding) makersWith(next Finding) []cloud.Actor {
	was, is := f.Change.Actor, next.Change.Actor
	if !f.Unconfirmed || sameActor(was, is) || is.Principal == cloud.UnknownActor && !next.Unconfirmed {
		return f.Actors
	}
	others := slices.DeleteFunc(slices.Clone(f.Actors), func(o cloud.Actor) bool { return sameActor(o, was) || sameActor(o, is) })
	return append([]cloud.Actor{is}, others...)
}

// LeftAsItWas ends the ID of a change that shows what it may not have made.
const LeftAsItWas = " left as it was"

// LeftAsItWas reports whether whoever made the change may only have left as it was what the
// finding is about: they are not to answer for it.
func (f Finding) LeftAsItWas() bool { return strings.HasSuffix(f.Change.ID, LeftAsItWas) }

// JoinedBy adds another change with the same plan to an open finding: same card,
// same buttons, one more actor who may not keep it. Where the event that began it may
// be made up and names nobody, this one's name takes that place.
func (f Finding) JoinedBy(c cloud.Change, now time.Time) Finding {
	if f.Unconfirmed && f.Change.Actor.Principal == cloud.UnknownActor {
		f = f.madeBy(c.Actor)
	}
	others := len(f.Actors)
	f = f.withActor(c.Actor)
	if len(f.Joined) < maxJoined {
		f.Joined = append(slices.Clip(f.Joined), c.ID)
	} else if len(f.Actors) == others {
		return f
	}
	return f.stays(now, "", fmt.Sprintf("the same change again, by %s (%s)", trail.Fit(c.Actor.Principal, trail.MaxName), trail.Fit(c.Method, trail.MaxName)), Notify)
}

// Attributed adds the actor that another half of a change names, and reports
// whether that was news. A name takes the place of nobody.
func (f Finding) Attributed(c cloud.Change, now time.Time) (Finding, bool) {
	if c.Actor.Principal == cloud.UnknownActor || f.hasActor(f.bounded(c.Actor)) {
		return f, false
	}
	if f.Change.ID == c.ID && f.Change.Actor.Principal == cloud.UnknownActor {
		f = f.madeBy(c.Actor)
	}
	return f.withActor(c.Actor).stays(now, "", "made by "+trail.Fit(c.Actor.Principal, trail.MaxName)+", as the other half of the operation says", Notify), true
}

// madeBy puts a name in the place of nobody.
func (f Finding) madeBy(a cloud.Actor) Finding {
	f.Change.Actor = a
	f.Actors = slices.DeleteFunc(slices.Clone(f.Actors), func(o cloud.Actor) bool { return o.Principal == cloud.UnknownActor })
	return f
}

// Superseded ends a finding that something else settled. Nobody is told who was
// not told of it before; a group's message may have shown it already when only the
// record of the group says so.
func (f Finding) Superseded(by state.Cause, now time.Time, why string) Finding {
	if len(f.Surfaces) == 0 && f.Group == "" {
		return f.paid(Notify).to(state.Superseded, by, now, "", why)
	}
	return f.to(state.Superseded, by, now, "", why, Notify)
}
