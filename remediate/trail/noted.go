package trail

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/remediate/cells"
)

const (
	// noteCells is over how many cells the notes are spread: all processes write
	// to them, and a sweep reads all of them.
	noteCells = 4
	// maxNotes bounds the notes in one cell, which has to hold them.
	maxNotes = 2500
)

// notes are heads that are in no root yet, by their chain.
type notes map[string]Head

func noteCell(i int) string { return fmt.Sprintf("trail/noted/%d", i) }

func noteCellOf(chain string) string {
	h := fnv.New32a()
	h.Write([]byte(chain))
	return noteCell(int(h.Sum32() % noteCells))
}

// Note has the next root hold the head. It may be noted again, and by several
// processes in any order.
func (r *Roots) Note(ctx context.Context, h Head) error {
	if r == nil {
		return nil
	}
	_, err := cells.Change(ctx, r.store, noteCellOf(h.Chain), time.Time{}, func(n notes) (notes, bool, error) {
		was, there := n[h.Chain]
		switch {
		case there && was.N >= h.N:
			return n, false, nil
		case !there && len(n) >= maxNotes:
			return n, false, fmt.Errorf("%d heads wait for a root, and no sweep comes", len(n))
		}
		next := maps.Clone(n)
		if next == nil {
			next = notes{}
		}
		next[h.Chain] = h
		return next, true, nil
	})
	if err != nil {
		return fmt.Errorf("note the head of %s: %w", h.Chain, err)
	}
	return nil
}

// noted are the heads that are in no root yet, also with an error: those of a cell that
// cannot be read keep no others out.
func (r *Roots) noted(ctx context.Context) (out []Head, _ error) {
	var errs []error
	for i := range noteCells {
		n, _, err := cells.Read[notes](ctx, r.store, noteCell(i))
		errs = append(errs, err)
		for _, chain := range slices.Sorted(maps.Keys(n)) {
			out = append(out, n[chain])
		}
	}
	return out, errors.Join(errs...)
}

// forget takes the notes out that a root holds; one that was noted anew since stays.
func (r *Roots) forget(ctx context.Context, held []Head) error {
	in := map[string][]Head{}
	for _, h := range held {
		in[noteCellOf(h.Chain)] = append(in[noteCellOf(h.Chain)], h)
	}
	for cell, heads := range in {
		_, err := cells.Change(ctx, r.store, cell, time.Time{}, func(n notes) (notes, bool, error) {
			left := maps.Clone(n)
			for _, h := range heads {
				if left[h.Chain] == h {
					delete(left, h.Chain)
				}
			}
			return left, len(left) < len(n), nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
