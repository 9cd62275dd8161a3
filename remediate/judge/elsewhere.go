package judge

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// Elsewhere are the changes that a move of a container, or a tag on it, is for the
// constraints that policies rest on: each may have stopped being in force there, which no
// entry says. There are none of any other change.
func (j Judge) Elsewhere(c cloud.Change) []cloud.Change {
	became := map[cloud.Verb]cloud.PolicyForm{cloud.Move: cloud.PolicyMoved, cloud.Tag: cloud.PolicyRetagged}[c.Verb]
	rests, ok := j.Policies.(interface{ RestsOn() []string })
	if became == "" || !ok || !c.Resource.Kind.Container() {
		return nil
	}
	var out []cloud.Change
	for _, name := range rests.RestsOn() {
		d := c
		d.Resource = cloud.Resource{Kind: cloud.OrgPolicy, Project: c.Resource.Project, Name: name, Parent: c.Resource.Path()}
		d.Constraint = &cloud.ConstraintChange{Name: name, Became: became}
		out = append(out, d)
	}
	return out
}

// maxServices bounds how many services a finding names.
const maxServices = 10

// uncovered says which services a constraint no longer covers, or may no longer.
func (j Judge) uncovered(ctx context.Context, r policies.Result, c cloud.Change) []string {
	if c.Constraint == nil || r.Verdict == policies.Exempt ||
		!strings.HasPrefix(c.Constraint.Name, "run.") && !strings.HasPrefix(c.Constraint.Name, "custom.") {
		return nil // it is about something else than services
	}
	f := j.Facts.Fact(ctx, policies.Question{Kind: policies.ServicesBelow, Name: c.Resource.Parent, Value: c.Constraint.Name})
	what := "no longer covered"
	if r.Verdict == policies.Unknown {
		what = "perhaps no longer covered"
	}
	switch names := f.List; {
	case !f.Known:
		return []string{"which services it no longer covers is unknown: " + f.Why}
	case len(names) == 0:
		return []string{what + ": no service that is known"}
	case len(names) > maxServices:
		return []string{fmt.Sprintf("%s: %s and %d more", what, strings.Join(names[:maxServices], ", "), len(names)-maxServices)}
	default:
		return []string{what + ": " + strings.Join(slices.Clone(names), ", ")}
	}
}
