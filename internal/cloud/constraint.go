package cloud

import (
	"slices"
	"strings"
)

// PolicyForm is what an organization policy was turned into, beyond a plain
// "enforced" or "not enforced".
type PolicyForm string

// The forms. The zero PolicyForm is a policy of which ConstraintChange.Enforced
// says all, or nothing is known.
const (
	PolicyDeleted     PolicyForm = "deleted"     // deleted or cleared: what is inherited takes its place
	PolicyReset       PolicyForm = "reset"       // back to Google's default
	PolicyConditional PolicyForm = "conditional" // some of its rules have a condition, and not all of them enforce
	// PolicyAllEnforce is a policy of rules that all enforce, under conditions or not.
	PolicyAllEnforce  PolicyForm = "all rules enforce"
	PolicyDryRunOnly  PolicyForm = "dry run only" // it had, or may have had, a part that is enforced
	PolicyAllowsAll   PolicyForm = "allows all"
	PolicyDeniesAll   PolicyForm = "denies all"
	PolicyHoldsValues PolicyForm = "values"
	// PolicyHoldsParameters is a policy that enforces, as its parameters say: it
	// stays enforced while these come to allow everything.
	PolicyHoldsParameters PolicyForm = "parameters"
	// PolicyMoved and PolicyRetagged are nobody's writes of the policy: the container was
	// given another parent, or another tag, and what is in force there may be another.
	PolicyMoved    PolicyForm = "moved"
	PolicyRetagged PolicyForm = "tags changed"
	// PolicyRedefined and PolicyUndefined are of a custom constraint: what it means was
	// changed, or is gone.
	PolicyRedefined PolicyForm = "definition changed"
	PolicyUndefined PolicyForm = "definition deleted"
)

// Allows reports whether the policy, as it is since the change, allows a value
// of its list constraint.
func (c ConstraintChange) Allows(value string) Flag {
	switch c.Became {
	case PolicyAllowsAll:
		return KnownFlag(true)
	case PolicyDeniesAll:
		return KnownFlag(false)
	case PolicyHoldsValues:
		return ListAllows(c.Allowed, c.Denied, value)
	}
	return Flag{}
}

// ListAllows reports whether the values of a list constraint allow one more
// value. A value may be written with "is:" before it. "in:" and "under:" name
// groups of values that only Google can list: where one of them may decide, it
// is Unknown.
// https://cloud.google.com/resource-manager/docs/organization-policy/using-constraints#list-constraint
func ListAllows(allowed, denied []string, value string) Flag {
	isValue := func(s string) bool { return strings.TrimPrefix(s, "is:") == value }
	isGroup := func(s string) bool { return strings.HasPrefix(s, "in:") || strings.HasPrefix(s, "under:") }
	switch {
	case slices.ContainsFunc(denied, isValue):
		return KnownFlag(false)
	case slices.ContainsFunc(denied, isGroup), len(allowed)+len(denied) == 0:
		return Flag{}
	case len(allowed) == 0 || slices.ContainsFunc(allowed, isValue):
		return KnownFlag(true)
	case slices.ContainsFunc(allowed, isGroup):
		return Flag{}
	}
	return KnownFlag(false)
}

// OfPolicy reports whether the change is a write of a policy, so that what is set shows it.
func (c ConstraintChange) OfPolicy() bool { return !c.InForce() && c.Became != PolicyRedefined }

// InForce reports whether the change is none of a policy that is set, but of what is in
// force where it was made.
func (c ConstraintChange) InForce() bool {
	return c.Became == PolicyMoved || c.Became == PolicyRetagged || c.Became == PolicyUndefined
}
