package remediate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// Desk takes what people decide: answers, and the pause. It checks who may, and
// records; it carries nothing out, so it needs no access to Google Cloud. A
// Remediator has one. A Desk that has nobody who works beside it says so in
// HandOver.
type Desk struct {
	Store     DeskStore
	Authority Authority
	// ExpiresIn is how long an undo waits for the second person, where it takes one.
	ExpiresIn time.Duration
	Now       func() time.Time
	// Ledger records who was refused, paused and resumed; nil for nobody.
	Ledger *trail.Ledger
	// HandOver makes what an answer leads to due at once: it is for whichever
	// process sweeps next.
	HandOver bool
	// OnCall names the pagers there are.
	OnCall []string
}

// DeskStore is the part of a Store that a Desk needs.
type DeskStore interface {
	finding.Store
	PauseStore
	cells.Store
}

// Desk is the remediator's own.
func (r *Remediator) Desk() Desk {
	return Desk{Store: r.Store, Authority: r.Authority, ExpiresIn: r.ExpiresIn, Now: r.Now, Ledger: r.Ledger, OnCall: r.pagers()}
}

// Answer records a person's word on a finding; see Desk.Answer. What it leads to
// is left in the outbox, for Work.
func (r *Remediator) Answer(ctx context.Context, id string, a finding.Answer) (finding.Finding, error) {
	return r.Desk().Answer(ctx, id, a)
}

// Answer records a person's word on a finding and returns the finding as
// stored: for an undo the new record. The ID of a Group answers all of it that
// is pending, by the same rules for each, and returns one of its findings. It decides at most once: the winner of
// the compare-and-set does, everybody else gets a *RefusedError that says what
// happened.
func (d Desk) Answer(ctx context.Context, id string, a finding.Answer) (finding.Finding, error) {
	a.At, d = d.Now(), d.memoized()
	f, err := d.answer(ctx, id, a)
	d.audited(ctx, id, a, err)
	return f, err
}

func (d Desk) answer(ctx context.Context, id string, a finding.Answer) (finding.Finding, error) {
	if a.Choice == finding.ChooseUndo {
		return d.undo(ctx, id, a)
	}
	for range conflictTries {
		f, err := d.finding(ctx, id)
		if err != nil {
			return d.orGroup(ctx, id, a, err)
		}
		if a.Revision > f.Revision {
			return f, finding.RefuseAs(finding.ClassStale, "the finding never was at revision %d; answer on the current card", a.Revision)
		}
		next, refused := d.answered(ctx, f, a)
		if refused != nil {
			return f, refused
		}
		stored, err := d.Store.Update(ctx, next)
		if !errors.Is(err, fault.ErrConflict) {
			return stored, err
		}
	}
	return finding.Finding{}, fmt.Errorf("answer finding %s: %w", id, fault.ErrConflict)
}

func (d Desk) finding(ctx context.Context, id string) (finding.Finding, error) {
	f, err := d.Store.Finding(ctx, id)
	switch {
	case errors.Is(err, fault.ErrNotFound):
		return finding.Finding{}, finding.RefuseAs(finding.ClassNotFound, "there is no finding %s", id)
	case err != nil:
		return finding.Finding{}, fmt.Errorf("look up finding %s: %w", id, err)
	}
	return f, nil
}

// answered is the transition of one answer, with the hand-over. Who may is asked
// before, so that the transition itself is pure.
func (d Desk) answered(ctx context.Context, f finding.Finding, a finding.Answer) (finding.Finding, error) {
	next, err := d.Authority.resolved(ctx, f, a.Choice, a.Principal).answered(f, a)
	if err == nil && d.HandOver && len(next.Outbox) > 0 {
		next.DueAt = a.At
	}
	return next, err
}
