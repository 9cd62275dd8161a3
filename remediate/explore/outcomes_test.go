package explore_test

import (
	"slices"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// handled is about a change that was handled to its end with nothing amiss, and the
// findings that it opened.
func (p *process) handled(r cloud.Resource, opened []string, out remediate.Outcome) {
	p.w.spokenFor(r)
	for _, id := range opened {
		if out.Kind != remediate.Found || !slices.ContainsFunc(out.Findings, func(o finding.Finding) bool { return o.ID == id }) {
			p.w.breaks("finding %s was opened, and the outcome is %s, of %d", id, out.Kind, len(out.Findings))
		}
	}
}

// scanned is about a scan with nothing amiss.
func (p *process) scanned(out remediate.Outcome) {
	p.w.spokenFor(api)
	if found := len(out.Findings) > 0; found != (out.Kind == remediate.Found) {
		p.w.breaks("a scan finds %d, and its outcome is %s", len(out.Findings), out.Kind)
	}
}

// spokenFor holds that what violates has a finding: one that is open, or one that
// ended in a way that lets it be. What made it so may be a change whose event has
// still to come.
func (w *world) spokenFor(r cloud.Resource) {
	if w.live.gone[r.Name] || !w.live.policies[r.Name].Has(public) && !w.live.off[r.Name] {
		return
	}
	if slices.ContainsFunc(w.events, func(e event) bool { return e.Resource == r && !e.taken && !e.own() }) {
		return
	}
	for _, f := range w.findings() {
		switch f.State {
		case state.Reverted:
			continue
		case state.Superseded: // just now, and people approved it who no longer may
			if len(f.Answers) == 0 || f.EndedAt.Before(w.now) {
				continue
			}
		case state.Exempted:
			if f.Exemption != nil && !w.now.Before(f.Exemption.Until) && f.Change.Half == cloud.Whole {
				continue
			}
		case state.Expired:
			if !f.ExecuteBy.IsZero() && f.EndedAt.Before(w.now) {
				continue
			}
		}
		if f.Resource == r && (f.UndoOf == "" || f.State == state.Undone || w.past.written[f.ID] > 0) {
			return
		}
	}
	w.breaks("%s violates, was looked at, and no finding speaks for it", r)
}
