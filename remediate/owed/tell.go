package owed

import (
	"context"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
)

// Tell says in the log how many changes are owed, since when, and how many were refused
// for want of room, once a minute as long as there are any.
func (q *Queue) Tell(ctx context.Context) {
	refused, due := q.dueToTell()
	if !due {
		return
	}
	n, err := q.cfg.Store.CountOwed(ctx, "")
	if err != nil || n == 0 {
		return // a store that does not answer shows elsewhere
	}
	oldest, err := q.cfg.Store.Owed(ctx, Query{Limit: 1})
	if _, err = fault.Readable(err); err != nil || len(oldest) == 0 {
		return
	}
	q.cfg.Log.WarnContext(ctx, "changes are owed a judgement", "owed", n, "of", q.cfg.Most, "refused", refused,
		"oldest_seconds", int(q.cfg.Now().Sub(oldest[0].Since).Seconds()), "place", oldest[0].Place, "why", oldest[0].Why)
}

func (q *Queue) dueToTell() (refused int, due bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now := q.cfg.Now()
	if now.Sub(q.told) < tellEvery {
		return 0, false
	}
	refused, q.told, q.refused = q.refused, now, 0
	return refused, true
}

// trouble says in the log that the store fails, once a minute.
func (q *Queue) trouble(err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.tellTrouble(q.cfg.Now(), err)
}

func (q *Queue) tellTrouble(now time.Time, err error) {
	if now.Sub(q.warned) < tellEvery {
		return
	}
	q.warned = now
	q.cfg.Log.ErrorContext(context.Background(), "what is owed is left for now, and events may come again", "error", err.Error())
}
