package remediate

import (
	"context"

	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// Desk is the remediator's own.
func (r *Remediator) Desk() desk.Desk {
	return desk.Desk{Store: r.cfg.Store, Authority: r.cfg.Authority, ExpiresIn: r.cfg.ExpiresIn, Now: r.cfg.Now, Ledger: r.cfg.Ledger, OnCall: r.pagers()}
}

// Answer records a person's word on a finding; see Desk.Answer. What it leads to
// is left in the outbox, for Work.
func (r *Remediator) Answer(ctx context.Context, id string, a finding.Answer) (finding.Finding, error) {
	return r.Desk().Answer(ctx, id, a)
}
