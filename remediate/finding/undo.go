package finding

import (
	"slices"
	"strconv"
	"time"

	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// undoWithin is how long after its end a revert can be undone.
const undoWithin = 24 * time.Hour

// UndoPlan is what an undo of the finding would do: the inverse of what was
// written, and nothing else. It is empty where rescind wrote nothing.
func (f Finding) UndoPlan() judge.Plan { return judge.InverseOf(f.Done) }

// UndoID is the ID of the n-th undo of the finding, from 1: everybody who undoes it
// comes to the same.
func UndoID(f Finding, n int) string { return ID(f.ID+" undo "+strconv.Itoa(n), f.Policy, f.Resource) }

// Undoable says why the finding cannot be undone, with a *RefusedError, or nil.
func (f Finding) Undoable(now time.Time) error {
	ended := f.EndedAt
	if f.State == state.Uncertain {
		ended = now
	}
	switch {
	case f.State != state.Uncertain && !f.State.Ended():
		return RefuseAs(ClassNoPlan, "the finding is %s: there is no revert yet to undo", f.State)
	case len(f.Done) == 0:
		return RefuseAs(ClassNoPlan, "there is nothing to undo: rescind changed nothing (the finding is %s)", f.State)
	case now.Sub(ended) > undoWithin:
		return RefuseAs(ClassExpired, "it ended at %s; a revert can be undone for %s", ended.UTC().Format(time.RFC3339), judge.Span(undoWithin))
	}
	return nil
}

// UndoBegun is the record that undoes f, open for answers. Silence never undoes. The
// answer that begins it is the first event of its timeline.
func (f Finding) UndoBegun(id string, now time.Time, expiresIn time.Duration) Finding {
	undo := Finding{
		ID: id, UndoOf: f.ID, Policy: f.Policy, Title: f.Title, Severity: f.Severity, Verdict: f.Verdict, Message: f.Message,
		Enforcement: f.Enforcement, EnforcedBy: f.EnforcedBy, Decision: judge.Ask, Guarded: true, StepUp: f.StepUp,
		Resource: f.Resource, Change: f.Change, Actors: slices.Clone(f.Actors), Plan: f.UndoPlan(),
		Why: "undo of " + f.ID, CreatedAt: now, UpdatedAt: now,
	}
	return undo.beginning(state.Pending, state.ByPerson).openFor(now, expiresIn)
}

// UndoneAs is a finding that another one undid, shown anew: its card would go on
// offering the undo. How it ended stays as it is.
func (f Finding) UndoneAs(id string, now time.Time) Finding {
	f.UndoneBy, f.DueAt = id, now
	return f.owing(Notify)
}
