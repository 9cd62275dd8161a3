package cells

import (
	"context"
	"time"
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
