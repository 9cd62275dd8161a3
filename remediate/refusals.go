package remediate

import (
	"context"
	"fmt"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/trail"
)

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
