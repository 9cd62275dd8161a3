package firestore

import (
	"context"
	"fmt"

	"cloud.google.com/go/firestore"

	"github.com/rescind-dev/rescind/internal/store/record"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// Cell implements cells.Store.
func (s *Store) Cell(ctx context.Context, name string) (c cells.Cell, err error) {
	err = call(ctx, callTimeout, func(ctx context.Context) error {
		doc, err := read(ctx, s.doc(cellsIn, name))
		if err == nil {
			c, err = cellOf(doc, name)
		}
		return err
	})
	if err != nil {
		return cells.Cell{}, fmt.Errorf("read cell %q: %w", name, err)
	}
	return c, nil
}

// SetCell implements cells.Store.
func (s *Store) SetCell(ctx context.Context, c cells.Cell) (cells.Cell, error) {
	at := c.Revision
	c.Revision++
	b, stored, err := record.Cell(c)
	if err != nil {
		return cells.Cell{}, err
	}
	doc := fields{layoutField: layout, recordField: b}
	if !c.KeepUntil.IsZero() {
		doc[expireField] = c.KeepUntil
	}
	err = call(ctx, callTimeout, func(ctx context.Context) error {
		return swap(ctx, s.doc(cellsIn, c.Name), func(old *firestore.DocumentSnapshot) (fields, error) {
			is, err := cellOf(old, c.Name)
			if err == nil && is.Revision != at {
				err = fmt.Errorf("at revision %d, stored is %d: %w", at, is.Revision, fault.ErrConflict)
			}
			return doc, err
		})
	})
	if err != nil {
		return cells.Cell{}, fmt.Errorf("set cell %q: %w", c.Name, err)
	}
	return stored, nil
}

// cellOf is a cell at revision 0 for a document that does not exist.
func cellOf(doc *firestore.DocumentSnapshot, name string) (cells.Cell, error) {
	if !doc.Exists() {
		return cells.Cell{Name: name}, nil
	}
	b, err := recordOf(doc)
	if err != nil {
		return cells.Cell{}, err
	}
	return record.ReadCell(b)
}
