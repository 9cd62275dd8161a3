package remediate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// groupTries is how often a change is made anew on what others stored. Forty
// findings that enter at once all change one record, and each round one is
// through.
const groupTries = 100

func groupCell(id string) string { return "group/" + id }

// readGroup returns the group, or one without an ID if there is none.
func readGroup(ctx context.Context, cells CellStore, id string) (Group, error) {
	c, err := cells.Cell(ctx, groupCell(id))
	if err != nil {
		return Group{}, fmt.Errorf("look up group %s: %w", id, err)
	}
	g := Group{stored: c.Revision}
	if len(c.Value) == 0 {
		return g, nil
	}
	if err := json.Unmarshal(c.Value, &g); err != nil {
		return Group{}, fmt.Errorf("read group %s: %w", id, err)
	}
	return g, nil
}

// changeGroup stores what change makes of the group, starting over when
// another process was faster. A change that says false stores nothing.
func changeGroup(ctx context.Context, cells CellStore, id string, now time.Time, change func(Group) (Group, bool, error)) (Group, error) {
	for range groupTries {
		g, err := readGroup(ctx, cells, id)
		if err != nil {
			return Group{}, err
		}
		next, changed, err := change(g)
		if err != nil || !changed {
			return next, err
		}
		value, err := json.Marshal(next)
		if err != nil {
			return Group{}, fmt.Errorf("store group %s: %w", id, err)
		}
		c, err := cells.SetCell(ctx, Cell{Name: groupCell(id), Revision: g.stored, Value: value, KeepUntil: now.Add(keepGroup)})
		if err == nil {
			next.stored = c.Revision
			return next, nil
		}
		if !errors.Is(err, ErrConflict) {
			return Group{}, fmt.Errorf("store group %s: %w", id, err)
		}
	}
	return Group{}, fmt.Errorf("store group %s: %w", id, ErrConflict)
}
