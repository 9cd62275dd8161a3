package remediate

import (
	"context"
	"errors"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
)

// noticeRetry is how far apart tries to tell people are at most. When Slack is
// back, cards must not stay wrong for the hour that other things may wait.
const noticeRetry = 5 * time.Minute

// delivered records whether people were told. One that they could not be
// told of for FallbackAfter, or will not be without someone's help, is marked
// once, which is for the decision feed to see, and pages on-call if it is a
// question. Nothing else about the finding changes: it is Slack that is down.
func (r *Remediator) delivered(ctx context.Context, f Finding, failed error) Finding {
	now := r.Now()
	var b *fault.BusyError
	switch {
	case failed == nil:
		f.UndeliveredSince, f.Undelivered, f.FellBack = time.Time{}, false, false
		return f
	case errors.As(failed, &b) && !b.Theirs: // in line for its turn
		return f
	case f.UndeliveredSince.IsZero():
		f.UndeliveredSince = now
	}
	limit := f.UndeliveredSince.Add(r.FallbackAfter)
	broken := errors.Is(failed, fault.ErrBroken)
	if broken {
		r.Log.ErrorContext(ctx, "the approval path is broken", "finding", f.ID, "error", failed.Error())
	}
	due := earlier(f.DueAt, now.Add(noticeRetry))
	switch reached := r.FallbackAfter > 0 && !now.Before(limit); {
	case !f.Undelivered && (broken || reached):
		f = f.Undeliverable(now, r.pagers())
	case !f.Undelivered && r.FallbackAfter > 0:
		due = earlier(due, limit)
	}
	if f.Undelivered && !f.FellBack {
		f.FellBack = r.fellBack(ctx, f)
	}
	if !f.Owes(Apply) {
		f.DueAt = due
		f = f.notAfterExpiry()
	}
	return f
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}
