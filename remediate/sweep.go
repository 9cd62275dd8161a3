package remediate

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// sweepBatch bounds one sweep; the next one takes the rest.
const sweepBatch = 200

// Sweep does what is due: questions that expired, effects that failed or were
// cut off, state to read again. It may run at any time, any number of times,
// concurrently. It returns how many findings it looked at.
func (r *Remediator) Sweep(ctx context.Context) (int, error) {
	due, err := r.Store.Due(ctx, r.Now(), sweepBatch)
	if err != nil {
		return 0, fmt.Errorf("list what is due: %w", err)
	}
	var errs []error
	for _, f := range due {
		if err := r.sweep(ctx, f); err != nil && !errors.Is(err, ErrConflict) {
			errs = append(errs, fmt.Errorf("sweep finding %s: %w", f.ID, err))
		}
	}
	return len(due), errors.Join(errs...)
}

func (r *Remediator) sweep(ctx context.Context, f Finding) error {
	now := r.Now()
	switch {
	case f.State == Pending && !now.Before(f.ExpiresAt):
		next, err := r.update(ctx, r.expired(f, now))
		if err != nil {
			return err
		}
		f = next
	case f.State == Waiting:
		next, err := r.rejudge(ctx, f)
		if err != nil {
			return err
		}
		f = next
	}
	r.work(ctx, f)
	return nil
}

// Work does now what one finding still owes, rather than when the sweep comes
// by, and returns it as stored then.
func (r *Remediator) Work(ctx context.Context, id string) (Finding, error) {
	f, err := r.Store.Finding(ctx, id)
	if err != nil {
		return Finding{}, fmt.Errorf("look up finding %s: %w", id, err)
	}
	return r.work(ctx, f), nil
}

// expired is the transition of a question that nobody answered in time.
func (r *Remediator) expired(f Finding, now time.Time) Finding {
	if r.OnExpiry == RevertOnExpiry && f.Plan.Executable() {
		f.Automatic = true
		return f.to(Approved, now, "", "nobody answered: reverted on expiry, as configured", Apply, Notify)
	}
	return f.to(Expired, now, "", "nobody answered: left as it is", Notify)
}

// rejudge reads live state again for a finding that waits: for the grace
// period to end, or for state that did not show its change yet. What still
// does not show is superseded.
func (r *Remediator) rejudge(ctx context.Context, f Finding) (Finding, error) {
	now, err := r.snapshot(ctx, f.Change)
	if err != nil {
		return Finding{}, err
	}
	for _, k := range r.judge(ctx, f.Change, now) {
		if k.Policy != f.Policy || k.past {
			continue
		}
		next, err := r.open(ctx, k)
		if err != nil {
			return Finding{}, err
		}
		return r.update(ctx, f.rejudged(next))
	}
	return r.update(ctx, f.superseded(now.At, pastWhy(now)))
}
