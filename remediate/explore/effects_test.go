package explore_test

import (
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// claims is about a process that begins to carry a plan out.
func (p *process) claims(was, is finding.Finding) {
	w := p.w
	p.claimed, p.looking = is.ID, was.State == state.Uncertain
	if was.State == state.Uncertain {
		return // it only looks
	}
	c := finding.ChooseRevert
	if is.UndoOf != "" {
		c = finding.ChooseUndo
	}
	switch {
	case p.disturbed:
	case w.store.pause.Active(w.now):
		w.breaks("finding %s is carried out during a pause", is.ID)
	case was.State != state.Approved:
	case w.now.After(was.ExecuteBy):
		w.breaks("I12: finding %s is carried out %s after its approval lapsed", is.ID, w.now.Sub(was.ExecuteBy))
	case is.Automatic && !is.WasAsked() && w.now.Sub(is.Change.Time) > maxEventAge:
		w.breaks("I12: finding %s is reverted unasked, %s after the change", is.ID, w.now.Sub(is.Change.Time))
	case !is.Automatic:
		p.agreed(is, c) // I2, I4, I11: by who may now
	}
}

// effected is about a write to Google Cloud that changed something.
func (p *process) effected(r cloud.Resource, removed, added []cloud.Grant) {
	w := p.w
	f := w.store.findings[p.claimed]
	w.past.written[f.ID]++
	plan := judge.NewPlan(f.Plan.Steps, "")
	switch {
	case f.ID == "" || f.Resource != r:
		w.breaks("I8: %s is written for no finding", r)
	case f.State != state.Applying && !p.disturbed:
		w.breaks("I8: finding %s is %s, and its plan is carried out", f.ID, f.State)
	case plan.Digest != f.Plan.Digest:
		w.breaks("I2: finding %s carries out another plan than its own", f.ID)
	case w.past.written[f.ID] > 1+w.past.mishaps:
		w.breaks("I3: finding %s is carried out %d times", f.ID, w.past.written[f.ID])
	}
	if p.looking {
		w.breaks("I3: finding %s writes when it was to look only", f.ID)
	}
	if f.UndoOf != "" && w.past.written[f.ID] == 1 && w.past.mishaps == 0 && !p.disturbed && len(added) < len(f.Plan.Steps[0].After.Grants) {
		w.breaks("I2: finding %s undoes what was changed since", f.ID)
	}
	for _, g := range removed {
		if !p.plans(f, func(s judge.Step) []cloud.Grant { return s.Before.Grants }, g) {
			w.breaks("I2: finding %s takes away %s, which its plan does not", f.ID, g)
		}
	}
	for _, g := range added {
		if !p.plans(f, func(s judge.Step) []cloud.Grant { return s.After.Grants }, g) {
			w.breaks("I2: finding %s grants %s, which its plan does not", f.ID, g)
		}
	}
}

func (p *process) plans(f finding.Finding, of func(judge.Step) []cloud.Grant, g cloud.Grant) bool {
	return slices.ContainsFunc(f.Plan.Steps, func(s judge.Step) bool { return slices.Contains(of(s), g) })
}

func hasGrants(s judge.Step) bool { return len(s.Before.Grants)+len(s.After.Grants) > 0 }

// announced is about what everybody is told.
func (p *process) announced(text string) {
	if strings.Contains(text, "identity of rescind") {
		p.w.breaks("an alarm about what rescind did itself: %s", text)
	}
}
