package owed

import (
	"context"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
	leases "github.com/rescind-dev/rescind/remediate/lease"
)

const (
	// batch is how many changes of a place are read at one time.
	batch = 100
	// firstWait and longestWait bound how long a resource is left alone whose change failed.
	firstWait   = 5 * time.Second
	longestWait = 5 * time.Minute
	// limitedInRow is how many resources in a row have to meet a rate for the place to
	// rest: one of them may have met that of another project.
	limitedInRow = 3
)

// pass is one walk of a worker along the line of a place. It goes on where the one before
// left off, so that a long line behind one that fails keeps back nobody for good.
type pass struct {
	*Queue
	name string
	mine lease
	line line

	settled, limited int
	rests            time.Time // the place's rate has no turn before; zero for none
}

// line is how far the walk along a place's changes is.
type line struct {
	after   Position
	skipped map[string]bool // resources that waited when the walk came past the first of them
	seen    int
}

// end is what a worker leaves behind: how many it settled, whether the place owes nothing,
// and else when something may be due.
type end struct {
	settled int
	empty   bool
	next    time.Time
	resting bool // next is when a rate has a turn, or the place another worker's lease ends
	line    line
	added   int
}

// workOff judges what one place owes, in order.
func (q *Queue) workOff(ctx context.Context, j Judge, name string, p *place, until time.Time) end {
	from, added := q.from(p)
	var mine lease
	var again time.Time
	err := q.recountPlace(ctx, name) // before the claim, which an error would leave behind
	if err == nil {
		mine, again, err = q.claim(ctx, name)
	}
	if err != nil || !again.IsZero() { // another worker has it, or its rate is used up
		return end{next: q.orLater(ctx, err, again), resting: true, line: from, added: added}
	}
	w := &pass{Queue: q, name: name, mine: mine, line: from}
	ends := earlier(q.cfg.Now().Add(startWithin), until)
	through := false
	leases.While(ctx, func(ctx context.Context) error { return q.renew(ctx, name, mine.Token) }, func(ctx context.Context) {
		through, err = w.walk(ctx, j, ends)
	})
	e := end{settled: w.settled, line: w.line, added: added}
	switch {
	case err != nil:
	case !w.rests.IsZero():
		w.rests = q.strike(p, w.settled, w.rests)
		e.next, e.resting = w.rests, true
	case through && w.line.seen == 0:
		e.empty = true
	case through: // others may put something there, which nobody tells this process
		e.next = earlier(w.mine.first(), q.cfg.Now().Add(lookEvery))
	}
	if through {
		e.line = line{}
	}
	if released := q.release(ctx, name, w.mine, w.rests); err == nil {
		err = released
	}
	e.next = q.orLater(ctx, err, e.next)
	return e
}

// orLater is when to come again; after a while where the store did not do as asked.
func (q *Queue) orLater(ctx context.Context, err error, next time.Time) time.Time {
	if err == nil {
		return next
	}
	if ctx.Err() == nil { // else this process stops
		q.trouble(err)
	}
	return q.cfg.Now().Add(firstWait)
}

// walk goes along the line until its end, which it reports, or until the time has come, or
// the place has to rest.
func (w *pass) walk(ctx context.Context, j Judge, ends time.Time) (through bool, err error) {
	for {
		next, err := w.cfg.Store.Owed(ctx, Query{Place: w.name, After: w.line.after, Limit: batch})
		if _, err = fault.Readable(err); err != nil { // what a later release put there is left to it
			return false, fmt.Errorf("list what %s owes: %w", w.name, err)
		}
		for _, c := range next {
			if ctx.Err() != nil || !w.cfg.Now().Before(ends) || !w.rests.IsZero() {
				return false, ctx.Err()
			}
			if err := w.take(ctx, j, c); err != nil {
				return false, err
			}
			w.line.after = c.Position()
			w.line.seen++
		}
		if len(next) < batch {
			return w.rests.IsZero(), nil
		}
	}
}

// take judges the change, unless its resource waits.
func (w *pass) take(ctx context.Context, j Judge, c Change) error {
	resource := c.Change.Resource.String()
	if w.line.skipped[resource] || w.mine.wait(resource).Until.After(w.cfg.Now()) {
		w.skip(resource)
		return nil
	}
	err := j.Judge(ctx, c.Change)
	now := w.cfg.Now()
	turn, limited := turnOf(err, now)
	switch {
	case err == nil:
		return w.settle(ctx, c, resource)
	case ctx.Err() != nil: // this process stops
		return ctx.Err()
	case now.Sub(c.Since) >= GiveUpAfter:
		if err := j.GiveUp(ctx, c.Change, err); err != nil {
			w.failed(resource, err)
			return nil
		}
		return w.settle(ctx, c, resource)
	case limited:
		w.heldBack(resource, err, turn)
	default:
		w.failed(resource, err)
	}
	return nil
}

func (w *pass) settle(ctx context.Context, c Change, resource string) error {
	if err := w.cfg.Store.Settle(ctx, c.ID); err != nil {
		return fmt.Errorf("settle change %s: %w", c.Change.ID, err)
	}
	w.mine.drop(resource)
	w.give(c.Place)
	w.settled++
	w.limited = 0
	return nil
}

func (w *pass) skip(resource string) {
	if w.line.skipped == nil {
		w.line.skipped = map[string]bool{}
	}
	w.line.skipped[resource] = true
}

// heldBack has the resource wait until the rate that it met has a turn, and the place with
// it where that is likely the place's own.
func (w *pass) heldBack(resource string, why error, turn time.Time) {
	was := w.mine.wait(resource)
	was.Until, was.Why = turn.Add(gathering(was.Limited)), why.Error()
	was.Limited++
	w.limited++
	if !w.mine.put(was) || w.limited >= limitedInRow {
		w.rests = turn
	}
	w.skip(resource)
}

// gathering is for how long turns are let gather after so many times in a row in which they
// were used up and led to nothing.
func gathering(times int) time.Duration {
	return min(time.Duration(times)*gather, mostGathered)
}

// failed has the resource wait longer and longer, or the whole place where too many do.
func (w *pass) failed(resource string, why error) {
	was := w.mine.wait(resource)
	wait := longestWait
	if was.Tries < 6 {
		wait = min(firstWait<<was.Tries, longestWait)
	}
	was.Tries++
	was.Until, was.Why = w.cfg.Now().Add(wait), why.Error()
	if !w.mine.put(was) {
		w.rests = w.cfg.Now().Add(firstWait)
	}
	w.skip(resource)
}
