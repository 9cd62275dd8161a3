package remediate

import (
	"context"
	"errors"
	"slices"
)

// work does what a stored finding still owes and returns it as stored then. An
// effect that fails stays owed, and the sweep comes back for it: an error here
// is logged, never lost.
func (r *Remediator) work(ctx context.Context, f Finding) Finding {
	if f.Owes(Apply) {
		f = r.progress(ctx, f, "apply", r.apply)
	}
	if f.Owes(Notify) {
		f = r.progress(ctx, f, "notify", r.notify)
	}
	return f
}

func (r *Remediator) progress(ctx context.Context, f Finding, what string, do func(context.Context, Finding) (Finding, error)) Finding {
	next, err := do(ctx, f)
	switch {
	case err == nil:
		return next
	case errors.Is(err, ErrConflict): // another process is at it
		if stored, err := r.Store.Finding(ctx, f.ID); err == nil {
			stored.Outbox = nil // theirs
			return stored
		}
		return f
	}
	r.Log.ErrorContext(ctx, "effect failed, will be tried again", "effect", what, "finding", f.ID, "resource", f.Resource.String(), "error", err.Error())
	if next.ID == "" {
		return f
	}
	return next
}

// notify brings what people see up to date.
func (r *Remediator) notify(ctx context.Context, f Finding) (Finding, error) {
	surfaces, err := r.Notifier.Notify(ctx, f)
	if err != nil {
		f.Surfaces = surfaces
		next, storeErr := r.update(ctx, f.retried(r.Now()))
		return next, errors.Join(err, storeErr)
	}
	shown := f
	for range 5 {
		f.Surfaces = surfaces
		// A writer that came in between has something newer to show, and
		// left Notify in the outbox for it.
		if f.Revision == shown.Revision {
			f = f.done(Notify).scheduled(r.Now())
		}
		next, err := r.update(ctx, f)
		if !errors.Is(err, ErrConflict) {
			return next, err
		}
		if f, err = r.Store.Finding(ctx, f.ID); err != nil {
			return f, err
		}
	}
	return f, ErrConflict
}

// Open lists the states a finding is not finished in.
func Open() []State {
	return slices.Clone([]State{Waiting, Pending, Approved, Applying, Uncertain})
}
