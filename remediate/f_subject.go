package remediate

import (
	"fmt"
	"strings"

	"github.com/rescind-dev/rescind/remediate/judge"
)

// RejectedPlan is the digest of the plan that people decided not to carry out: of
// an undo the one that was taken back.
func (f Finding) RejectedPlan() string {
	if f.UndoOf == "" {
		return f.Plan.Digest
	}
	return judge.InverseOf(f.Plan.Steps).Digest
}

// Subject are the steps that the finding is about: of an undo those that were
// taken back.
func (f Finding) Subject() []judge.Step {
	if f.UndoOf == "" {
		return f.Plan.Steps
	}
	return judge.InverseOf(f.Plan.Steps).Steps
}

// ExemptScope says what an exemption by the finding covers.
func (f Finding) ExemptScope() string {
	var what []string
	for _, s := range f.Plan.Steps {
		what = append(what, s.About())
	}
	if len(what) == 0 {
		what = []string{`"` + f.Message + `"`}
	}
	return fmt.Sprintf("policy %s on %s: %s, and nothing else", f.Policy, f.Resource, strings.Join(what, "; "))
}
