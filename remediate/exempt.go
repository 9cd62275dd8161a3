package remediate

import (
	"context"
	"fmt"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// withoutExempted takes out of a judgement what people excepted. When nothing is
// left it is exempt: nobody is asked or told. What is left is judged for itself,
// and its plan leaves alone what was excepted.
func (r *Remediator) withoutExempted(ctx context.Context, k judged) (judged, error) {
	if k.vanished || k.Verdict == policies.Exempt {
		return k, nil
	}
	known, err := r.cfg.Store.Findings(ctx, finding.Query{
		Resource: k.change.Resource, Policy: k.Policy, States: []state.State{state.Exempted}, Since: k.now.At.Add(-authority.MaxExemption - finding.DecisionHolds),
	})
	if err != nil {
		return judged{}, fmt.Errorf("look up exemptions of %s: %w", k.change.Resource, err)
	}
	for _, f := range known {
		if f.Exempts(k.now.At) && k.Verdict != policies.Exempt {
			k.Judgement = k.Judgement.Without(f.Exclusion())
		}
	}
	return k, nil
}

// exemptionEnded records that the time of an exemption is over: from then on the
// policy sees what it excepted. Of two sweeps one records it.
func (r *Remediator) exemptionEnded(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	now := r.cfg.Now()
	if f.Exemption == nil || len(f.Outbox) > 0 || now.Before(f.Exemption.Until) {
		return f, nil
	}
	f, err := r.update(ctx, f.ExemptionOver(now))
	if err == nil {
		r.cfg.Ledger.Note(ctx, trail.Record{Kind: trail.ExemptionEnded, Finding: f.ID,
			What: fmt.Sprintf("the exemption of %s from %s has ended", f.Resource.Path(), f.Policy)})
	}
	return f, err
}
