package bolt

import (
	"context"
	"fmt"

	"go.etcd.io/bbolt"

	"github.com/rescind-dev/rescind/internal/store/record"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// Cell implements cells.Store.
func (s *Store) Cell(ctx context.Context, name string) (c cells.Cell, err error) {
	err = s.view(ctx, func(tx *bbolt.Tx) error {
		c, err = cell(tx, name)
		return err
	})
	if err != nil {
		return cells.Cell{}, fmt.Errorf("read cell %q: %w", name, err)
	}
	return c, nil
}

func cell(tx *bbolt.Tx, name string) (cells.Cell, error) {
	b := tx.Bucket(cellBucket).Get(digest(name))
	if b == nil {
		return cells.Cell{Name: name}, nil
	}
	return record.ReadCell(b)
}

// SetCell implements cells.Store.
func (s *Store) SetCell(ctx context.Context, c cells.Cell) (stored cells.Cell, err error) {
	err = s.update(ctx, func(tx *bbolt.Tx) error {
		old, err := cell(tx, c.Name)
		if err != nil {
			return err
		}
		if old.Revision != c.Revision {
			return fmt.Errorf("at revision %d, stored is %d: %w", c.Revision, old.Revision, fault.ErrConflict)
		}
		set := c // this may be done again
		set.Revision++
		b, next, err := record.Cell(set)
		stored = next
		if err != nil {
			return err
		}
		if err := reindex(tx, untilOf(old), untilOf(next)); err != nil {
			return err
		}
		return tx.Bucket(cellBucket).Put(digest(c.Name), b)
	})
	if err != nil {
		return cells.Cell{}, fmt.Errorf("set cell %q: %w", c.Name, err)
	}
	return stored, nil
}

// untilOf is the line that leads to the cell once it may be forgotten.
func untilOf(c cells.Cell) []entry {
	if c.Revision == 0 || c.KeepUntil.IsZero() {
		return nil
	}
	return []entry{{cellsUntil, append(earliestFirst(c.KeepUntil), digest(c.Name)...)}}
}
