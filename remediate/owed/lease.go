package owed

import (
	"context"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
)

const (
	// leaseFor is for how long a place is one process's: what it judges in that time it
	// judges alone, so that the changes of a resource are judged in order.
	leaseFor = 2 * time.Minute
	// startWithin is how much of it is there for beginning with another change.
	startWithin = leaseFor / 2
	// releaseWithin is how long giving it back may take: the process may be about to stop.
	releaseWithin = 2 * time.Second
	// leaseKept is how long the cell of a place is kept after its lease.
	leaseKept = time.Hour
)

// lease says who works a place off, and until when the place is left alone.
type lease struct {
	By    string    `json:"by,omitempty"`
	Until time.Time `json:"until,omitzero"`
	Rests time.Time `json:"rests,omitzero"` // told to come again at its turn
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func leaseCell(place string) string { return "owed/" + place }

// claim takes the lease of the place, and returns when it is to be tried again where
// another process has it, or where the place rests. A process may take its own lease
// again.
func (q *Queue) claim(ctx context.Context, name string) (again time.Time, err error) {
	now := q.cfg.Now()
	_, err = cells.Change(ctx, q.cfg.Cells, leaseCell(name), now.Add(leaseFor+leaseKept), func(l lease) (lease, bool, error) {
		again = time.Time{}
		switch {
		case l.Rests.After(now):
			again = l.Rests
		case l.By != q.self && l.Until.After(now):
			again = earlier(l.Until, now.Add(lookEvery)) // it may be done before
		default:
			return lease{By: q.self, Until: now.Add(leaseFor)}, true, nil
		}
		return l, false, nil
	})
	if err != nil {
		return time.Time{}, fmt.Errorf("take the lease of %s: %w", name, err)
	}
	return again, nil
}

// release gives the lease back, and says until when the place rests. Where it fails the
// lease runs out.
func (q *Queue) release(ctx context.Context, name string, rests time.Time) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseWithin)
	defer cancel()
	now := q.cfg.Now()
	_, err := cells.Change(ctx, q.cfg.Cells, leaseCell(name), now.Add(leaseKept), func(l lease) (lease, bool, error) {
		if l.By != q.self {
			return l, false, nil
		}
		return lease{Rests: rests}, true, nil
	})
	if err != nil {
		q.cfg.Log.WarnContext(ctx, "the lease of a place that owes changes was not given back, it runs out", "place", name, "error", err.Error())
	}
}

// turnOf is when a rate, as the error says, lets the next request through; false where it
// is no rate that kept it.
func turnOf(err error, now time.Time) (time.Time, bool) {
	after, limited := fault.NextTurn(err)
	return now.Add(min(max(after, leastRest), mostRest)), limited
}

// How long a place is left alone whose rate is used up.
const (
	leastRest = 200 * time.Millisecond
	mostRest  = 5 * time.Minute
	// gather and mostGathered are how much longer it is left alone where that led to nothing.
	gather       = 5 * time.Second
	mostGathered = time.Minute
)
