package remediate

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// delivered records whether people were told. The fallback speaks up once for
// one that is undelivered.
func (r *Remediator) delivered(ctx context.Context, f finding.Finding, failed error) finding.Finding {
	if failed == nil {
		return f.Delivered()
	}
	if errors.Is(failed, fault.ErrBroken) {
		r.cfg.Log.ErrorContext(ctx, "the approval path is broken", "finding", f.ID, "error", failed.Error())
	}
	f = f.NotDelivered(r.cfg.Now(), r.cfg.FallbackAfter, r.pagers(), failed)
	if f.Undelivered && !f.FellBack {
		f.FellBack = r.fellBack(ctx, f)
	}
	return f
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
