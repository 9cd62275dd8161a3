package remediate

import (
	"context"
	"errors"
	"fmt"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// sweepBatch bounds one sweep; the next one takes the rest.
const sweepBatch = 200

// Sweep does what is due: questions that expired, effects that failed or were
// cut off, state to read again, a pause to announce. It may run at any time, any number of times,
// concurrently. It returns how many findings it looked at.
func (r *Remediator) Sweep(ctx context.Context) (int, error) {
	var errs []error
	if err := r.announce(ctx); err != nil {
		errs = append(errs, err)
	}
	r.raiseAlarms(ctx)
	r.Ledger.CountRefusals(ctx)
	r.exportLedger(ctx)
	if err := r.prune(ctx); err != nil {
		errs = append(errs, err)
	}
	r.tendRoundups(ctx)
	due, err := r.Store.Due(ctx, r.Now(), sweepBatch)
	if err != nil {
		return 0, errors.Join(append(errs, fmt.Errorf("list what is due: %w", err))...)
	}
	for _, f := range due {
		if ctx.Err() != nil {
			break // what is left stays due
		}
		if err := r.sweep(ctx, f); err != nil && !errors.Is(err, fault.ErrConflict) {
			errs = append(errs, fmt.Errorf("sweep finding %s: %w", f.ID, err))
		}
	}
	return len(due), errors.Join(append(errs, ctx.Err())...)
}

func (r *Remediator) sweep(ctx context.Context, f finding.Finding) error {
	next, err := f, error(nil)
	switch {
	case f.Owes(finding.Carry): // an answer that came in time counts, also where carrying it was cut off
	case f.State == state.Pending && !r.Now().Before(f.ExpiresAt):
		next, err = r.expire(ctx, f)
	case f.PageDue(r.Now()):
		next, err = r.update(ctx, f.Paged(r.Now(), "", "nobody answered yet: on-call is paged", r.pagers()))
	case f.State == state.Waiting:
		next, err = r.rejudge(ctx, f)
	case f.State == state.Exempted:
		next, err = r.exemptionEnded(ctx, f)
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
	_, later := r.update(ctx, f.Postponed(r.Now(), err))
	return errors.Join(err, later)
}

// Work does now what one finding still owes, rather than when the sweep comes
// by, and returns it as stored then.
func (r *Remediator) Work(ctx context.Context, id string) (finding.Finding, error) {
	f, err := r.Store.Finding(ctx, id)
	if err != nil {
		return finding.Finding{}, fmt.Errorf("look up finding %s: %w", id, err)
	}
	return r.work(ctx, f), nil
}

// rejudge reads live state again for a finding that waits: for the grace
// period to end, or for state that did not show its change yet. What still
// does not show is superseded.
func (r *Remediator) rejudge(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	in, unsure := r.Scope.membership(ctx, r.Facts, f.Resource)
	if in == outOfScope {
		return r.update(ctx, f.Superseded(state.ByTimer, r.Now(), errOutOfScope.Error()))
	}
	now, err := r.snapshot(ctx, f.Change)
	if err != nil {
		return finding.Finding{}, err
	}
	for _, k := range r.judge(ctx, f.Change, now) {
		if k.Policy != f.Policy || k.vanished {
			continue
		}
		if unsure != "" {
			k.Lower(judge.Report, unsure)
		}
		if k, err = r.withoutExempted(ctx, k); err != nil {
			return finding.Finding{}, err
		}
		return r.reopen(ctx, f, k, state.ByTimer)
	}
	return r.update(ctx, f.Superseded(state.ByTimer, now.At, judge.VanishedWhy(now)))
}
