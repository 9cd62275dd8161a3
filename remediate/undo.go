package remediate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// undoWithin is how long after its end a revert can be undone.
const undoWithin = 24 * time.Hour

// maxUndos bounds how many undos of one finding may come to nothing.
const maxUndos = 10

// UndoPlan is what an undo of the finding would do: the inverse of what was
// written, and nothing else. It is empty where rescind wrote nothing.
func (f Finding) UndoPlan() judge.Plan { return judge.InverseOf(f.Done) }

// undo records a person's word to undo a finding, in a record of its own: what
// ended stays as it ended. The record has an ID that everybody comes to, so
// that of two who undo at once one makes it and the other adds to it.
func (d Desk) undo(ctx context.Context, id string, a Answer) (Finding, error) {
	f, err := d.finding(ctx, id)
	if err == nil && f.UndoOf != "" { // one more of several who are needed
		f, err = d.finding(ctx, f.UndoOf)
	}
	if err != nil {
		return Finding{}, err
	}
	if err := f.undoable(d.Now()); err != nil {
		return f, err
	}
	for n := 1; n <= maxUndos; n++ {
		u, err := d.undone(ctx, f, undoID(f, n), a)
		if !errors.Is(err, errCameToNothing) {
			return u, err
		}
	}
	return f, refuseAs(ClassNoPlan, "%d undos of this finding came to nothing", maxUndos)
}

// errCameToNothing says that an earlier undo ended, and did not undo.
var errCameToNothing = errors.New("came to nothing")

func undoID(f Finding, n int) string { return ID(f.ID+" undo "+strconv.Itoa(n), f.Policy, f.Resource) }

// undone answers the undo of f with this ID, which it begins if need be.
func (d Desk) undone(ctx context.Context, f Finding, id string, a Answer) (Finding, error) {
	for range conflictTries {
		u, err := d.Store.Finding(ctx, id)
		begins := errors.Is(err, fault.ErrNotFound)
		switch {
		case begins:
			u = f.undo(id, d.Now(), d.ExpiresIn)
		case err != nil:
			return Finding{}, fmt.Errorf("look up finding %s: %w", id, err)
		case u.State.Ended() && u.State != state.Undone:
			return Finding{}, errCameToNothing
		}
		next, err := d.answered(ctx, u, a)
		if err != nil {
			return u, err
		}
		store := d.Store.Update
		if begins {
			store = d.Store.Create
		}
		stored, err := store(ctx, next)
		switch {
		case errors.Is(err, fault.ErrConflict), errors.Is(err, fault.ErrExists):
			continue
		case err != nil:
			return Finding{}, fmt.Errorf("store finding %s: %w", id, err)
		}
		return stored, nil
	}
	return Finding{}, fmt.Errorf("undo finding %s: %w", f.ID, fault.ErrConflict)
}

// undo is the record that undoes f, open for answers. Silence never undoes.
func (f Finding) undo(id string, now time.Time, expiresIn time.Duration) Finding {
	return Finding{
		ID: id, UndoOf: f.ID, Policy: f.Policy, Title: f.Title, Severity: f.Severity, Verdict: f.Verdict, Message: f.Message,
		Enforcement: f.Enforcement, EnforcedBy: f.EnforcedBy, Decision: judge.Ask, Guarded: true, StepUp: f.StepUp,
		Resource: f.Resource, Change: f.Change, Actors: slices.Clone(f.Actors), Plan: f.UndoPlan(),
		State: state.Pending, Why: "undo of " + f.ID, CreatedAt: now, UpdatedAt: now, ExpiresAt: now.Add(expiresIn),
	}
}

// undoable says why the finding cannot be undone, or nil.
func (f Finding) undoable(now time.Time) error {
	ended := f.EndedAt
	if f.State == state.Uncertain {
		ended = now
	}
	switch {
	case f.State != state.Uncertain && !f.State.Ended():
		return refuseAs(ClassNoPlan, "the finding is %s: there is no revert yet to undo", f.State)
	case len(f.Done) == 0:
		return refuseAs(ClassNoPlan, "there is nothing to undo: rescind changed nothing (the finding is %s)", f.State)
	case now.Sub(ended) > undoWithin:
		return refuseAs(ClassExpired, "it ended at %s; a revert can be undone for %s", ended.UTC().Format(time.RFC3339), judge.Span(undoWithin))
	}
	return nil
}

// markUndone has the finding that u undid shown anew, as one that was undone: its
// card would go on offering the undo. How it ended stays as it is.
func (r *Remediator) markUndone(ctx context.Context, u Finding) error {
	for range conflictTries {
		f, err := r.Store.Finding(ctx, u.UndoOf)
		switch {
		case errors.Is(err, fault.ErrNotFound): // forgotten by now
			return nil
		case err != nil:
			return fmt.Errorf("look up finding %s: %w", u.UndoOf, err)
		case f.UndoneBy == u.ID:
			return nil
		}
		f.UndoneBy, f.DueAt = u.ID, r.Now()
		if !f.Owes(Notify) {
			f.Outbox = append(slices.Clip(f.Outbox), Notify)
		}
		if _, err = r.update(ctx, f); !errors.Is(err, fault.ErrConflict) {
			return err
		}
	}
	return fmt.Errorf("mark finding %s as undone: %w", u.UndoOf, fault.ErrConflict)
}
