package remediate

import (
	"context"
	"fmt"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
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
