package remediate

import (
	"context"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/remediate/cells"
)

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
