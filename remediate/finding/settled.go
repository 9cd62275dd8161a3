package finding

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

// What people kept, left when they were asked, or undid is settled: the same is not
// raised again, for a time and for those who made it, while it is there. Once a look at
// live state does not find it, whoever brings it back brings something new.

// DecisionHolds is how long at most what people settled stays so.
const DecisionHolds = 30 * 24 * time.Hour

// SettledStates are those in which a finding settles what it is about.
func SettledStates() []state.State {
	return []state.State{state.Kept, state.Expired, state.Undone}
}

// Settles reports whether the finding settles what it is about, but for what is gone,
// at that time. atMost is the longest exemption of its severity, which no keep outlasts.
func (f Finding) Settles(now time.Time, atMost time.Duration) bool {
	return slices.Contains(SettledStates(), f.State) && (f.UndoOf == "" || f.State == state.Undone) && !f.Lapsed() &&
		now.Before(f.SettledUntil(atMost)) && !f.settledSoFar().Over && (len(f.Subject()) == 0 || len(f.StandingFor()) > 0)
}

// SettledUntil is until when at the latest what the finding is about stays settled.
func (f Finding) SettledUntil(atMost time.Duration) time.Time {
	return f.CreatedAt.Add(min(DecisionHolds, atMost))
}

// HasActor reports whether the actor is known to be one of those who made the change.
// Whom nobody knows is not, nor is anybody for whom the finding had no room.
func (f Finding) HasActor(a cloud.Actor) bool {
	return a.Principal != cloud.UnknownActor && f.hasActor(a)
}

// Raised reports whether the policy enforces more than it did when the finding began.
func (f Finding) Raised(e policies.Enforcement) bool {
	order := []policies.Enforcement{policies.Audit, policies.Approve, policies.Revert}
	return slices.Index(order, e) > slices.Index(order, f.Enforcement)
}

// settledSoFar is what came of what the finding settled, the zero Settled for nothing yet.
func (f Finding) settledSoFar() Settled {
	if f.Settled == nil {
		return Settled{}
	}
	return *f.Settled
}

// StandingFor are the steps that the finding stands for: its subject, but for what is
// gone since people settled it.
func (f Finding) StandingFor() []judge.Step {
	goneParts := f.settledSoFar().Gone
	var out []judge.Step
	for _, s := range f.Subject() {
		gone := func(g cloud.Grant) bool {
			return slices.ContainsFunc(goneParts, func(o judge.Step) bool { return o.Resource == s.Resource && slices.Contains(o.Before.Grants, g) })
		}
		switch {
		case len(s.Before.Grants) > 0:
			s.Before.Grants = slices.DeleteFunc(slices.Clone(s.Before.Grants), gone)
			if len(s.Before.Grants) == 0 {
				continue
			}
		case slices.ContainsFunc(goneParts, func(o judge.Step) bool { return o.Concerns(s) }):
			continue
		}
		out = append(out, s)
	}
	return out
}

// SettledPart is what the finding settles, to be left out of a judgement.
func (f Finding) SettledPart() judge.Exclusion {
	p := judge.NewPlan(f.StandingFor(), "")
	return judge.Exclusion{Plan: p, Message: f.Message, Blamed: f.About(), Grants: p.Grants(), Why: "settled in finding " + f.ID}
}

// Looked is the finding after a look at live state, and whether there is anything to
// store: what is not there is gone from now on. What was not read may be there.
func (f Finding) Looked(now judge.Snapshot, atMost time.Duration) (Finding, bool) {
	was := f.settledSoFar()
	if was.Over || !slices.Contains(SettledStates(), f.State) || f.Lapsed() {
		return f, false
	}
	gone := slices.Clip(was.Gone)
	for _, s := range f.StandingFor() {
		if missing, ok := now.Missing(s); ok {
			gone = append(gone, missing)
		}
	}
	gonePlanless := len(f.Subject()) == 0 && !f.About().In(now)
	news, over := len(gone) > len(was.Gone) || gonePlanless, !now.At.Before(f.SettledUntil(atMost))
	if !news && !(over && was.Again > 0) {
		return f, false
	}
	was.Gone = gone
	f.Settled = &was
	why := "live state no longer shows it"
	if !news {
		why = "its time is over"
	}
	if was.Over = over || len(f.StandingFor()) == 0; !was.Over {
		return f.aside(now.At, "live state no longer shows a part of it, which is settled no more"), true
	}
	return f.aside(now.At, why+", so it is settled no more"+was.swallowed()), true
}

// swallowed says what was not raised, or nothing.
func (s Settled) swallowed() string {
	if s.Again == 0 {
		return ""
	}
	return fmt.Sprintf("; changes like it that were not raised: %d, the first at %s, the last at %s by %s", s.Again,
		s.First.UTC().Format(time.RFC3339), s.Last.UTC().Format(time.RFC3339), s.LastBy)
}

// StoodFor is the finding after a change that it settles, which is not raised. The
// timeline tells of the first; of the others, how many there were and the last, once
// it is settled no more.
func (f Finding) StoodFor(c cloud.Change, now time.Time, atMost time.Duration) Finding {
	s := f.settledSoFar()
	s.Again, s.Last, s.LastBy = s.Again+1, now, trail.Fit(c.Actor.Principal, trail.MaxName)
	f.Settled = &s
	if s.Again > 1 {
		f.UpdatedAt = now
		return f
	}
	s.First = now
	return f.aside(now, fmt.Sprintf("the same change again, by %s (%s), is not raised: it is settled until %s, while it is there",
		s.LastBy, trail.Fit(c.Method, trail.MaxName), f.SettledUntil(atMost).UTC().Format(time.RFC3339)))
}

// aside tells of something that changes nothing about how the finding ended.
func (f Finding) aside(now time.Time, what string) Finding {
	why := f.Why
	f = f.stays(now, "", what)
	f.Why = why
	return f
}
