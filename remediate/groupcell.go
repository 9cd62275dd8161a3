package remediate

import (
	"context"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/remediate/cells"
)

func groupCell(id string) string { return "group/" + id }

// readGroup returns the group, or one without an ID if there is none.
func readGroup(ctx context.Context, store cells.Store, id string) (Group, error) {
	g, _, err := cells.Read[Group](ctx, store, groupCell(id))
	if err != nil {
		return Group{}, fmt.Errorf("look up group %s: %w", id, err)
	}
	return g, nil
}

// changeGroup stores what change makes of the group; see cells.Change.
func changeGroup(ctx context.Context, store cells.Store, id string, now time.Time, change func(Group) (Group, bool, error)) (Group, error) {
	return cells.Change(ctx, store, groupCell(id), now.Add(keepGroup), change)
}
