package trail

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// maxRefusals is how many refusals a process records in a minute. Whoever can
// sign a click can send them without end; what is more is counted.
const maxRefusals = 30

// refusalCount counts refusals by the minute.
type refusalCount struct {
	mu      sync.Mutex
	minute  time.Time
	n, more int
}

// admit reports whether one more is recorded, and how many of an earlier minute
// were not.
func (f *refusalCount) admit(now time.Time) (ok bool, more int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	more = f.turn(now)
	f.n++
	if f.n > maxRefusals {
		f.more++
		return false, more
	}
	return true, more
}

// turn begins a new minute if it is time, and returns what the last left out.
func (f *refusalCount) turn(now time.Time) (more int) {
	if m := now.Truncate(time.Minute); !m.Equal(f.minute) {
		more = f.more
		f.minute, f.n, f.more = m, 0, 0
	}
	return more
}

// Refuse records a refusal, or counts it.
func (l *Ledger) Refuse(ctx context.Context, e Record) {
	if l == nil {
		return
	}
	ok, more := l.refusals.admit(l.now())
	l.countMore(ctx, more)
	if ok {
		e.Kind = Refused
		l.Note(ctx, e)
	}
}

// CountRefusals records what an earlier minute left out.
func (l *Ledger) CountRefusals(ctx context.Context) {
	if l == nil {
		return
	}
	l.refusals.mu.Lock()
	more := l.refusals.turn(l.now())
	l.refusals.mu.Unlock()
	l.countMore(ctx, more)
}

func (l *Ledger) countMore(ctx context.Context, more int) {
	if more > 0 {
		l.Note(ctx, Record{Kind: Refused, Class: "more", Count: more,
			What: fmt.Sprintf("%d more refusals within a minute, of which only the number is kept", more)})
	}
}
