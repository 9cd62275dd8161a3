package remediate

import (
	"context"
	"errors"
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

// refused records a refusal, or counts it.
func (l *Ledger) refused(ctx context.Context, e Entry) {
	if l == nil {
		return
	}
	ok, more := l.refusals.admit(l.now())
	l.countMore(ctx, more)
	if ok {
		e.Kind = EntryRefused
		l.Note(ctx, e)
	}
}

// counted records what an earlier minute left out.
func (l *Ledger) counted(ctx context.Context) {
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
		l.Note(ctx, Entry{Kind: EntryRefused, Class: "more", Count: more,
			What: fmt.Sprintf("%d more refusals within a minute, of which only the number is kept", more)})
	}
}

// Refused records that somebody's answer was not accepted, in the ledger: class
// is the kind of reason in a word, why the reason in a sentence. It is for those
// who turn an answer away before it comes to Answer, such as one by a guest.
func (d Desk) Refused(ctx context.Context, finding string, a Answer, class, why string) {
	d.Ledger.refused(ctx, Entry{
		Who: a.Principal, Via: a.Via, Finding: finding, Class: class, Plan: a.Digest, What: fmt.Sprintf("%s: %s", a.Choice, why),
	})
}

// audited records the refusal that err is, if it is one.
func (d Desk) audited(ctx context.Context, finding string, a Answer, err error) {
	var refused *RefusedError
	if errors.As(err, &refused) {
		d.Refused(ctx, finding, a, string(refused.Class), refused.Why)
	}
}

// switched records that the pause was set, or who was refused that.
func (d Desk) switched(ctx context.Context, kind EntryKind, a Answer, p Pause, err error) {
	if err != nil {
		d.audited(ctx, "", a, err)
		return
	}
	d.Ledger.Note(ctx, Entry{Kind: kind, Who: a.Principal, Via: a.Via, What: p.String()})
}

// exemptionEnded records that the time of an exemption is over: from then on the
// policy sees what it excepted. Of two sweeps one records it.
func (r *Remediator) exemptionEnded(ctx context.Context, f Finding) (Finding, error) {
	now := r.Now()
	if f.Exemption == nil || len(f.Outbox) > 0 || now.Before(f.Exemption.Until) {
		return f, nil
	}
	f, err := r.update(ctx, f.scheduled(now))
	if err == nil {
		r.Ledger.Note(ctx, Entry{Kind: EntryExemptionEnded, Finding: f.ID,
			What: fmt.Sprintf("the exemption of %s from %s has ended", f.Resource.Path(), f.Policy)})
	}
	return f, err
}
