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
			for _, name := range q.ready(atOnce - active) {
				active++
				go func() { ended <- q.workOff(ctx, j, name, until) }()
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
		if at := p.rests; !p.busy && (next.IsZero() || at.Before(next)) {
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

// ready takes at most so many places that do not rest, those first that rested longest,
// and that nobody in this process works off.
func (q *Queue) ready(most int) (names []string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.cfg.Now()
	for name, p := range q.places {
		if !p.busy && !p.rests.After(now) {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return q.places[a].rests.Compare(q.places[b].rests) })
	names = names[:min(len(names), most)]
	for _, name := range names {
		q.places[name].busy = true
	}
	return names
}

func (q *Queue) idle(name string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if p := q.places[name]; p != nil {
		p.busy = false
	}
}
