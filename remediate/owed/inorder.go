package owed

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/fault"
)

const (
	// batch is how many changes of a place are read at one time.
	batch = 100
	// firstWait and longestWait bound how long a change that failed is left alone.
	firstWait   = 5 * time.Second
	longestWait = 5 * time.Minute
)

// workOff judges what one place owes, in order, and returns how many it settled.
func (q *Queue) workOff(ctx context.Context, j Judge, name string, until time.Time) (settled int) {
	again, err := q.claim(ctx, name)
	switch {
	case err != nil:
		q.failed(ctx, name, err)
		return 0
	case !again.IsZero(): // another process has it, or its rate is used up
		q.rest(name, again)
		q.failed(ctx, name, q.recountPlace(ctx, name))
		return 0
	}
	ends := q.cfg.Now().Add(startWithin)
	if until.Before(ends) {
		ends = until
	}
	settled, rests, err := q.inOrder(ctx, j, name, ends)
	q.failed(ctx, name, err)
	q.release(ctx, name, rests)
	return settled
}

// failed leaves the place alone for a while, as the store did not do as asked. To other
// processes that says nothing.
func (q *Queue) failed(ctx context.Context, name string, err error) {
	if err == nil {
		return
	}
	q.rest(name, q.cfg.Now().Add(firstWait))
	if ctx.Err() == nil { // else this process stops
		q.cfg.Log.WarnContext(ctx, "what a place owes is left for now", "place", name, "error", err.Error())
	}
}

// recountPlace asks the store how many the place owes: other processes settle, too.
func (q *Queue) recountPlace(ctx context.Context, name string) error {
	n, err := q.cfg.Store.CountOwed(ctx, name)
	if err != nil {
		return fmt.Errorf("count what %s owes: %w", name, err)
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	q.setOwes(name, q.known(name), n)
	return nil
}

// inOrder judges the changes of a place until none is due or the time has come. It returns
// until when the place rests, as its rate is used up; zero for not at all.
func (q *Queue) inOrder(ctx context.Context, j Judge, name string, ends time.Time) (settled int, rests time.Time, err error) {
	if err := q.recountPlace(ctx, name); err != nil {
		return 0, time.Time{}, err
	}
	waiting, err := q.putOff(ctx, name)
	if err != nil {
		return 0, time.Time{}, err
	}
	for {
		added := q.added(name)
		due, err := q.cfg.Store.Owed(ctx, Query{Place: name, DueBy: q.cfg.Now(), Limit: batch})
		switch _, err := fault.Readable(err); { // what a later release put there is left to it
		case err != nil:
			return settled, time.Time{}, fmt.Errorf("list what %s owes: %w", name, err)
		case len(due) == 0 && len(waiting) == 0:
			q.forget(name, added)
			return settled, time.Time{}, nil
		case len(due) == 0:
			q.notBefore(name, added, first(waiting))
			return settled, time.Time{}, nil
		}
		// What was put off is due later than what came after it.
		slices.SortStableFunc(due, func(a, b Change) int { return a.Since.Compare(b.Since) })
		for _, c := range due {
			if ctx.Err() != nil || !q.cfg.Now().Before(ends) {
				return settled, time.Time{}, ctx.Err()
			}
			done, busy, err := q.next(ctx, j, c, waiting)
			switch {
			case err != nil:
				return settled, time.Time{}, err
			case !busy.IsZero():
				return settled, q.rest(name, q.strike(name, settled, busy)), nil
			case done:
				settled++
			}
		}
	}
}

// next judges the change, unless one of its resource waits: then it waits behind that one.
func (q *Queue) next(ctx context.Context, j Judge, c Change, waiting map[cloud.Resource]time.Time) (settled bool, rests time.Time, _ error) {
	at := waiting[c.Change.Resource]
	if !at.After(q.cfg.Now()) {
		return q.judge(ctx, j, c, waiting)
	}
	c.DueAt = at.Add(time.Microsecond)
	waiting[c.Change.Resource] = c.DueAt
	if err := q.cfg.Store.PutOff(ctx, c); err != nil && !errors.Is(err, fault.ErrNotFound) {
		return false, time.Time{}, fmt.Errorf("put off change %s: %w", c.Change.ID, err)
	}
	return false, time.Time{}, nil
}

// putOff are the resources of a place with changes that failed and are not due yet, and
// when the last of each is: what else is owed of them stands behind it.
func (q *Queue) putOff(ctx context.Context, name string) (map[cloud.Resource]time.Time, error) {
	later, err := q.cfg.Store.Owed(ctx, Query{Place: name, DueAfter: q.cfg.Now(), Limit: batch})
	if _, err := fault.Readable(err); err != nil {
		return nil, fmt.Errorf("list what %s owes: %w", name, err)
	}
	waiting := map[cloud.Resource]time.Time{}
	for _, c := range later {
		waiting[c.Change.Resource] = c.DueAt
	}
	return waiting, nil
}

func first(waiting map[cloud.Resource]time.Time) (at time.Time) {
	for _, t := range waiting {
		if at.IsZero() || t.Before(at) {
			at = t
		}
	}
	return at
}

// judge has one change judged. It is settled, or the place rests until its rate has a
// turn, or it is put off and joins those that wait.
func (q *Queue) judge(ctx context.Context, j Judge, c Change, waiting map[cloud.Resource]time.Time) (settled bool, rests time.Time, _ error) {
	err := j.Judge(ctx, c.Change)
	now := q.cfg.Now()
	switch turn, limited := turnOf(err, now); {
	case err == nil:
	case ctx.Err() != nil: // this process stops
		return false, time.Time{}, ctx.Err()
	case now.Sub(c.Since) >= GiveUpAfter:
		if err := j.GiveUp(ctx, c.Change, err); err != nil {
			return false, time.Time{}, q.later(ctx, c, err, waiting)
		}
	case limited:
		return false, turn, nil
	default:
		return false, time.Time{}, q.later(ctx, c, err, waiting)
	}
	if err := q.cfg.Store.Settle(ctx, c.ID); err != nil {
		return false, time.Time{}, fmt.Errorf("settle change %s: %w", c.Change.ID, err)
	}
	q.give(c.Place)
	return true, time.Time{}, nil
}

// later puts a change off that failed.
func (q *Queue) later(ctx context.Context, c Change, why error, waiting map[cloud.Resource]time.Time) error {
	wait := longestWait
	if c.Tries < 6 {
		wait = min(firstWait<<c.Tries, longestWait)
	}
	c.Tries, c.Why, c.DueAt = c.Tries+1, why.Error(), q.cfg.Now().Add(wait)
	waiting[c.Change.Resource] = c.DueAt
	q.cfg.Log.DebugContext(ctx, "a change that is owed was put off", "change", c.Change.ID, "place", c.Place, "error", c.Why)
	if err := q.cfg.Store.PutOff(ctx, c); err != nil && !errors.Is(err, fault.ErrNotFound) {
		return fmt.Errorf("put off change %s: %w", c.Change.ID, err)
	}
	return nil
}

// strike is until when a place rests whose rate has its next turn then. Where turns come
// one by one a change that needs several would use each up and get no further: the more
// often in a row that was so, the more of them are let gather.
func (q *Queue) strike(name string, settled int, turn time.Time) time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	p := q.known(name)
	if settled > 0 {
		p.strikes = 0
		return turn
	}
	p.strikes++
	return turn.Add(min(time.Duration(p.strikes-1)*gather, mostGathered))
}

// rest notes until when the place is left alone, and returns it.
func (q *Queue) rest(name string, until time.Time) time.Time {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.known(name).rests = until
	return until
}

// notBefore notes when something of the place is due again, unless something was put
// there since.
func (q *Queue) notBefore(name string, added int, next time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if p := q.known(name); p.added == added {
		p.next = next
	}
}

// added counts what this process put there.
func (q *Queue) added(name string) int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.known(name).added
}

// forget drops a place that owes nothing, unless something was put there since.
func (q *Queue) forget(name string, added int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if p := q.places[name]; p != nil && p.added == added {
		q.setOwes(name, p, 0)
		delete(q.places, name)
	}
}
