package cells

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
)

// Store keeps small values that several processes change: counts, places
// where somebody left off, what belongs together.
type Store interface {
	// Cell returns the cell of that name, at revision 0 with no value if it was
	// never set, or was and is no longer kept.
	Cell(ctx context.Context, name string) (Cell, error)
	// SetCell sets the cell if it is still at c.Revision, and returns it at the
	// next revision; otherwise an error matching fault.ErrConflict, and nothing is
	// written.
	SetCell(ctx context.Context, c Cell) (Cell, error)
}

// Cell is one value under a name. The zero Revision is that of a cell that was
// never set.
type Cell struct {
	Name     string `json:"name"` // any text but the empty one
	Revision int64  `json:"revision"`
	Value    []byte `json:"value"`
	// KeepUntil is from when on the store may forget it; zero for never. Until
	// it does, the cell is there.
	KeepUntil time.Time `json:"keep_until,omitzero"`
}

// tries bounds how often a change starts over because another process was
// faster. Of all that compete one gets through each time, so nobody waits in
// vain: it is more than will ever be at one cell at once.
const tries = 200

// Read returns the value that the cell of that name holds as JSON, with the cell:
// the zero value where the cell was never set, or is no longer kept. A value that
// is not such JSON, or has a field that T does not, is an error: see Decode.
func Read[T any](ctx context.Context, s Store, name string) (v T, c Cell, err error) {
	c, err = s.Cell(ctx, name)
	if err != nil {
		return v, Cell{}, fmt.Errorf("look up cell %s: %w", name, err)
	}
	c.Name = name
	if len(c.Value) == 0 {
		return v, c, nil
	}
	if err := Decode(c.Value, &v); err != nil {
		var zero T
		return zero, Cell{}, fmt.Errorf("read cell %s: %w", name, err)
	}
	return v, c, nil
}

// Decode reads what is stored as JSON. A value with a field that v has no place for is
// an error matching fault.ErrLater: releases run side by side during an upgrade, and to
// store the value again without the field would lose it.
func Decode(b []byte, v any) error {
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	err := dec.Decode(v)
	switch {
	case errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF
	case err != nil:
		// There is no type for it: https://go.dev/issue/29035.
		if field, unknown := strings.CutPrefix(err.Error(), "json: unknown field "); unknown {
			return fmt.Errorf("%w: it has the field %s", fault.ErrLater, field)
		}
		return err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("there is something behind the value")
	}
	return nil
}

// Set stores the value in the cell that Read returned, if nobody changed it since:
// otherwise an error matching fault.ErrConflict, and nothing is stored. It returns
// the cell as stored.
func Set(ctx context.Context, s Store, c Cell, v any, keepUntil time.Time) (Cell, error) {
	var err error
	if c.Value, err = json.Marshal(v); err != nil {
		return Cell{}, fmt.Errorf("store cell %s: %w", c.Name, err)
	}
	c.KeepUntil = keepUntil
	stored, err := s.SetCell(ctx, c)
	if err != nil {
		return Cell{}, fmt.Errorf("store cell %s: %w", c.Name, err)
	}
	return stored, nil
}

// Change stores what change makes of the value, to be kept until then (the zero
// time: for ever), and returns it. When another process was faster it starts over
// on what that one stored, so change may be called several times and must decide
// on its argument alone. One that returns false, or an error, stores nothing; what
// it returned is returned.
func Change[T any](ctx context.Context, s Store, name string, keepUntil time.Time, change func(T) (T, bool, error)) (T, error) {
	var zero T
	for range tries {
		v, c, err := Read[T](ctx, s, name)
		if err != nil {
			return zero, err
		}
		next, changed, err := change(v)
		if err != nil || !changed {
			return next, err
		}
		_, err = Set(ctx, s, c, next, keepUntil)
		switch {
		case err == nil:
			return next, nil
		case !errors.Is(err, fault.ErrConflict):
			return zero, err
		}
	}
	return zero, fmt.Errorf("change cell %s: %w", name, fault.ErrConflict)
}
