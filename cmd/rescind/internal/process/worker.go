package process

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/measured"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// SweepEvery is how often a process looks at what is due by itself, beside
// POST /sweep. On Cloud Run, where the CPU is away between requests, Cloud
// Scheduler's POST is what counts.
const SweepEvery = 15 * time.Second

// answered hands a finding to the worker. It never blocks: when the worker is
// behind, it finds the finding by its due date.
func (a *App) answered(id string) {
	select {
	case a.unworked <- id:
	default:
	}
}

// wake has the sweep come by when a finding is due, if that is before the next
// tick: a message that waits for its turn in a channel would otherwise be a
// quarter of a minute late, and show buttons that decide nothing any more. It
// never blocks, and one that is missed waits for the tick.
func (a *App) wake(findings ...finding.Finding) {
	for _, f := range findings {
		if f.State == state.Undone {
			a.answered(f.UndoOf) // whose card says so
		}
		if f.DueAt.IsZero() {
			continue
		}
		if after := f.DueAt.Sub(a.opts.Now()); after < SweepEvery {
			select {
			case a.due <- max(after, 0):
			default:
			}
		}
	}
}

// later has something done that nobody waits for. It never blocks: what there is
// no room for is left out, so it must be something one can do without.
func (a *App) later(do func(context.Context)) {
	select {
	case a.errands <- do:
	default:
		a.log.Warn("an errand was left out, as too many wait")
	}
}

// runErrands does what was left for later, until ctx ends.
func (a *App) runErrands(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case do := <-a.errands:
			do(ctx)
		}
	}
}

// sweepFor is how long a sweep that was asked for goes on with what is due
// soon: less than the minute after which the next one is asked for.
const sweepFor = 50 * time.Second

// leastPause is between two sweeps of one process: what is due and stays so, as another
// process is at it, is not looked at all the time.
const leastPause = 2 * time.Second

// untilNext is how long this process may rest: until the next thing is due, and no longer
// than usual. What a process died over is gone on with when its lease is over.
func (a *App) untilNext(ctx context.Context, every time.Duration) time.Duration {
	now := a.opts.Now()
	due, err := a.store.Due(ctx, now.Add(every), 1)
	if err != nil || len(due) == 0 {
		return every
	}
	return min(max(due[0].DueAt.Sub(now), leastPause), every)
}

// sweeping sweeps until ctx ends.
func (a *App) sweeping(ctx context.Context, every time.Duration) {
	tick := time.NewTimer(a.untilNext(ctx, every))
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			a.lastRoot(ctx)
			return
		case <-tick.C:
		case after := <-a.due:
			if err := a.opts.Wait(ctx, after); err != nil {
				continue // ctx ended, or the tick will do
			}
		}
		if _, err := a.SweepFor(ctx, every); err != nil && ctx.Err() == nil {
			a.log.ErrorContext(ctx, "sweep", "error", err.Error())
		}
		measured.Standing(ctx, a.opts.measuring(), a.store, a.opts.Telemetry)
		tick.Reset(a.untilNext(ctx, every))
	}
}

// lastRoot has the roots hold what this process did since its last sweep: the next
// process may be a while.
func (a *App) lastRoot(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
	defer cancel()
	a.ExtendRoots(ctx)
}

// work does what answers left to do as they come, and sweeps beside it, until
// ctx ends.
func (a *App) work(ctx context.Context, every time.Duration) {
	var running sync.WaitGroup
	running.Go(func() { a.sweeping(ctx, every) })
	defer running.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case id := <-a.unworked:
			a.finish(ctx, id)
		}
	}
}

// finish does what a finding owes, and leaves to the sweep what cannot be done
// now.
func (a *App) finish(ctx context.Context, id string) {
	f, err := a.Work(ctx, id)
	if err != nil {
		a.log.ErrorContext(ctx, "work on finding", "finding", id, "error", err.Error())
	}
	a.wake(f)
}

// judging judges what is owed as it comes and as it falls due, until ctx ends.
func (a *App) judging(ctx context.Context, every time.Duration) {
	for ctx.Err() == nil {
		if _, err := a.JudgeOwed(ctx, a.opts.Now().Add(every), a.judgedLater); err != nil && ctx.Err() == nil {
			a.log.ErrorContext(ctx, "judge what is owed", "error", err.Error())
		}
		wait := every
		if next := a.owed.Next(); !next.IsZero() {
			wait = min(max(next.Sub(a.opts.Now()), time.Second/5), every)
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-a.owed.More():
		}
		timer.Stop()
	}
}

// scanAlong scans what is due, a step at a time, until ctx ends. It is apart from
// work, which people wait for.
func (a *App) scanAlong(ctx context.Context, every time.Duration) {
	each(ctx, every, func() {
		if err := a.scanner.Some(ctx); err != nil && ctx.Err() == nil {
			a.log.ErrorContext(ctx, "scan", "error", err.Error())
		}
	})
}

// ReadBaseline reads what is live where that was never read, and returns when no more of
// it can be read for now: nobody is blamed for what was there then. It does nothing for an
// hour after all was read.
func (a *App) ReadBaseline(ctx context.Context) error { return a.baseline.read(ctx) }

// readAlong reads the baseline, at once, and then what is new, until ctx ends.
func (a *App) readAlong(ctx context.Context, every time.Duration) {
	read := func() {
		if err := a.ReadBaseline(ctx); err != nil && ctx.Err() == nil {
			a.log.ErrorContext(ctx, "baseline", "error", err.Error())
		}
	}
	read()
	each(ctx, every, read)
}

// each does it each time that long has passed, until ctx ends.
func each(ctx context.Context, every time.Duration, do func()) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			do()
		}
	}
}

// serveSweep does what is due first: the scan takes what time is left.
func (a *App) serveSweep(w http.ResponseWriter, r *http.Request) {
	// Whoever hangs up cuts off no write: what is due is done, and no scan is begun then.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), 2*sweepFor)
	defer cancel()
	var owing sync.WaitGroup
	var unjudged error
	owing.Go(func() { _, unjudged = a.JudgeOwed(ctx, a.opts.Now().Add(sweepFor), a.judgedLater) })
	n, err := a.SweepFor(ctx, sweepFor)
	owing.Wait()
	err = errors.Join(err, unjudged)
	measured.Standing(ctx, a.opts.measuring(), a.store, a.opts.Telemetry)
	defer measured.Flush(ctx, a.opts.Telemetry) // there may be no CPU for it after the answer
	if r.Context().Err() == nil {
		err = errors.Join(err, a.ReadBaseline(r.Context()), a.scanner.Some(r.Context()))
	}
	if err != nil {
		a.log.ErrorContext(r.Context(), "sweep", "findings", n, "error", err.Error())
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	a.log.InfoContext(r.Context(), "sweep", "findings", n)
	w.WriteHeader(http.StatusNoContent)
}
