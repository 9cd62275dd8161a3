package finding

import (
	"errors"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/state"
)

// Delivered is a finding that people were told of.
func (f Finding) Delivered() Finding {
	f.UndeliveredSince, f.Undelivered, f.FellBack = time.Time{}, false, false
	return f
}

// NotDelivered is a finding that people were not told of. One that they could not
// be told of for so long (0: never), or will not be without someone's help, is
// marked once, which is for the decision feed to see, and pages on-call if it is a
// question. Nothing else about the finding changes: it is Slack that is down.
func (f Finding) NotDelivered(now time.Time, tooLong time.Duration, pagers []string, failed error) Finding {
	var b *fault.BusyError
	if errors.As(failed, &b) && !b.Theirs { // in line for its turn
		return f
	}
	if f.UndeliveredSince.IsZero() {
		f.UndeliveredSince = now
	}
	limit := f.UndeliveredSince.Add(tooLong)
	due := earlier(f.retryOf(Notify).At, now.Add(noticeRetry))
	switch reached := tooLong > 0 && !now.Before(limit); {
	case !f.Undelivered && (reached || errors.Is(failed, fault.ErrBroken)):
		f = f.Undeliverable(now, pagers)
	case !f.Undelivered && tooLong > 0:
		due = earlier(due, limit)
	}
	if !f.Owes(Notify) || f.State == state.Waiting {
		return f
	}
	return f.withRetry(Retry{Effect: Notify, Tries: f.Tries(Notify), At: due}).dueForRetries()
}

// Undeliverable marks a finding that people could not be told of since
// UndeliveredSince, and pages about a question, unless that was just done. Why it
// is in its state is not touched: it is Slack that is down.
func (f Finding) Undeliverable(now time.Time, pagers []string) Finding {
	f.Undelivered = true
	what := "could not be shown to anybody since " + f.UndeliveredSince.UTC().Format(time.RFC3339)
	if len(pagers) > 0 && f.PageableAt(now) {
		return f.Paged(now, "", what+"; on-call is paged", pagers)
	}
	why := f.Why
	f = f.stays(now, "", what, Notify)
	f.Why = why
	return f
}

// Released is a finding that gets a message of its own after all, from then on.
func (f Finding) Released(at time.Time) Finding {
	f.InRoundup = ""
	f = f.owing(Notify).atOnce(Notify)
	f.DueAt = at
	return f.notAfterExpiry()
}
