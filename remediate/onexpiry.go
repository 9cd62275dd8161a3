package remediate

import (
	"context"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// Expiry is what becomes of a question that nobody answered.
type Expiry string

// The expiries. Leave is the safe one.
const (
	LeaveOnExpiry  Expiry = "leave"
	RevertOnExpiry Expiry = "revert"
	// EscalateOnExpiry puts the question once more, and pages on-call; what nobody
	// answers then either is left.
	EscalateOnExpiry Expiry = "escalate"
)

// expire ends a question that nobody answered in time. Where silence is
// configured to mean revert, it does so for a certain violation that no
// guardrail spoke about, that the policies of today still see, within the
// limits: what must not be reverted without asking must not be for want of an
// answer either. Silence never undoes.
func (r *Remediator) expire(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	if r.cfg.OnExpiry == EscalateOnExpiry && f.UndoOf == "" && f.EscalatedAt.IsZero() {
		return r.update(ctx, f.Escalated(r.cfg.Now(), r.cfg.ExpiresIn, r.pagers()))
	}
	if r.cfg.OnExpiry != RevertOnExpiry || f.UndoOf != "" {
		return r.update(ctx, f.Expired(r.cfg.Now(), ""))
	}
	why, err := r.unfitToRevert(ctx, f)
	if err != nil {
		return finding.Finding{}, err
	}
	if why != "" {
		return r.update(ctx, f.Expired(r.cfg.Now(), "; not reverted: "+why))
	}
	over, err := r.allowed(ctx, f)
	if err != nil {
		return finding.Finding{}, err
	}
	if over.why != "" {
		f.Limit = over.name
		return r.update(ctx, f.Expired(r.cfg.Now(), "; not reverted: "+over.why))
	}
	return r.decide(ctx, f.ApprovedBySilence(r.cfg.Now()))
}

// unfitToRevert says why silence may not revert what the finding is about.
func (r *Remediator) unfitToRevert(ctx context.Context, f finding.Finding) (string, error) {
	switch {
	case f.Verdict != policies.Violation:
		return "it is not certain that it violates", nil
	case f.Guarded:
		return "a guardrail wants a person to decide", nil
	case !f.Plan.Executable():
		return "there is nothing to apply: " + f.Plan.Missing, nil
	}
	ctx, open := noting(ctx)
	now, err := r.snapshot(ctx, f.Change)
	if err != nil {
		return "", err
	}
	was, err := r.took(ctx, f.Change, now, nil)
	if err != nil {
		return "", err
	}
	cases := r.judge(ctx, f.Change, now, was)
	if err := open.of(f.Resource, f.ExpiresAt, now.At); err != nil {
		return "", err
	}
	for _, k := range cases {
		if k, err = r.withoutExempted(ctx, k); err != nil {
			return "", err
		}
		if k.Policy == f.Policy && !k.vanished && k.Verdict == policies.Violation && k.Plan.Digest == f.Plan.Digest {
			return r.unconfirmedOnExpiry(ctx, f)
		}
	}
	return "the policy no longer sees the same violation", nil
}
