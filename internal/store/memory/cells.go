package memory

import (
	"context"
	"fmt"

	"github.com/rescind-dev/rescind/internal/store/record"
	"github.com/rescind-dev/rescind/remediate"
)

// Cell implements remediate.CellStore.
func (s *Store) Cell(ctx context.Context, name string) (remediate.Cell, error) {
	defer s.lock()()
	if err := ctx.Err(); err != nil {
		return remediate.Cell{}, err
	}
	return s.cell(name)
}

func (s *Store) cell(name string) (remediate.Cell, error) {
	b, ok := s.cells[name]
	if !ok {
		return remediate.Cell{Name: name}, nil
	}
	return record.ReadCell(b)
}

// SetCell implements remediate.CellStore.
func (s *Store) SetCell(ctx context.Context, c remediate.Cell) (remediate.Cell, error) {
	defer s.lock()()
	if err := ctx.Err(); err != nil {
		return remediate.Cell{}, err
	}
	old, err := s.cell(c.Name)
	if err != nil {
		return remediate.Cell{}, err
	}
	if old.Revision != c.Revision {
		return remediate.Cell{}, fmt.Errorf("set cell %q at revision %d, stored is %d: %w", c.Name, c.Revision, old.Revision, remediate.ErrConflict)
	}
	c.Revision++
	b, stored, err := record.Cell(c)
	if err != nil {
		return remediate.Cell{}, err
	}
	s.cells[c.Name] = b
	return stored, nil
}
