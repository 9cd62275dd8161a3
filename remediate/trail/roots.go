package trail

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// maxHeads bounds a root: a cell has to hold it.
const maxHeads = 500

// Roots keeps the chain of roots up to date, at a cost of what changed since. Whoever
// adds to a chain notes its head; a sweep puts what was noted into the next root,
// with the heads of the ledger. A note is taken out once a root holds it, so that a
// crash in between has it held twice and never lost.
//
// A Roots is safe for concurrent use, and several processes may have one over one
// store. The nil Roots keeps nothing.
type Roots struct {
	store  cells.Store
	ledger *Ledger
	now    func() time.Time
}

// NewRoots returns the roots in the store, of the findings whose heads are noted and
// of the ledger.
func NewRoots(store cells.Store, ledger *Ledger, now func() time.Time) *Roots {
	return &Roots{store: store, ledger: ledger, now: now}
}

// rooted is up to where the roots have come.
type rooted struct {
	// Since is the marker: when a rescind that makes roots first had the store.
	// Whatever is from later has a hash.
	Since time.Time `json:"since"`
	N     int       `json:"n"` // of the last root, at least
	Hash  string    `json:"hash"`
	At    time.Time `json:"at,omitzero"`
	// Day and DayN are up to where the ledger is in them.
	Day  string `json:"day"`
	DayN int    `json:"day_n"`
	// Older is up to where the findings from before Since are in them.
	Older Place `json:"older"`
	// Taken is the last root that was taken out of the store.
	Taken int `json:"taken"`
}

// Place is a place in the list of findings, newest first.
type Place struct {
	At   time.Time `json:"at,omitzero"`
	ID   string    `json:"id,omitempty"`
	Done bool      `json:"done,omitempty"` // at its end
}

const rootedCell = "trail/roots"

// Begin sets the marker, if that was not done before.
func (r *Roots) Begin(ctx context.Context) error {
	if r == nil {
		return nil
	}
	_, _, err := r.begun(ctx)
	return err
}

func (r *Roots) begun(ctx context.Context) (rooted, cells.Cell, error) {
	at, c, err := cells.Read[rooted](ctx, r.store, rootedCell)
	if err != nil || c.Revision > 0 {
		return at, c, err
	}
	now := r.now().UTC().Round(0)
	at = rooted{Since: now, Day: dayOf(now.Add(-Keep))}
	c, err = cells.Set(ctx, r.store, c, at, time.Time{})
	if errors.Is(err, fault.ErrConflict) {
		return cells.Read[rooted](ctx, r.store, rootedCell)
	}
	return at, c, err
}

// Older lists heads of findings that were begun before that time, a few of them: those
// after the place, and the place where the next list goes on.
type Older func(ctx context.Context, after Place, before time.Time) ([]Head, Place, error)

// Extend adds roots that hold what was noted since the last one, how far the ledger
// has come, and a few of what was there before the first. It gives take the roots that
// were not taken out of the store yet; what take fails for is given again. Of
// processes that extend at once one does, and the others leave it to the next time.
func (r *Roots) Extend(ctx context.Context, older Older, take func([]Root) error) error {
	if r == nil {
		return nil
	}
	at, c, err := r.begun(ctx)
	if err != nil {
		return err
	}
	last, err := r.last(ctx, at)
	if err != nil {
		return err
	}
	next := at
	noted, piles, err := r.noted(ctx)
	errs := []error{err}
	days, err := r.days(ctx, &next)
	errs = append(errs, err)
	before, err := r.before(ctx, &next, older)
	errs = append(errs, err)
	for heads := range slices.Chunk(slices.Concat(noted, days, before), maxHeads) {
		if last, err = r.append(ctx, last, at.Since, heads); err != nil {
			if errors.Is(err, fault.ErrConflict) {
				err = nil // another process is at it
			}
			return errors.Join(append(errs, err)...)
		}
	}
	next.N, next.Hash, next.At = last.N, last.Hash, last.At
	errs = append(errs, r.take(ctx, &next, take), r.forget(ctx, piles))
	if next != at {
		if _, err := cells.Set(ctx, r.store, c, next, time.Time{}); !errors.Is(err, fault.ErrConflict) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// last is the newest root, of which the cell may know nothing after a crash.
func (r *Roots) last(ctx context.Context, at rooted) (Root, error) {
	last := Root{N: at.N, Hash: at.Hash, At: at.At}
	for {
		next, found, err := r.root(ctx, last.N+1)
		if err != nil || !found {
			return last, err
		}
		last = next
	}
}

func (r *Roots) root(ctx context.Context, n int) (Root, bool, error) {
	root, c, err := cells.Read[Root](ctx, r.store, rootCell(n))
	return root, c.Revision > 0, err
}

func rootCell(n int) string { return fmt.Sprintf("trail/root/%d", n) }

// append stores the root after last, which holds the marker and the heads.
func (r *Roots) append(ctx context.Context, last Root, since time.Time, heads []Head) (Root, error) {
	root := Root{N: last.N + 1, At: r.now().UTC().Round(0), Prev: last.Hash, PrevAt: last.At, Since: since, Heads: heads}
	root.Hash = root.link()
	_, err := cells.Set(ctx, r.store, cells.Cell{Name: rootCell(root.N)}, root, root.At.Add(keepRoot))
	return root, err
}

// maxDays bounds the days of the ledger that one sweep looks at: as many as are kept,
// which the first one does.
const maxDays = 405

// days are the heads of the ledger that are in no root, also with an error: a record
// that cannot be read keeps what is behind it on its day out, and no other day.
func (r *Roots) days(ctx context.Context, at *rooted) (out []Head, err error) {
	if r.ledger == nil {
		return nil, nil
	}
	var broken error
	for range maxDays {
		h, err := r.ledger.settled(ctx, at.Day)
		var unread *unreadError
		if errors.As(err, &unread) {
			broken = errors.Join(broken, err)
		} else if err != nil {
			return out, errors.Join(broken, err)
		}
		if h.N > at.DayN {
			out = append(out, h)
			at.DayN = h.N
		}
		end, err := dayEnd(at.Day)
		if err != nil {
			return out, err
		}
		if r.now().Before(end.Add(late)) {
			return out, broken
		}
		at.Day, at.DayN = dayOf(end), 0
	}
	return out, broken
}

// before are a few findings from before the marker.
func (r *Roots) before(ctx context.Context, at *rooted, older Older) ([]Head, error) {
	if at.Older.Done || older == nil {
		return nil, nil
	}
	heads, place, err := older(ctx, at.Older, at.Since)
	if err != nil {
		return nil, err
	}
	at.Older = place
	return heads, nil
}

// take gives roots that were not taken out yet, a hundred at most.
func (r *Roots) take(ctx context.Context, at *rooted, take func([]Root) error) error {
	var roots []Root
	for n := at.Taken + 1; n <= at.N && len(roots) < exportBatch; n++ {
		root, found, err := r.root(ctx, n)
		if err != nil {
			return err
		}
		if found { // or it was let go of: nothing was taken out for so long
			roots = append(roots, root)
		}
	}
	if len(roots) == 0 || take == nil {
		return nil
	}
	if err := take(roots); err != nil {
		return fmt.Errorf("export roots: %w", err)
	}
	at.Taken = roots[len(roots)-1].N
	return nil
}
