package trail

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// exportBatch bounds the records that one sweep takes out.
const exportBatch = 100

// late is how long after the end of a day its chain may still grow: the clocks
// of processes differ.
const late = 10 * time.Minute

// exportedTo is up to where the ledger was taken out.
type exportedTo struct {
	Day string `json:"day"`
	N   int    `json:"n"`
}

const exportedCell = "ledger/exported"

// Export gives take what was not taken out yet, at most a hundred records of one
// day, and remembers how far it came. What take fails for is given again; what it
// took may be given again, after a crash or by another process. Where a record cannot
// be read it waits until the day is over and goes on with the next, but for what a
// later release wrote, which that one takes out.
func (l *Ledger) Export(ctx context.Context, take func([]Record) error) error {
	at, c, err := l.exported(ctx)
	if err != nil {
		return err
	}
	es, next, err := l.after(ctx, at)
	var unread *unreadError
	if err != nil && !errors.As(err, &unread) {
		return err
	}
	if len(es) > 0 {
		if err := take(es); err != nil {
			return fmt.Errorf("export %d records of the ledger of %s: %w", len(es), es[0].Day, err)
		}
	}
	if next == at {
		return err
	}
	return errors.Join(err, l.setExported(ctx, c, next))
}

// exported is up to where the ledger was taken out, with the cell that says so.
func (l *Ledger) exported(ctx context.Context) (exportedTo, cells.Cell, error) {
	c, err := l.store.Cell(ctx, exportedCell)
	if err != nil {
		return exportedTo{}, cells.Cell{}, fmt.Errorf("read how far the ledger was exported: %w", err)
	}
	at := exportedTo{Day: dayOf(l.now().Add(-24 * time.Hour))} // of a ledger that is new
	if c.Revision > 0 {
		if err := cells.Decode(c.Value, &at); err != nil {
			return exportedTo{}, cells.Cell{}, fmt.Errorf("read how far the ledger was exported: %w", err)
		}
	}
	return at, c, nil
}

// after are records after that one, all of one day, and where that leads to: to
// the next day once the day is over and has no more that can be read. The error is an
// *unreadError beside them where one cannot.
func (l *Ledger) after(ctx context.Context, at exportedTo) ([]Record, exportedTo, error) {
	day, err := time.Parse(time.DateOnly, at.Day)
	if err != nil {
		return nil, at, fmt.Errorf("read how far the ledger was exported: %w", err)
	}
	var broken error
	for {
		var es []Record
		for len(es) < exportBatch {
			e, found, err := l.record(ctx, at.Day, at.N+1)
			var unread *unreadError
			if err != nil && (!errors.As(err, &unread) || errors.Is(err, fault.ErrLater)) {
				return es, at, err
			}
			if broken = errors.Join(broken, err); err != nil || !found {
				break
			}
			es, at.N = append(es, e), e.N
		}
		end := day.Add(24 * time.Hour)
		if len(es) > 0 || l.now().Before(end.Add(late)) {
			return es, at, broken
		}
		day, at = end, exportedTo{Day: dayOf(end)}
	}
}

// setExported says how far the ledger was taken out. Of two processes that do so
// at once one may be behind: what it does again is told apart by its hash.
func (l *Ledger) setExported(ctx context.Context, c cells.Cell, at exportedTo) error {
	b, err := json.Marshal(at)
	if err != nil {
		return err
	}
	c.Name, c.Value = exportedCell, b
	if _, err := l.store.SetCell(ctx, c); err != nil && !errors.Is(err, fault.ErrConflict) {
		return fmt.Errorf("record how far the ledger was exported: %w", err)
	}
	return nil
}
