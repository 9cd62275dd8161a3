package remediate

import (
	"context"
	"errors"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// work does what a stored finding still owes and returns it as stored then. An
// effect that fails stays owed, and the sweep comes back for it: an error here
// is logged, never lost.
func (r *Remediator) work(ctx context.Context, f finding.Finding) finding.Finding {
	if f.Owes(finding.Carry) {
		f = r.progress(ctx, f, "carry a group's answer", r.carry)
	}
	f, unrecorded := r.publish(ctx, f)
	if f.Owes(finding.Apply) && !r.claimed(f) {
		// Without anything owed it is stored so already, or another process is
		// at it: then it is not ours to store.
		if f = r.progress(ctx, f, "apply", r.apply); len(f.Outbox) == 0 {
			return f
		}
		var more bool
		f, more = r.publish(ctx, f)
		unrecorded = unrecorded || more
	}
	switch {
	case f.Owes(finding.Notify) && !f.Waits(finding.Notify, r.cfg.Now()):
		f = r.progress(ctx, f, "notify", r.notify)
	case unrecorded:
		f = r.progress(ctx, f, "publish", r.recordPublished)
	}
	return r.onCall(ctx, f)
}

// claimed reports whether a process carries the plan out, or waits between two
// attempts: then it is for the sweep to come back, once it is due.
func (r *Remediator) claimed(f finding.Finding) bool {
	now := r.cfg.Now()
	return f.State.Working() && (now.Before(f.DueAt) || f.Waits(finding.Apply, now))
}

func (r *Remediator) progress(ctx context.Context, f finding.Finding, what string, do func(context.Context, finding.Finding) (finding.Finding, error)) finding.Finding {
	next, err := do(ctx, f)
	switch {
	case err == nil:
		return next
	case errors.Is(err, fault.ErrConflict): // another process is at it
		if stored, err := r.cfg.Store.Finding(ctx, f.ID); err == nil {
			return stored.Leased()
		}
		return f
	}
	switch _, limited := fault.NextTurn(err); {
	case limited:
		r.cfg.Log.DebugContext(ctx, "effect waits for its turn", "effect", what, "finding", f.ID, "error", err.Error())
	case errors.Is(err, fault.ErrBroken): // which is said of all that meet it together
		r.cfg.Log.DebugContext(ctx, "effect waits for somebody to mend the approval path", "effect", what, "finding", f.ID, "error", err.Error())
	default:
		r.cfg.Log.ErrorContext(ctx, "effect failed, will be tried again", "effect", what, "finding", f.ID, "resource", f.Resource.String(), "error", err.Error())
	}
	if next.ID == "" {
		return f
	}
	return next
}
