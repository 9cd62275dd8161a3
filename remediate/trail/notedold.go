package trail

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/remediate/cells"
)

// A release without piles keeps its notes in these cells. It runs beside this one
// during an upgrade, so that they are read for as long as it may.

const (
	oldNoteCells  = 4
	oldNotePrefix = "trail/noted/"
)

func oldNoteCell(i int) string { return fmt.Sprint(oldNotePrefix, i) }

func isOldNoteCell(name string) bool { return strings.HasPrefix(name, oldNotePrefix) }

// oldNotes are heads by their chain.
type oldNotes map[string]Head

// takeOffOld is takeOff for such a cell.
func (r *Roots) takeOffOld(ctx context.Context, s seen) error {
	_, err := cells.Change(ctx, r.store, s.cell, time.Time{}, func(n oldNotes) (oldNotes, bool, error) {
		left := maps.Clone(n)
		for _, h := range s.heads {
			if left[h.Chain] == h {
				delete(left, h.Chain)
			}
		}
		return left, len(left) < len(n), nil
	})
	return err
}
