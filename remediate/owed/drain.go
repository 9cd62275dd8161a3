package owed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// GiveUpAfter is for how long a change is tried. After that it is judged as one of which
// nothing is known: it was acknowledged, so nobody sends it to a dead-letter topic.
const GiveUpAfter = 24 * time.Hour

// atOnce is how many places are worked off at one time.
const atOnce = 64

// Judge takes owed changes to their outcome.
type Judge interface {
	// Judge judges one; an error means that it may be judged another time.
	Judge(ctx context.Context, c cloud.Change) error
	// GiveUp ends one that could not be judged for GiveUpAfter, which why says.
	GiveUp(ctx context.Context, c cloud.Change, why error) error
}

// Drain judges what is owed and due, until nothing more is, or that time has come; what is
// owed meanwhile it judges as well. It returns how many it settled. What failed stays owed;
// an error says that the store could not be asked.
func (q *Queue) Drain(ctx context.Context, j Judge, until time.Time) (total int, err error) {
	ended, active := make(chan int, atOnce), 0
	for {
		if err == nil && ctx.Err() == nil && q.cfg.Now().Before(until) {
			err = q.look(ctx)
			for name, p := range q.ready(atOnce - active) {
				active++
				go func() {
					n := q.workOff(ctx, j, name, until)
					q.idle(p)
					ended <- n
				}()
			}
		}
		if active == 0 {
			return total, errors.Join(err, ctx.Err())
		}
		again := time.NewTimer(q.untilNext())
		select {
		case n := <-ended:
			total, active = total+n, active-1
		case <-q.more:
		case <-again.C:
		}
		again.Stop()
	}
}

// untilNext is how long it is until a place may be ready that is not now, a second at
// most.
func (q *Queue) untilNext() time.Duration {
	next := q.Next()
	if next.IsZero() {
		return time.Second
	}
	return min(max(next.Sub(q.cfg.Now()), leastRest), time.Second)
}

// Next is when something may be due; zero where nothing is known to be owed beside what
// is worked off.
func (q *Queue) Next() (next time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, p := range q.places {
		if at := p.ready(); !p.busy && (next.IsZero() || at.Before(next)) {
			next = at
			if next.IsZero() {
				next = q.cfg.Now()
			}
		}
	}
	return next
}

// look asks the store which places owe, unless it was asked a moment ago.
func (q *Queue) look(ctx context.Context) error {
	q.mu.Lock()
	now := q.cfg.Now()
	fresh := now.Sub(q.looked) < lookEvery
	if !fresh {
		q.looked = now
	}
	q.mu.Unlock()
	if fresh {
		return nil
	}
	for after := ""; ; {
		names, err := q.cfg.Store.OwedPlaces(ctx, after, batch)
		if err != nil {
			return fmt.Errorf("look which projects and regions owe: %w", err)
		}
		q.mu.Lock()
		for _, name := range names {
			q.known(name)
		}
		q.mu.Unlock()
		if len(names) < batch {
			return nil
		}
		after = names[len(names)-1]
	}
}

// ready takes at most so many places that do not rest, those first that are due longest,
// and that nobody in this process works off.
func (q *Queue) ready(most int) map[string]*place {
	q.mu.Lock()
	defer q.mu.Unlock()
	var names []string
	now := q.cfg.Now()
	for name, p := range q.places {
		if !p.busy && !p.ready().After(now) {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return q.places[a].ready().Compare(q.places[b].ready()) })
	taken := map[string]*place{}
	for _, name := range names[:min(len(names), most)] {
		taken[name] = q.places[name]
		taken[name].busy = true
	}
	return taken
}

// idle gives back what ready took. The place may have been forgotten since, and be known
// anew.
func (q *Queue) idle(p *place) {
	q.mu.Lock()
	defer q.mu.Unlock()
	p.busy = false
}
