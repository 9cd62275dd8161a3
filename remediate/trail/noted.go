package trail

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
)

const (
	// piles is over how many cells the notes are spread: all processes write to
	// them, and a sweep reads all of them.
	piles = 4
	// partSize is how many notes a pile's cell takes before they are put aside as a
	// part, so that a note costs the same however many wait.
	partSize = 32
	// maxParts bounds the parts of a pile, whose cell has to hold their numbers.
	maxParts = 1000
	// keepPart is how long a part is kept that is in a root, for a sweep of another
	// process that is about to read it.
	keepPart = time.Hour
)

// pile is heads that are in no root yet.
type pile struct {
	// Number is that of the part which Heads are to be: another one whenever some are
	// taken off, so that a full list has one content under its number.
	Number int64  `json:"number"`
	Heads  []Head `json:"heads,omitempty"`
	// Parts are the numbers of the lists that were full.
	Parts []int64 `json:"parts,omitempty"`
}

func pileCell(i int) string { return fmt.Sprintf("trail/pile/%d", i) }

func partCell(pile string, number int64) string { return fmt.Sprintf("%s/%d", pile, number) }

func pileCellOf(chain string) string {
	h := fnv.New32a()
	h.Write([]byte(chain))
	return pileCell(int(h.Sum32() % piles))
}

// Note has the next root hold the head. It may be noted again, and by several
// processes in any order.
func (r *Roots) Note(ctx context.Context, h Head) error {
	if r == nil {
		return nil
	}
	cell := pileCellOf(h.Chain)
	_, err := cells.Change(ctx, r.store, cell, time.Time{}, func(p pile) (pile, bool, error) {
		at := slices.IndexFunc(p.Heads, func(o Head) bool { return o.Chain == h.Chain })
		if at >= 0 && p.Heads[at].N >= h.N {
			return p, false, nil
		}
		if len(p.Heads) >= partSize {
			var err error
			if p, err = r.putAside(ctx, cell, p); err != nil {
				return p, false, err
			}
			at = -1
		}
		p.Heads = slices.Clone(p.Heads)
		if at < 0 {
			p.Heads = append(p.Heads, h)
		} else {
			p.Heads[at] = h
		}
		return p, true, nil
	})
	if err != nil {
		return fmt.Errorf("note the head of %s: %w", h.Chain, err)
	}
	return nil
}

// putAside stores the full list as a part, and returns the pile with an empty one. Who
// finds the part stored finds it as it is, as the list has one content under its
// number. A pile that another process changed meanwhile names no such part; the store
// forgets it in the end.
func (r *Roots) putAside(ctx context.Context, cell string, p pile) (pile, error) {
	if len(p.Parts) >= maxParts {
		return p, fmt.Errorf("%d heads wait for a root, and no sweep comes", len(p.Parts)*partSize+len(p.Heads))
	}
	_, err := cells.Set(ctx, r.store, cells.Cell{Name: partCell(cell, p.Number)}, p.Heads, r.now().Add(keepRoot))
	if err != nil && !errors.Is(err, fault.ErrConflict) {
		return p, err
	}
	return pile{Number: p.Number + 1, Parts: append(slices.Clone(p.Parts), p.Number)}, nil
}

// seen is what a sweep read of a pile, all of which is in a root once the sweep is done.
type seen struct {
	cell  string
	heads []Head
	parts []cells.Cell
	nums  []int64 // of the parts
}

// noted are the heads that are in no root, the latest of each chain, and where they
// were read; also with an error: what cannot be read keeps nothing else out, and waits.
func (r *Roots) noted(ctx context.Context) ([]Head, []seen, error) {
	latest := map[string]Head{}
	add := func(heads []Head) {
		for _, h := range heads {
			if was, there := latest[h.Chain]; !there || was.N < h.N {
				latest[h.Chain] = h
			}
		}
	}
	var all []seen
	var errs []error
	for i := range piles {
		p, c, err := cells.Read[pile](ctx, r.store, pileCell(i))
		if err != nil {
			errs = append(errs, err)
			continue
		}
		add(p.Heads)
		s := seen{cell: c.Name, heads: p.Heads}
		for _, number := range p.Parts {
			heads, c, err := cells.Read[[]Head](ctx, r.store, partCell(s.cell, number))
			if err == nil && c.Revision == 0 {
				err = fmt.Errorf("cell %s is missing, which holds %d heads", c.Name, partSize)
			}
			if err != nil {
				errs = append(errs, err)
				continue
			}
			add(heads)
			s.parts, s.nums = append(s.parts, c), append(s.nums, number)
		}
		all = append(all, s)
	}
	for i := range oldNoteCells {
		n, c, err := cells.Read[oldNotes](ctx, r.store, oldNoteCell(i))
		errs = append(errs, err)
		heads := slices.Collect(maps.Values(n))
		add(heads)
		all = append(all, seen{cell: c.Name, heads: heads})
	}
	out := slices.SortedFunc(maps.Values(latest), func(a, b Head) int { return cmp.Compare(a.Chain, b.Chain) })
	return out, all, errors.Join(errs...)
}

// forget takes the notes out that a root holds; one that was noted since stays.
func (r *Roots) forget(ctx context.Context, all []seen) error {
	var errs []error
	for _, s := range all {
		if len(s.heads) == 0 && len(s.parts) == 0 {
			continue
		}
		if err := r.takeOff(ctx, s); err != nil {
			errs = append(errs, err)
			continue
		}
		for _, part := range s.parts { // no pile names it any more
			_, err := cells.Set(ctx, r.store, part, []Head{}, r.now().Add(keepPart))
			if !errors.Is(err, fault.ErrConflict) { // another sweep does it
				errs = append(errs, err)
			}
		}
	}
	return errors.Join(errs...)
}

func (r *Roots) takeOff(ctx context.Context, s seen) error {
	if isOldNoteCell(s.cell) {
		return r.takeOffOld(ctx, s)
	}
	_, err := cells.Change(ctx, r.store, s.cell, time.Time{}, func(p pile) (pile, bool, error) {
		left := pile{
			Number: p.Number + 1,
			Heads:  slices.DeleteFunc(slices.Clone(p.Heads), func(h Head) bool { return slices.Contains(s.heads, h) }),
			Parts:  slices.DeleteFunc(slices.Clone(p.Parts), func(n int64) bool { return slices.Contains(s.nums, n) }),
		}
		return left, len(left.Heads) < len(p.Heads) || len(left.Parts) < len(p.Parts), nil
	})
	return err
}
