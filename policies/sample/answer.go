package sample

import (
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/policies/fact"
)

// Answer is the fact a sample states, unknown when it states none.
func (f Facts) Answer(q fact.Question) fact.Fact {
	a := fact.Fact{Source: "sample", Why: "the sample does not say"}
	switch q.Kind {
	case fact.ConstraintEnforced, fact.ConstraintAllows:
		a.Value, a.Known = f.InForce[Claim{Constraint: q.Name, Project: q.Project, Value: q.Value}]
	case fact.ConstraintHeld, fact.ConstraintInherited: // the same wherever a policy is set
		a.Value, a.Known = f.InForce[Claim{Constraint: q.Name}]
	case fact.RuntimeIdentity:
		group := strings.HasPrefix(q.Name, "group:") // which a list of accounts says nothing of, unless it names it
		a.Value = folded(f.RuntimeIdentities, q.Name)
		a.Known = a.Value || f.RuntimeIdentities != nil && !group
	case fact.ConstraintConditional:
		a.Known, a.Value = f.Conditional != nil, slices.Contains(f.Conditional, q.Name)
	case fact.ConstraintAbout:
		a.List, a.Known = f.About[q.Name]
	case fact.HoldsBasicRole:
		a.Known, a.Value = f.BasicRoleHolders != nil, folded(f.BasicRoleHolders, q.Name)
	case fact.RoleInvokes:
		a.Known, a.Value = f.InvokingRoles != nil, slices.Contains(f.InvokingRoles, q.Name)
	case fact.Ancestors:
		a.Known, a.List = f.Ancestors != nil, f.Ancestors
	case fact.ProjectNumber:
		a.Known, a.Value = f.Numbers[q.Project] != "", f.Numbers[q.Project] == q.Value
	case fact.OrganizationDomain:
		a.Known, a.Value = f.Domains != nil, folded(f.Domains, q.Value)
	}
	if a.Known {
		a.Why = ""
	}
	return a
}

// folded reports whether the list has the address or domain, in any case.
func folded(list []string, s string) bool {
	return slices.ContainsFunc(list, func(o string) bool { return strings.EqualFold(o, s) })
}
