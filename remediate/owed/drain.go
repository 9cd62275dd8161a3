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

const (
	// atOnce is how many places are worked off at one time.
	atOnce = 64
	// lookAtOnce is how many places the store is asked for at one time.
	lookAtOnce = 50
)

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
					e := q.workOff(ctx, j, name, p, until)
					q.idle(name, p, e)
					ended <- e.settled
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
		if at := p.next; !p.busy && (next.IsZero() || at.Before(next)) {
			next = at
			if next.IsZero() {
				return q.cfg.Now()
			}
		}
	}
	return next
}

// look asks the store which places owe, some of them at a time, unless it was asked a
// moment ago and told all.
func (q *Queue) look(ctx context.Context) error {
	q.mu.Lock()
	now, after := q.cfg.Now(), q.lookedAt
	fresh := after == "" && now.Sub(q.looked) < lookEvery
	if !fresh {
		q.looked = now
	}
	q.mu.Unlock()
	if fresh {
		return nil
	}
	names, err := q.cfg.Store.OwedPlaces(ctx, after, lookAtOnce)
	q.mu.Lock()
	defer q.mu.Unlock()
	q.lookedAt = ""
	if err != nil {
		return fmt.Errorf("look which projects and regions owe: %w", err)
	}
	for _, name := range names {
		q.known(name)
	}
	if len(names) == lookAtOnce {
		q.lookedAt = names[len(names)-1]
	}
	return nil
}

// ready takes at most so many places that do not rest, those first that were longest
// without, and that nobody in this process works off.
func (q *Queue) ready(most int) map[string]*place {
	q.mu.Lock()
	defer q.mu.Unlock()
	var names []string
	now := q.cfg.Now()
	for name, p := range q.places {
		if !p.busy && !p.next.After(now) {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return q.places[a].since().Compare(q.places[b].since()) })
	taken := map[string]*place{}
	for _, name := range names[:min(len(names), most)] {
		taken[name] = q.places[name]
		taken[name].busy = true
	}
	return taken
}

// from is where a worker goes on along the line of the place, and how many changes this
// process put there by now.
func (q *Queue) from(p *place) (line, int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return p.line, p.added
}

// idle gives back what ready took, with what the worker left. A place that owes nothing is
// forgotten, unless something was put there since: then it is due.
func (q *Queue) idle(name string, p *place, e end) {
	q.mu.Lock()
	defer q.mu.Unlock()
	p.busy, p.worked, p.line, p.rests = false, q.cfg.Now(), e.line, e.resting
	switch news := p.added != e.added; {
	case e.empty && !news:
		q.setOwes(name, p, 0)
		delete(q.places, name)
	case news && e.next.After(p.worked) && !e.resting:
		p.next = time.Time{}
	default:
		p.next = e.next
	}
}

// strike is until when a place rests whose rate has its next turn then: longer where the
// turns before led to nothing.
func (q *Queue) strike(p *place, settled int, turn time.Time) time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	if settled > 0 {
		p.strikes = 0
		return turn
	}
	p.strikes++
	return turn.Add(gathering(p.strikes - 1))
}
