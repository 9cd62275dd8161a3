package owed

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
	leases "github.com/rescind-dev/rescind/remediate/lease"
	"github.com/rescind-dev/rescind/remediate/trail"
)

const (
	// startWithin is for how long a worker goes on with a place. For as long it renews its
	// lease: what it judges it judges alone, so that the changes of a resource are judged in
	// order.
	startWithin = time.Minute
	// releaseWithin is how long giving it back may take: the process may be about to stop.
	releaseWithin = 2 * time.Second
	// leaseKept is how long the cell of a place is kept after its lease.
	leaseKept = 48 * time.Hour
	// maxWaits bounds the resources of a place that wait each for themselves: where more
	// fail, the whole place is left alone for a while.
	maxWaits = 100
	// longestWhy bounds what is kept of a reason, in bytes.
	longestWhy = 300
)

// lease says who works a place off, and what of it waits.
type lease struct {
	Token string    `json:"token,omitempty"` // of the claim; "" where nobody does
	Until time.Time `json:"until,omitzero"`
	Rests time.Time `json:"rests,omitzero"` // its rate has no turn before
	Waits []Wait    `json:"waits,omitempty"`
}

// Wait is a resource whose first change could not be judged: all that is owed of it is left
// alone until then.
type Wait struct {
	Resource string    `json:"resource"`
	Until    time.Time `json:"until"`
	Tries    int       `json:"tries"`             // how often in a row it failed
	Limited  int       `json:"limited,omitempty"` // how often in a row a rate was used up for it
	Why      string    `json:"why"`
}

// WaitsOf returns what waits in the place.
func WaitsOf(ctx context.Context, s cells.Store, place string) ([]Wait, error) {
	l, _, err := cells.Read[lease](ctx, s, leaseCell(place))
	return l.Waits, err
}

func leaseCell(place string) string { return "owed/" + place }

// wait returns what is known of the resource; the zero Wait for nothing.
func (l *lease) wait(resource string) Wait {
	if i := l.index(resource); i >= 0 {
		return l.Waits[i]
	}
	return Wait{Resource: resource}
}

func (l *lease) index(resource string) int {
	return slices.IndexFunc(l.Waits, func(w Wait) bool { return w.Resource == resource })
}

// put notes that the resource waits; false where too many do.
func (l *lease) put(w Wait) bool {
	w.Why = trail.Fit(w.Why, longestWhy)
	if i := l.index(w.Resource); i >= 0 {
		l.Waits[i] = w
		return true
	}
	if len(l.Waits) >= maxWaits {
		return false
	}
	l.Waits = append(l.Waits, w)
	return true
}

func (l *lease) drop(resource string) {
	if i := l.index(resource); i >= 0 {
		l.Waits = slices.Delete(l.Waits, i, i+1)
	}
}

// first is when the first of those that wait is due; zero for none.
func (l *lease) first() (at time.Time) {
	for _, w := range l.Waits {
		if at.IsZero() || w.Until.Before(at) {
			at = w.Until
		}
	}
	return at
}

// claim takes the lease of the place, and returns when it is to be tried again where
// another worker has it, or where the place rests.
func (q *Queue) claim(ctx context.Context, name string) (mine lease, again time.Time, err error) {
	now, token := q.cfg.Now(), q.cfg.NewID()
	mine, err = cells.Change(ctx, q.cfg.Cells, leaseCell(name), now.Add(leaseKept), func(l lease) (lease, bool, error) {
		again = time.Time{}
		switch {
		case l.Rests.After(now):
			again = earlier(l.Rests, now.Add(mostRest+mostGathered)) // a clock may be ahead
		case l.Token != "" && l.Until.After(now):
			again = earlier(l.Until, now.Add(lookEvery)) // it may be done before
		default:
			return lease{Token: token, Until: now.Add(leases.For), Waits: l.Waits}, true, nil
		}
		return l, false, nil
	})
	if err != nil {
		return lease{}, time.Time{}, fmt.Errorf("take the lease of %s: %w", name, err)
	}
	return mine, again, nil
}

// renew keeps the lease of whoever works the place off; it returns an error that matches
// leases.ErrLost where that is another worker by now.
func (q *Queue) renew(ctx context.Context, name, token string) error {
	now := q.cfg.Now()
	_, err := cells.Change(ctx, q.cfg.Cells, leaseCell(name), now.Add(leaseKept), func(l lease) (lease, bool, error) {
		if l.Token != token {
			return l, false, leases.ErrLost
		}
		l.Until = now.Add(leases.For)
		return l, true, nil
	})
	if err != nil {
		return fmt.Errorf("renew the lease of %s: %w", name, err)
	}
	return nil
}

// release gives the lease back, and says until when the place rests, and what waits. Where
// it fails the lease runs out; where it ran out it is another's by now.
func (q *Queue) release(ctx context.Context, name string, mine lease, rests time.Time) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseWithin)
	defer cancel()
	_, err := cells.Change(ctx, q.cfg.Cells, leaseCell(name), q.cfg.Now().Add(leaseKept), func(l lease) (lease, bool, error) {
		if l.Token != mine.Token {
			return l, false, nil
		}
		return lease{Rests: rests, Waits: mine.Waits}, true, nil
	})
	if err != nil {
		return fmt.Errorf("give back the lease of %s, which runs out: %w", name, err)
	}
	return nil
}

// turnOf is when a rate, as the error says, lets the next request through; false where it
// is no rate that kept it.
func turnOf(err error, now time.Time) (time.Time, bool) {
	after, limited := fault.NextTurn(err)
	return now.Add(min(max(after, leastRest), mostRest)), limited
}

// How long a place, or a resource, is left alone whose rate is used up.
const (
	leastRest = 200 * time.Millisecond
	mostRest  = 5 * time.Minute
	// gather and mostGathered are how much longer it is where that led to nothing: where
	// turns come one by one a change that needs several would use each up and get no further.
	gather       = 5 * time.Second
	mostGathered = time.Minute
)

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
