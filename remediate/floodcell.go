package remediate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

func roundupCell(channel string) string { return "flood/" + channel }

func readRoundup(ctx context.Context, cells CellStore, channel string) (Roundup, error) {
	c, err := cells.Cell(ctx, roundupCell(channel))
	if err != nil {
		return Roundup{}, fmt.Errorf("look up the new messages of %s: %w", channel, err)
	}
	d := Roundup{Channel: channel, stored: c.Revision}
	if len(c.Value) == 0 {
		return d, nil
	}
	if err := json.Unmarshal(c.Value, &d); err != nil {
		return Roundup{}, fmt.Errorf("read the new messages of %s: %w", channel, err)
	}
	return d, nil
}

// changeFlood stores what change makes of the record, starting over when
// another process was faster. A change that says false stores nothing.
func changeRoundup(ctx context.Context, cells CellStore, channel string, now time.Time, change func(Roundup) (Roundup, bool)) (Roundup, error) {
	for range groupTries {
		d, err := readRoundup(ctx, cells, channel)
		if err != nil {
			return Roundup{}, err
		}
		next, changed := change(d)
		if !changed {
			return next, nil
		}
		value, err := json.Marshal(next)
		if err != nil {
			return Roundup{}, fmt.Errorf("count the new messages of %s: %w", channel, err)
		}
		_, err = cells.SetCell(ctx, Cell{Name: roundupCell(channel), Revision: d.stored, Value: value, KeepUntil: now.Add(keepRoundup)})
		if err == nil {
			return next, nil
		}
		if !errors.Is(err, ErrConflict) {
			return Roundup{}, fmt.Errorf("count the new messages of %s: %w", channel, err)
		}
	}
	return Roundup{}, fmt.Errorf("count the new messages of %s: %w", channel, ErrConflict)
}
