package remediate

import (
	"context"
	"fmt"
	"slices"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// recentLook is how many findings of one resource and policy are looked at to
// learn what people settled, and what is known: the newest. A resource that is
// changed every minute must not make every look at it dearer for years.
const recentLook = 200

// history is what is known of a resource and policy: all that is open, and the
// newest of what ended; newest first.
func (r *Remediator) history(ctx context.Context, res cloud.Resource, policy string) ([]finding.Finding, error) {
	recent, err := r.Store.Findings(ctx, finding.Query{Resource: res, Policy: policy, Limit: recentLook})
	if err == nil && len(recent) == recentLook {
		var open []finding.Finding
		open, err = r.Store.Findings(ctx, finding.Query{
			Resource: res, Policy: policy, States: state.Open(), After: recent[len(recent)-1].Position(),
		})
		recent = slices.Concat(recent, open)
	}
	if err != nil {
		return nil, fmt.Errorf("look up findings of %s: %w", res, err)
	}
	return recent, nil
}
