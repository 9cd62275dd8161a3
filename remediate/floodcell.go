package remediate

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

func floodCell(channel string) string { return "flood/" + channel }

func readFlood(ctx context.Context, cells CellStore, channel string) (Flood, error) {
	c, err := cells.Cell(ctx, floodCell(channel))
	if err != nil {
		return Flood{}, fmt.Errorf("look up the new messages of %s: %w", channel, err)
	}
	d := Flood{Channel: channel, stored: c.Revision}
	if len(c.Value) == 0 {
		return d, nil
	}
	if err := json.Unmarshal(c.Value, &d); err != nil {
		return Flood{}, fmt.Errorf("read the new messages of %s: %w", channel, err)
	}
	return d, nil
}

// changeFlood stores what change makes of the record, starting over when
// another process was faster. A change that says false stores nothing.
func changeFlood(ctx context.Context, cells CellStore, channel string, now time.Time, change func(Flood) (Flood, bool)) (Flood, error) {
	for range groupTries {
		d, err := readFlood(ctx, cells, channel)
		if err != nil {
			return Flood{}, err
		}
		next, changed := change(d)
		if !changed {
			return next, nil
		}
		value, err := json.Marshal(next)
		if err != nil {
			return Flood{}, fmt.Errorf("count the new messages of %s: %w", channel, err)
		}
		_, err = cells.SetCell(ctx, Cell{Name: floodCell(channel), Revision: d.stored, Value: value, KeepUntil: now.Add(keepFlood)})
		if err == nil {
			return next, nil
		}
		if !errors.Is(err, ErrConflict) {
			return Flood{}, fmt.Errorf("count the new messages of %s: %w", channel, err)
		}
	}
	return Flood{}, fmt.Errorf("count the new messages of %s: %w", channel, ErrConflict)
}
