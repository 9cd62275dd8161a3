package cloud

import "slices"

// PolicyRule is one rule of an organization policy, as entries and live reads show it.
type PolicyRule struct {
	Enforce, AllowAll, DenyAll bool
	Values                     bool // it lists values: Allowed and Denied
	Allowed, Denied            []string
	Conditional                bool
	Parameters                 string // as JSON with its keys in order; empty for none
	Odd                        bool   // of a kind that says nothing, such as allowAll: false
}

// boolean reports whether the rule says that the constraint is enforced, or not.
func (r PolicyRule) boolean() bool { return !r.Values && !r.AllowAll && !r.DenyAll && !r.Odd }

// StateOf says what a policy with these rules enforces, without its name. It is
// certain of rules that say the same, and of one that has no condition.
func StateOf(rules []PolicyRule, inherits bool) (c ConstraintChange) {
	all := func(is func(PolicyRule) bool) bool {
		return len(rules) > 0 && !slices.ContainsFunc(rules, func(r PolicyRule) bool { return !is(r) })
	}
	conditional := func(r PolicyRule) bool { return r.Conditional }
	switch {
	case all(func(r PolicyRule) bool { return r.boolean() && !r.Enforce }) && !all(conditional):
		c.Enforced = KnownFlag(false)
	case all(func(r PolicyRule) bool { return r.boolean() && r.Enforce }):
		return enforcing(rules, all(conditional))
	case slices.ContainsFunc(rules, conditional):
		c.Became = PolicyConditional
	case len(rules) != 1:
	case rules[0].Values:
		c.Became = PolicyHoldsValues
		if !inherits {
			c.Allowed, c.Denied = rules[0].Allowed, rules[0].Denied
		}
	case rules[0].AllowAll:
		c.Became = PolicyAllowsAll
	case rules[0].DenyAll:
		c.Became = PolicyDeniesAll
	}
	return c
}

// enforcing is the state of rules that all enforce.
func enforcing(rules []PolicyRule, conditional bool) (c ConstraintChange) {
	if len(rules) == 1 && !conditional {
		c.Enforced = KnownFlag(true)
	}
	switch {
	case slices.ContainsFunc(rules, func(r PolicyRule) bool { return r.Parameters != "" }):
		c.Became = PolicyHoldsParameters
		if len(rules) == 1 {
			c.Parameters = rules[0].Parameters
		}
	case c.Enforced.Knowledge != Known:
		c.Became = PolicyAllEnforce
	}
	return c
}
