package finding

import (
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

func UndoID(f Finding, n int) string { return ID(f.ID+" undo "+strconv.Itoa(n), f.Policy, f.Resource) }

// undoable says why the finding cannot be undone, or nil.
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
