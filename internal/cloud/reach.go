package cloud

// Reach is how much of what lies below an organization policy it guards.
type Reach string

// The reaches. The zero Reach is not known.
const (
	GuardsAll       Reach = "all"
	GuardsNone      Reach = "none"
	GuardsSome      Reach = "some"      // under a condition, or but for the values that it allows
	GuardsInherited Reach = "inherited" // as much as what is in force without it
	GuardsUntouched Reach = "untouched" // the change left it as it was
)

// Reach is how much the policy guards, as it is set. Rules that all enforce guard
// all, also under conditions: where none of these holds, the policy says nothing.
func (c ConstraintChange) Reach() Reach {
	switch c.Became {
	case PolicyDeleted, PolicyReset, PolicyDryRunOnly, PolicyMoved, PolicyRetagged:
		return GuardsInherited
	case PolicyAllowsAll:
		return GuardsNone
	case PolicyDeniesAll, PolicyAllEnforce:
		return GuardsAll
	case PolicyConditional, PolicyHoldsValues, PolicyHoldsParameters, PolicyRedefined:
		return GuardsSome
	}
	switch c.Enforced.Knowledge {
	case Unchanged:
		return GuardsUntouched
	case Known:
		return c.Enforced.Reach()
	}
	return ""
}

// Reach reads the flag as whether all is guarded, or nothing.
func (f Flag) Reach() Reach {
	if f.On {
		return GuardsAll
	}
	return GuardsNone
}

// Loosened compares what was guarded before the change and is after it; a Reach
// that is not known is empty. It is Unknown where either decides and is not known,
// and where both guard some and cannot be compared. A policy that was written to
// guard nothing, or is gone where nothing else guards, counts as loosened.
func (c ConstraintChange) Loosened(before, after Reach) Flag {
	switch {
	case after == GuardsAll, after == GuardsUntouched, before == GuardsNone:
		return KnownFlag(false)
	case after == GuardsNone, before == GuardsAll && after == GuardsSome && c.Became != PolicyHoldsParameters && c.Became != PolicyRedefined:
		return KnownFlag(true)
	case before == GuardsSome && after == GuardsSome && c.Before != nil:
		return c.Widened(*c.Before)
	}
	return Flag{}
}

// Lists reports whether the policy allows some by a list of values, or by parameters.
func (c ConstraintChange) Lists() bool {
	return c.Became == PolicyHoldsValues || c.Became == PolicyHoldsParameters
}

// Incomparable says why Loosened is Unknown.
func (c ConstraintChange) Incomparable() string {
	why := "what was set before is not known, or cannot be compared"
	switch c.Became {
	case PolicyHoldsValues:
		return why + ": its values may have been widened or narrowed"
	case PolicyRedefined:
		return "what the custom constraint means was changed, and whether it forbids less cannot be told"
	case PolicyHoldsParameters:
		return why + ": it is still enforced, and its parameters may have been widened or narrowed"
	}
	return why
}
