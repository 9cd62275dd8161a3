package group

import (
	"context"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/remediate/cells"
)

func groupCell(id string) string { return "group/" + id }

// Read returns the group, or one without an ID if there is none.
func Read(ctx context.Context, store cells.Store, id string) (Group, error) {
	g, _, err := cells.Read[Group](ctx, store, groupCell(id))
	if err != nil {
		return Group{}, fmt.Errorf("look up group %s: %w", id, err)
	}
	return g, nil
}

// Change stores what change makes of the group; see cells.Change.
func Change(ctx context.Context, store cells.Store, id string, now time.Time, change func(Group) (Group, bool, error)) (Group, error) {
	return cells.Change(ctx, store, groupCell(id), now.Add(keepGroup), change)
}

func roundupCell(channel string) string { return "flood/" + channel }

func readRoundup(ctx context.Context, store cells.Store, channel string) (Roundup, error) {
	d, _, err := cells.Read[Roundup](ctx, store, roundupCell(channel))
	if err != nil {
		return Roundup{}, fmt.Errorf("look up the new messages of %s: %w", channel, err)
	}
	d.Channel = channel
	return d, nil
}

// changeRoundup stores what change makes of the record; see cells.Change.
func changeRoundup(ctx context.Context, store cells.Store, channel string, now time.Time, change func(Roundup) (Roundup, bool)) (Roundup, error) {
	return cells.Change(ctx, store, roundupCell(channel), now.Add(keepRoundup), func(d Roundup) (Roundup, bool, error) {
		d.Channel = channel
		next, changed := change(d)
		return next, changed, nil
	})
}
