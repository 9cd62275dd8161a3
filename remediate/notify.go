package remediate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// notify brings what people see up to date, and records where they see it.
func (r *Remediator) notify(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	if f.State == state.Undone {
		if err := r.markUndone(ctx, f); err != nil {
			return finding.Finding{}, err
		}
	}
	notice, failed := r.cfg.Notifier.Notify(ctx, f)
	shown := f
	for range conflictTries {
		stored, err := r.update(ctx, r.delivered(ctx, f.Notified(notice, shown, failed, r.cfg.Now()), failed))
		if !errors.Is(err, fault.ErrConflict) {
			return stored, errors.Join(failed, err)
		}
		if f, err = r.cfg.Store.Finding(ctx, f.ID); err != nil {
			return finding.Finding{}, errors.Join(failed, fmt.Errorf("look up finding: %w", err))
		}
	}
	return finding.Finding{}, errors.Join(failed, fault.ErrConflict)
}

// markUndone has the finding that u undid shown anew, as one that was undone: its
// card would go on offering the undo. How it ended stays as it is.
func (r *Remediator) markUndone(ctx context.Context, u finding.Finding) error {
	for range conflictTries {
		f, err := r.cfg.Store.Finding(ctx, u.UndoOf)
		switch {
		case errors.Is(err, fault.ErrNotFound): // forgotten by now
			return nil
		case err != nil:
			return fmt.Errorf("look up finding %s: %w", u.UndoOf, err)
		case f.UndoneBy == u.ID:
			return nil
		}
		if _, err = r.update(ctx, f.UndoneAs(u.ID, r.cfg.Now())); !errors.Is(err, fault.ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("mark finding %s as undone: %w", u.UndoOf, fault.ErrConflict)
}

// delivered records whether people were told. The fallback speaks up once for
// one that is undelivered.
func (r *Remediator) delivered(ctx context.Context, f finding.Finding, failed error) finding.Finding {
	if failed == nil {
		return f.Delivered()
	}
	if errors.Is(failed, fault.ErrBroken) {
		r.broken.Tell(ctx, r.cfg.Log, r.cfg.Now(), "finding", f.ID, failed)
	}
	f = f.NotDelivered(r.cfg.Now(), r.cfg.FallbackAfter, r.pagers(), failed)
	if f.Undelivered && !f.FellBack {
		f.FellBack = r.fellBack(ctx, f)
	}
	return f
}

// fellBack has the fallback say that the finding is undelivered, and reports
// whether it did.
func (r *Remediator) fellBack(ctx context.Context, f finding.Finding) bool {
	err := r.export(ctx, func(ctx context.Context) error {
		if b, ok := r.cfg.Exporter.(Fallback); ok {
			return b.Undelivered(ctx, f)
		}
		return nil
	})
	r.cfg.Log.ErrorContext(ctx, "nobody could be told of a finding", "finding", f.ID, "since", f.UndeliveredSince, "fallback", err == nil)
	return err == nil
}

// unseen has one finding speak for all that a message should have spoken for and
// did not, as nobody can be told: it is marked, and pages on-call.
func (r *Remediator) unseen(ctx context.Context, id string, since time.Time) error {
	f, err := r.cfg.Store.Finding(ctx, id)
	if err != nil {
		return fmt.Errorf("look up finding %s: %w", id, err)
	}
	f.UndeliveredSince = since
	f = f.Undeliverable(r.cfg.Now(), r.pagers())
	f.FellBack = r.fellBack(ctx, f)
	if f, err = r.update(ctx, f); err != nil {
		return err
	}
	r.work(ctx, f)
	return nil
}
