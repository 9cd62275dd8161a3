package policies

import (
	"cmp"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/rescind-dev/rescind/internal/cloud"
)

const ifLoosened = "whether the organization policy was loosened"

// loosened compares what is guarded since the change with what was guarded before
// it. Where either rests on what is inherited that is asked for; where it is not
// known, so is this.
func (e *evaluation) loosened() ref.Val {
	c := e.constraintChange()
	if c.InForce() {
		return e.fellAway(c)
	}
	after, doubtful := e.guarded(c, ConstraintHeld)
	before, earlier := e.guardedBefore(c)
	f := c.Loosened(before, after)
	switch {
	case f.Knowledge == cloud.Known && (!f.On || earlier == nil):
		return types.Bool(f.On)
	case doubtful == nil && earlier == nil:
		doubtful = &doubt{what: ifLoosened, why: c.Incomparable()}
	}
	return e.unknown(*cmp.Or(doubtful, earlier))
}

// became is what the policy was turned into; to people it says too which way its
// values or parameters went.
func (e *evaluation) became() string {
	c := e.constraintChange()
	if !e.telling || !c.Lists() {
		return string(c.Became)
	}
	switch e.loosened() {
	case types.True:
		return string(c.Became) + " widened"
	case types.False:
		return string(c.Became) + " narrowed"
	}
	return string(c.Became) + " widened or narrowed"
}

// guardedBefore is how much was guarded before the change; a policy that was
// created took the place of what is inherited. Of Google's default, to which one
// was reset, nobody can be asked any more.
func (e *evaluation) guardedBefore(c cloud.ConstraintChange) (cloud.Reach, *doubt) {
	switch {
	case e.in.Change.CreatesOrgPolicy():
		c.Before = &cloud.ConstraintChange{Became: cloud.PolicyDeleted}
	case c.Before == nil || c.Before.Became == cloud.PolicyReset:
		return "", nil
	}
	return e.guarded(*c.Before, ConstraintInherited)
}

// guarded is how much a policy guards, by the answer to the question where it
// says nothing itself.
func (e *evaluation) guarded(c cloud.ConstraintChange, kind FactKind) (cloud.Reach, *doubt) {
	r := c.Reach()
	switch r {
	case cloud.GuardsInherited:
		f, d := e.look(Question{Kind: kind, Name: e.constraintChange().Name, Value: e.in.Change.Resource.Parent})
		if d != nil {
			return "", d
		}
		return cloud.KnownFlag(f.Value).Reach(), nil
	case "":
		return "", &doubt{what: ifLoosened, why: e.whyNotShown(unreadConstraint)}
	}
	return r, nil
}

// fellAway reports whether a constraint stopped being in force by what is no write of a
// policy. Whether it was in force before is known of a history alone.
func (e *evaluation) fellAway(c cloud.ConstraintChange) ref.Val {
	at := e.in.Change.Resource.Parent
	if c.Became == cloud.PolicyRetagged {
		asks, d := e.look(Question{Kind: ConstraintConditional, Name: c.Name, Value: at})
		if d != nil || !asks.Value {
			return e.unlessKnown(d)
		}
	}
	if c.Became != cloud.PolicyUndefined { // nothing enforces what is not defined
		held, d := e.look(Question{Kind: ConstraintHeld, Name: c.Name, Value: at})
		if d != nil || held.Value {
			return e.unlessKnown(d)
		}
	}
	if c.Before != nil && c.Before.Enforced.Knowledge == cloud.Known {
		return types.Bool(c.Before.Enforced.On)
	}
	return e.unknown(doubt{what: ifLoosened, why: "it is not in force at " + at + " now, and whether it was before is not known"})
}

// unlessKnown is false where there is no doubt.
func (e *evaluation) unlessKnown(d *doubt) ref.Val {
	if d != nil {
		return e.unknown(*d)
	}
	return types.False
}

// about are the resource types that a custom constraint is about; none for one of Google's.
func (e *evaluation) about() ref.Val {
	c := e.constraintChange()
	if !strings.HasPrefix(c.Name, "custom.") || len(c.About) > 0 {
		return stringList(c.About)
	}
	own, d := organizationOf(e.in.Change.Resource, e.look)
	if d != nil {
		return e.unknown(*d)
	}
	f, d := e.look(Question{Kind: ConstraintAbout, Name: c.Name, Value: own})
	if d != nil {
		return e.unknown(*d)
	}
	return stringList(f.List)
}
