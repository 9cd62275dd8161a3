package remediate

import (
	"context"
	"time"
)

// Fallback is an Exporter that can speak up where the Notifier cannot.
type Fallback interface {
	// Undelivered says that nobody could be told of the finding since
	// f.UndeliveredSince.
	Undelivered(ctx context.Context, f Finding) error
}

// delivered takes down since when nobody could be told of a finding, and once
// that has lasted for too long has the fallback say so, once until somebody is
// told again.
func (r *Remediator) delivered(ctx context.Context, f Finding, failed error) Finding {
	if failed == nil {
		f.UndeliveredSince, f.FellBack = time.Time{}, false
		return f
	}
	now := r.Now()
	if f.UndeliveredSince.IsZero() {
		f.UndeliveredSince = now
	}
	at := f.UndeliveredSince.Add(r.FallbackAfter)
	switch {
	case r.FallbackAfter <= 0 || f.FellBack:
	case now.Before(at):
		if f.DueAt.After(at) && f.State != Waiting && !f.Owes(Apply) {
			f.DueAt = at
		}
	default:
		f.FellBack = r.fellBack(ctx, f)
	}
	return f
}

func (r *Remediator) fellBack(ctx context.Context, f Finding) bool {
	err := r.export(ctx, func(ctx context.Context) error {
		if b, ok := r.Exporter.(Fallback); ok {
			return b.Undelivered(ctx, f)
		}
		return nil
	})
	r.Log.ErrorContext(ctx, "nobody could be told of a finding", "finding", f.ID, "since", f.UndeliveredSince, "fallback", err == nil)
	return err == nil
}
