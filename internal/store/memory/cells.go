package memory

import (
	"context"
	"fmt"

	"github.com/rescind-dev/rescind/internal/store/record"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// Cell implements cells.Store.
func (s *Store) Cell(ctx context.Context, name string) (cells.Cell, error) {
	defer s.lock()()
	if err := ctx.Err(); err != nil {
		return cells.Cell{}, err
	}
	return s.cell(name)
}

func (s *Store) cell(name string) (cells.Cell, error) {
	b, ok := s.cells[name]
	if !ok {
		return cells.Cell{Name: name}, nil
	}
	return record.ReadCell(b)
}

// SetCell implements cells.Store.
func (s *Store) SetCell(ctx context.Context, c cells.Cell) (cells.Cell, error) {
	defer s.lock()()
	if err := ctx.Err(); err != nil {
		return cells.Cell{}, err
	}
	old, err := s.cell(c.Name)
	if err != nil {
		return cells.Cell{}, err
	}
	if old.Revision != c.Revision {
		return cells.Cell{}, fmt.Errorf("set cell %q at revision %d, stored is %d: %w", c.Name, c.Revision, old.Revision, fault.ErrConflict)
	}
	c.Revision++
	b, stored, err := record.Cell(c)
	if err != nil {
		return cells.Cell{}, err
	}
	s.cells[c.Name] = b
	return stored, nil
}
