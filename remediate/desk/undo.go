package desk

import (
	"context"
	"errors"
	"fmt"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// maxUndos bounds how many undos of one finding may come to nothing.
const maxUndos = 10

// undo records a person's word to undo a finding, in a record of its own: what
// ended stays as it ended. The record has an ID that everybody comes to, so
// that of two who undo at once one makes it and the other adds to it.
func (d Desk) undo(ctx context.Context, id string, a finding.Answer) (finding.Finding, error) {
	f, err := d.finding(ctx, id)
	if err == nil && f.UndoOf != "" { // one more of several who are needed
		f, err = d.finding(ctx, f.UndoOf)
	}
	if err != nil {
		return finding.Finding{}, err
	}
	if err := f.Undoable(d.Now()); err != nil {
		return f, err
	}
	for n := 1; n <= maxUndos; n++ {
		u, err := d.undone(ctx, f, finding.UndoID(f, n), a)
		if !errors.Is(err, errCameToNothing) {
			return u, err
		}
	}
	return f, finding.RefuseAs(finding.ClassNoPlan, "%d undos of this finding came to nothing", maxUndos)
}

// errCameToNothing says that an earlier undo ended, and did not undo.
var errCameToNothing = errors.New("came to nothing")

// undone answers the undo of f with this ID, which it begins if need be.
func (d Desk) undone(ctx context.Context, f finding.Finding, id string, a finding.Answer) (finding.Finding, error) {
	for range conflictTries {
		u, err := d.Store.Finding(ctx, id)
		begins := errors.Is(err, fault.ErrNotFound)
		switch {
		case begins:
			u = f.UndoBegun(id, d.Now(), d.ExpiresIn)
		case err != nil:
			return finding.Finding{}, fmt.Errorf("look up finding %s: %w", id, err)
		case u.State.Ended() && u.State != state.Undone:
			return finding.Finding{}, errCameToNothing
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
			return finding.Finding{}, fmt.Errorf("store finding %s: %w", id, err)
		}
		return stored, nil
	}
	return finding.Finding{}, fmt.Errorf("undo finding %s: %w", f.ID, fault.ErrConflict)
}
