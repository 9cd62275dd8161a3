package remediate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// sweepBatch bounds one sweep; the next one takes the rest.
const sweepBatch = 200

// Sweep does what is due: questions that expired, effects that failed or were
// cut off, state to read again, a pause to announce. It may run at any time, any
// number of times, concurrently. It returns how many findings it looked at.
func (r *Remediator) Sweep(ctx context.Context) (int, error) {
	var errs []error
	if err := r.announce(ctx); err != nil {
		errs = append(errs, err)
	}
	r.alarms.Say(ctx)
	r.cfg.Ledger.CountRefusals(ctx)
	r.exportLedger(ctx)
	if err := r.prune(ctx); err != nil {
		errs = append(errs, err)
	}
	if n, ok := r.cfg.Notifier.(Tender); ok {
		n.Tend(ctx, r.unseen)
	}
	due, err := r.due(ctx, r.cfg.Now(), sweepBatch)
	if err != nil {
		return 0, errors.Join(append(errs, fmt.Errorf("list what is due: %w", err))...)
	}
	slices.SortStableFunc(due, finding.PlansFirst)
	for _, f := range due {
		if ctx.Err() != nil {
			break // what is left stays due
		}
		if err := r.sweep(ctx, f); err != nil && !errors.Is(err, fault.ErrConflict) {
			errs = append(errs, fmt.Errorf("sweep finding %s: %w", f.ID, err))
		}
	}
	if ctx.Err() == nil {
		r.ExtendRoots(ctx)
	}
	return len(due), errors.Join(append(errs, ctx.Err())...)
}

// due lists what is due and can be read. What a later release wrote is left to it; what
// nobody can read is logged with each sweep, until somebody looks.
func (r *Remediator) due(ctx context.Context, at time.Time, limit int) ([]finding.Finding, error) {
	due, err := r.cfg.Store.Due(ctx, at, limit)
	var left *fault.LeftOutError
	if !errors.As(err, &left) {
		return due, err
	}
	var later, broken []error
	for _, err := range left.Records {
		if errors.Is(err, fault.ErrLater) {
			later = append(later, err)
		} else {
			broken = append(broken, err)
		}
	}
	if len(later) > 0 {
		r.cfg.Log.WarnContext(ctx, "due findings are left to the later release of rescind that wrote them; if none runs, start it again", "findings", len(later), "error", fault.LeftOut(later).Error())
	}
	if len(broken) > 0 {
		r.cfg.Log.ErrorContext(ctx, "due findings cannot be read", "findings", len(broken), "error", fault.LeftOut(broken).Error())
	}
	return due, nil
}

func (r *Remediator) sweep(ctx context.Context, f finding.Finding) error {
	next, err := f, error(nil)
	switch {
	case f.Owes(finding.Carry): // an answer that came in time counts, also where carrying it was cut off
	case f.PastExpiry(r.cfg.Now()):
		next, err = r.expire(ctx, f)
	case f.PageDue(r.cfg.Now()):
		next, err = r.update(ctx, f.Paged(r.cfg.Now(), "", "nobody answered yet: on-call is paged", r.pagers()))
	case f.State == state.Waiting:
		next, err = r.rejudge(ctx, f)
	case f.State == state.Exempted:
		next, err = r.exemptionEnded(ctx, f)
	}
	if err == nil && next.Revision == f.Revision {
		next, err = r.take(ctx, f)
	}
	if err == nil {
		r.work(ctx, next)
		return nil
	}
	if errors.Is(err, fault.ErrConflict) {
		return err
	}
	// Left due as it is, two hundred of its kind would keep every other
	// finding out of every sweep.
	_, later := r.update(ctx, f.Postponed(r.cfg.Now(), err))
	return errors.Join(err, later)
}

// take has what a due finding owes done by this process alone: two sweeps that come
// upon it at once would both tell people, and page twice. It returns an error
// matching fault.ErrConflict to all but one. Who carries a plan out claims it instead.
func (r *Remediator) take(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	if now := r.cfg.Now(); len(f.Outbox) == 0 || f.Owes(finding.Apply) && !f.Waits(finding.Apply, now) {
		return f, nil
	}
	return r.update(ctx, f.Taken(r.cfg.Now()))
}

// pruneBatch bounds what one sweep forgets; it is more than comes in between
// two sweeps.
const pruneBatch = 500

// prune has a store forget what was kept long enough, if it has to be told.
func (r *Remediator) prune(ctx context.Context) error {
	if p, ok := r.cfg.Store.(Pruner); ok {
		n, err := p.Prune(ctx, r.cfg.Now(), pruneBatch)
		if err != nil {
			return err
		}
		if n > 0 {
			r.cfg.Log.InfoContext(ctx, "forgot what was kept long enough", "records", n)
		}
	}
	return nil
}

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
		next, err := r.due(ctx, now.Add(soon), 1)
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
