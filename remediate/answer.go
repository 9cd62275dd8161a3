package remediate

import (
	"context"
	"errors"
	"fmt"

	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// Desk is the remediator's own.
func (r *Remediator) Desk() desk.Desk {
	return desk.Desk{Store: r.cfg.Store, Authority: r.cfg.Authority, ExpiresIn: r.cfg.ExpiresIn, Now: r.cfg.Now, Ledger: r.cfg.Ledger, OnCall: r.pagers(), Alarm: r.alarms.Raise}
}

// Answer records a person's word on a finding; see desk.Desk.Answer. What it
// leads to is left in the outbox, for Work.
func (r *Remediator) Answer(ctx context.Context, id string, a finding.Answer) (finding.Finding, error) {
	return r.Desk().Answer(ctx, id, a)
}

// RecordSurface records where the finding was seen; see desk.Desk.RecordSurface.
// Drawing it is left in the outbox, for Work.
func (r *Remediator) RecordSurface(ctx context.Context, id string, at finding.Surface) (finding.Finding, error) {
	return r.Desk().RecordSurface(ctx, id, at)
}

// carry takes a group's decision to its findings. What cannot be done now is due
// again later: left as it is it would be the first of every sweep.
func (r *Remediator) carry(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	next, err := r.Desk().Carry(ctx, f)
	if err == nil || errors.Is(err, fault.ErrConflict) {
		return next, err
	}
	next, later := r.update(ctx, f.Later(r.cfg.Now(), err))
	return next, errors.Join(err, later)
}

// Work does now what one finding still owes, rather than when the sweep comes
// by, and returns it as stored then.
func (r *Remediator) Work(ctx context.Context, id string) (finding.Finding, error) {
	f, err := r.cfg.Store.Finding(ctx, id)
	if err != nil {
		return finding.Finding{}, fmt.Errorf("look up finding %s: %w", id, err)
	}
	return r.work(ctx, f), nil
}
