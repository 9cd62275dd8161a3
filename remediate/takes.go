package remediate

import (
	"slices"
	"time"

	"github.com/rescind-dev/rescind/remediate/state"
)

// OpenChoices are the answers that the finding takes at that moment, from some person
// at least: any other would be refused whoever gave it. Whether an undo of it is
// under way already stands in another record.
func (f Finding) OpenChoices(now time.Time) []Choice {
	if f.UndoOf == "" && f.undoable(now) == nil {
		return []Choice{ChooseUndo}
	}
	return slices.DeleteFunc(f.choices(), func(c Choice) bool {
		return f.State == state.Pending && !now.Before(f.ExpiresAt) ||
			f.State != state.Pending && !(f.State == state.Reported && c == ChooseRevert) ||
			changes(c) && !f.Plan.Executable()
	})
}

// changes reports whether the choice has the plan carried out.
func changes(c Choice) bool { return c == ChooseRevert || c == ChooseUndo }

// RecordSurface is the digest of the plan that the choice is about, as it is shown to
// people: NoPlan where there is no plan.
func (f Finding) DigestFor(c Choice) string {
	p := f.Plan
	if c == ChooseUndo && f.UndoOf == "" {
		p = f.UndoPlan()
	}
	if p.Digest == "" {
		return NoPlan
	}
	return p.Digest
}
