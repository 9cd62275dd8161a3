package remediate

import (
	"errors"
	"fmt"
	"time"
)

// ErrUnwritten says that a change was certainly not made: its rehearsal was
// refused, or it was never sent.
var ErrUnwritten = errors.New("nothing was written")

// BusyError says that a request was not sent, because rescind keeps to a rate.
// It is nobody's failure, and passes by itself: what it held up is tried again
// as often as it takes.
type BusyError struct {
	Where string        // the rate and what it is counted by: "20 writes a minute in projects/p"
	After time.Duration // when the next request has its turn
	// Theirs is true for a limit of the other side, which may be out of order.
	Theirs bool
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("held back by the limit of %s; next turn in %s", e.Where, e.After.Round(time.Second))
}

// Is makes it one of those after which nothing is written.
func (e *BusyError) Is(target error) bool { return target == ErrUnwritten }

// busy returns when to come again for what a rate held back.
func busy(err error) (after time.Duration, ok bool) {
	var b *BusyError
	if !errors.As(err, &b) {
		return 0, false
	}
	return b.After, true
}

// later has the sweep come again after err: for what a rate held back when its
// turn comes, and without counting an attempt, because a hundred findings in
// line must not fail for having waited; for anything else later each time.
func (f Finding) later(now time.Time, err error) Finding {
	after, ok := busy(err)
	if !ok || len(f.Timeline) > maxEvents {
		return f.retried(now)
	}
	f.DueAt, f.UpdatedAt = now.Add(after), now
	return f.notAfterExpiry()
}
