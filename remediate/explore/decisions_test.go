package explore_test

import (
	"slices"
	"time"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// decides is about a move, and what it takes.
func (p *process) decides(was, is finding.Finding) {
	w, c := p.w, finding.ChooseRevert
	if is.UndoOf != "" {
		c = finding.ChooseUndo
	}
	answered := len(is.Answers) > len(was.Answers)
	if was.ID == "" {
		p.opens(is)
	}
	switch {
	case is.State == state.Kept:
		p.agreed(is, finding.ChooseKeep)
	case is.State == state.Exempted && was.State != state.Pending:
		if !slices.ContainsFunc(w.findings(), func(f finding.Finding) bool {
			return f.State == state.Exempted && f.Exemption != nil && w.now.Before(f.Exemption.Until) && f.Resource == is.Resource
		}) {
			w.breaks("finding %s is exempt by nothing", is.ID)
		}
	case is.State == state.Exempted:
		p.agreed(is, finding.ChooseExempt)
	case is.State == state.Approved && answered:
		p.agreed(is, c)
	case is.State == state.Approved && was.State == state.Pending:
		if w.cfg.onExpiry != remediate.RevertOnExpiry || w.now.Before(was.ExpiresAt) || is.UndoOf != "" || !is.Automatic {
			w.breaks("finding %s is reverted by a silence that does not say so", is.ID)
		}
		p.reverts(is)
	case is.State == state.Approved:
		age := w.now.Sub(is.Change.Time)
		if w.cfg.enforce != policies.Revert || age > maxEventAge && !p.disturbed || max(age, w.now.Sub(is.CreatedAt)) < w.cfg.limits.Grace {
			w.breaks("finding %s is reverted unasked, by a policy that says %s, %s after the change", is.ID, w.cfg.enforce, age)
		}
		p.reverts(is)
	case is.State == state.Expired && was.State == state.Pending:
		if w.now.Before(was.ExpiresAt) || w.cfg.onExpiry == remediate.EscalateOnExpiry && is.UndoOf == "" && is.EscalatedAt.IsZero() {
			w.breaks("finding %s expires %s too early", is.ID, was.ExpiresAt.Sub(w.now))
		}
		if w.cfg.onExpiry == remediate.RevertOnExpiry && is.UndoOf == "" && !is.Guarded && w.violates(is) && w.room(is) && !p.excused() {
			w.breaks("finding %s is left, and silence means revert", is.ID)
		}
	case is.State == state.Expired && !w.now.After(was.ExecuteBy):
		w.breaks("I12: finding %s lapses %s too early", is.ID, was.ExecuteBy.Sub(w.now))
	case is.State == state.Pending && was.State == state.Approved:
		if w.now.Sub(is.Change.Time) <= maxEventAge || !was.Automatic || was.WasAsked() {
			w.breaks("finding %s is asked about after all, and was not held up", is.ID)
		}
	case is.State == state.Superseded && was.State == state.Approved && !p.disturbed:
		if votes, unsure := len(w.votes(is, c)), w.unsure(is, c); votes+unsure >= w.need(is, c) {
			w.breaks("finding %s is disapproved, with %d votes and %d that are not known", is.ID, votes, unsure)
		}
	case is.State == state.Pending && is.UndoOf == "" && is.Limit != "" && w.room(is) && !p.excused() && w.certain():
		w.breaks("finding %s asks because of a limit that is not reached: %s", is.ID, is.Limit)
	case is.State == state.Pending && is.UndoOf == "":
		young := w.now.Sub(is.Change.Time) <= maxEventAge
		sure := is.Change.Method == setPolicyMethod || is.Change.Method == "UpdateService"
		switch e := w.cfg.enforce; {
		case e == policies.Audit:
			w.breaks("finding %s asks, and the policy only reports", is.ID)
		case e == policies.Revert && young && sure && w.room(is) && !p.excused() && !w.cfg.confirms && w.certain():
			w.breaks("finding %s asks, and the policy reverts: %v", is.ID, is.Reasons)
		}
	case is.State == state.Reported && w.cfg.enforce != policies.Audit:
		w.breaks("finding %s is only reported, and the policy says %s", is.ID, w.cfg.enforce)
	case is.State == state.Superseded && was.State == state.Pending && !p.excused() && w.violates(is) && !slices.ContainsFunc(w.findings(), func(f finding.Finding) bool { return f.ID != is.ID && !f.State.Ended() }):
		if !w.newer(is) {
			w.breaks("finding %s is settled by nothing: %s", is.ID, is.Why)
		}
	case is.State == state.Reverted && !p.excused() && w.violates(is) && !w.takenBack(is) && !w.blurred(is):
		w.breaks("finding %s is reverted, and is as it was", is.ID)
	case is.State == state.Undone && !p.excused() && !w.undone(is) && !w.blurred(is):
		w.breaks("finding %s is undone, and is not as it was", is.ID)
	}
}

// blurred reports whether reads show the resource as it was a while ago.
func (w *world) blurred(f finding.Finding) bool {
	return w.now.Before(w.live.stale[f.Resource.Name].Until)
}

// takenBack reports whether an undo of the finding wrote something already.
func (w *world) takenBack(f finding.Finding) bool {
	return slices.ContainsFunc(w.findings(), func(u finding.Finding) bool { return u.UndoOf == f.ID && w.past.written[u.ID] > 0 })
}

// unsure is how many votes are of people who cannot be looked up.
func (w *world) unsure(f finding.Finding, c finding.Choice) int {
	n := 0
	for _, a := range f.Answers {
		if a.Choice == c && w.standing(a.Principal) == "" {
			n++
		}
	}
	return n
}

// opens is about a new finding: it asks about nothing that is asked already, or
// that people settled for whoever made it.
func (p *process) opens(f finding.Finding) {
	w := p.w
	if f.UndoOf != "" || f.State == state.Superseded || f.State == state.Exempted || p.disturbed || p.mishap.kind != "" {
		return
	}
	for _, o := range w.findings() {
		same := o.ID != f.ID && o.UndoOf == "" && o.Resource == f.Resource && o.Plan.Digest == f.Plan.Digest && o.Message == f.Message
		forged := o.Unconfirmed && f.Decision == judge.Revert
		switch {
		case !same || forged || f.State == state.Waiting || o.State == state.Waiting:
		case o.State == state.Pending || o.State == state.Approved:
			w.breaks("finding %s is opened, and finding %s is about the same", f.ID, o.ID)
		case o.State == state.Kept && !o.Plan.Empty() && o.HasActor(f.Change.Actor) && f.Change.Method != "UpdateService" && !w.happened["carol mends api"]:
			w.breaks("finding %s is opened, and people kept the same in finding %s", f.ID, o.ID)
		}
	}
}

// newer reports whether another change of the resource came after the finding's.
func (w *world) newer(f finding.Finding) bool {
	return slices.ContainsFunc(w.events, func(e event) bool {
		return e.Resource == f.Resource && e.ID != f.Change.ID && !e.own()
	})
}

// agreed holds that enough people said so who may: I4, and I11.
func (p *process) agreed(f finding.Finding, c finding.Choice) {
	if have, need := p.w.votes(f, c), p.w.need(f, c); len(have) < need && !p.disturbed {
		p.w.breaks("I4: finding %s is decided to %s by %v, and it takes %d", f.ID, c, have, need)
	}
}

// reverts holds the limits.
func (p *process) reverts(f finding.Finding) {
	if !p.w.room(f) {
		p.w.breaks("finding %s is reverted unasked, beyond the limits", f.ID)
	}
	p.w.past.reverts[f.ID] = p.w.now
}

// room reports whether the limits let one more be reverted unasked.
func (w *world) room(f finding.Finding) bool {
	n, l := 0, w.cfg.limits
	for id, at := range w.past.reverts {
		if o := w.store.findings[id]; id != f.ID && w.now.Sub(at) <= time.Hour && (!o.State.Ended() || len(o.Done) > 0) && o.Automatic {
			n++
		}
	}
	fights := 0
	for _, o := range w.findings() {
		if o.ID != f.ID && o.Automatic && o.Plan.Digest == f.Plan.Digest && slices.Contains([]state.State{state.Approved, state.Applying, state.Uncertain, state.Reverted, state.Failed}, o.State) && w.now.Sub(o.CreatedAt) <= l.FightWindow {
			fights++
		}
	}
	return (l.TotalHour == 0 || n < l.TotalHour) && (l.PerPolicyHour == 0 || n < l.PerPolicyHour) && (l.PerProjectHour == 0 || n < l.PerProjectHour) &&
		(l.SameChange == 0 || fights < l.SameChange)
}

// certain reports whether as many reverts count as there were: a mishap may have one
// count that was never begun, and it is not given back before its hour is over.
func (w *world) certain() bool { return w.past.mishaps == 0 }

// violates reports whether what the finding is about is so.
func (w *world) violates(f finding.Finding) bool {
	name := f.Resource.Name
	return f.UndoOf == "" && !w.live.gone[name] && (w.live.off[name] && !slices.ContainsFunc(f.Plan.Steps, hasGrants) || slices.ContainsFunc(f.Plan.Grants(), w.live.policies[name].Has))
}

func (w *world) undone(f finding.Finding) bool {
	return w.live.off[f.Resource.Name] || w.live.policies[f.Resource.Name].Has(public)
}
