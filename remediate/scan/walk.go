package scan

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// ErrTakenOver says that another process has gone on with a walk.
var ErrTakenOver = errors.New("another process has gone on with it")

// Visit is what a walk came to in one place: a resource that was scanned, or a
// container of which a list could not be read.
type Visit struct {
	Resource cloud.Resource
	List     cloud.Kind // of the list that could not be read; empty where Resource was scanned
	Outcome  remediate.Outcome
	Err      error
}

// walker takes a round further. What it does is stored after every resource by
// compare-and-set, so of two that are at one round, one finds out and stops.
type walker struct {
	*Scanner
	cell  cells.Cell
	round Round
	// patient is true for a walk that waits for its turn where a rate holds it
	// back, rather than leave the rest to the next sweep.
	patient bool
	visit   func(Visit)
}

// open reads where a walk stands.
func (c *Scanner) open(ctx context.Context, name string) (*walker, error) {
	cell, err := c.cfg.Store.Cell(ctx, name)
	if err != nil {
		return nil, fmt.Errorf("look up where the scan stands: %w", err)
	}
	w := &walker{Scanner: c, cell: cell, visit: func(Visit) {}}
	if w.round, err = roundIn(cell); errors.Is(err, fault.ErrLater) {
		return nil, err
	} else if err != nil {
		c.cfg.Log.WarnContext(ctx, "scan begins anew", "error", err.Error())
	}
	return w, nil
}

// begin starts a round at those of the tops that are in scope.
func (w *walker) begin(ctx context.Context, tops []cloud.Resource) {
	tops = slices.DeleteFunc(slices.Clone(tops), func(r cloud.Resource) bool { return !w.cfg.Resources.MayBeInScope(ctx, r) })
	w.round = newRound(tops, w.cfg.Now())
}

// leased is how long one process has for a step of the walk: longer than one may take.
// Nothing is reverted by it, so another one need not be soon at what is left.
const leased = 5 * time.Minute

// save stores the round, held by this process until then; the zero time lets go.
func (w *walker) save(ctx context.Context, until time.Time) error {
	w.round.LeasedUntil = until
	var err error
	if w.cell.Value, err = json.Marshal(w.round); err != nil {
		return fmt.Errorf("store where the scan stands: %w", err)
	}
	stored, err := w.cfg.Store.SetCell(ctx, w.cell)
	if errors.Is(err, fault.ErrConflict) {
		return ErrTakenOver
	}
	if err != nil {
		return fmt.Errorf("store where the scan stands: %w", err)
	}
	w.cell = stored
	return nil
}

// run goes on until the end of the round, until more says to stop, or until an
// error that is not about one resource. It lets go of the round however it
// ends, so that the next one need not wait for the lease.
func (w *walker) run(ctx context.Context, more func() bool) (err error) {
	if err := w.save(ctx, w.cfg.Now().Add(leased)); err != nil {
		return err
	}
	for err == nil {
		t, left := w.round.next()
		if !left {
			w.round.Ended = w.cfg.Now()
		}
		if !left || !more() {
			break
		}
		if err = w.do(ctx, t); err == nil {
			err = w.save(ctx, w.cfg.Now().Add(leased))
		}
	}
	if errors.Is(err, ErrTakenOver) {
		return err
	}
	if _, limited := fault.NextTurn(err); limited {
		err = nil // the next one goes on here
	}
	release, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTimeout)
	defer cancel()
	return errors.Join(err, w.save(release, time.Time{}))
}

// releaseTimeout is how long a walk that was told to stop may take to say so.
const releaseTimeout = 5 * time.Second

// do does one task. What cannot be read is told and left behind; an error means
// that the task was not done, and the walk still stands before it.
func (w *walker) do(ctx context.Context, t task) error {
	at := ctx
	if !w.patient { // shorter than the lease, or another process would begin the same
		var cancel context.CancelFunc
		at, cancel = context.WithTimeout(ctx, leased-time.Minute)
		defer cancel()
	}
	if t.list != "" {
		return w.list(at, ctx, t)
	}
	var out remediate.Outcome
	err := w.inTurn(at, func() (err error) { out, err = w.cfg.Resources.Scan(at, t.at); return err })
	if err := w.interrupted(ctx, err); err != nil {
		return err
	}
	w.round.went()
	w.round.Scanned++
	w.round.Raised += len(out.Findings)
	w.saw(Visit{Resource: t.at, Outcome: out, Err: err})
	return nil
}

// list reads a page. What is excluded is not gone into, and what the scope names
// itself is walked as a top of its own.
func (w *walker) list(at, ctx context.Context, t task) error {
	var found []cloud.Resource
	var next string
	err := w.inTurn(at, func() (err error) { found, next, err = w.cfg.Inventory.List(at, t.at, t.list, t.page); return err })
	if err := w.interrupted(ctx, err); err != nil {
		return err
	}
	w.round.read(slices.DeleteFunc(found, func(r cloud.Resource) bool {
		return slices.Contains(w.cfg.Scope.Exclude, r) || slices.Contains(w.cfg.Scope.Include, r)
	}), next)
	if err != nil {
		w.saw(Visit{Resource: t.at, List: t.list, Err: err})
	}
	return nil
}

// interrupted is the error if it says nothing of the resource: the walk was told
// to stop, or has to wait for its turn.
func (w *walker) interrupted(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if _, limited := fault.NextTurn(err); limited && !w.patient {
		return err
	}
	return nil
}

func (w *walker) saw(v Visit) {
	if v.Err != nil {
		w.round.Failed++
	}
	w.visit(v)
}

// inTurn does it, where the walk is patient as often as it takes to have a turn.
func (w *walker) inTurn(ctx context.Context, do func() error) error {
	if !w.patient {
		return do()
	}
	return fault.InTurn(ctx, w.cfg.Wait, do)
}
