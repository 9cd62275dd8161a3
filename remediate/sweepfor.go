package remediate

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// soon is how near the next thing due has to be for a sweep to wait for it.
const soon = 2 * time.Second

// SweepFor sweeps, and again as long as something is due soon, for about d:
// what stands in line for a message a second would otherwise go out one
// message a sweep. It returns how many findings it looked at.
func (r *Remediator) SweepFor(ctx context.Context, d time.Duration) (int, error) {
	until, total := r.cfg.Now().Add(d), 0
	for {
		n, err := r.Sweep(ctx)
		total += n
		if err != nil {
			return total, err
		}
		now := r.cfg.Now()
		next, err := r.cfg.Store.Due(ctx, now.Add(soon), 1)
		switch {
		case err != nil:
			return total, fmt.Errorf("list what is due soon: %w", err)
		case len(next) == 0, !now.Before(until):
			return total, nil
		}
		// What is due still, another process is at, or could not be done.
		wait := max(next[0].DueAt.Sub(now), time.Second/4)
		if err := r.cfg.Wait(ctx, wait); errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
			return total, nil // what is left stays due
		} else if err != nil {
			return total, err
		}
	}
}
