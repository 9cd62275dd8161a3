package policies

import (
	"slices"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies/condition"
)

// shownGrant is a grant with the objects that stand for it and its parts. One
// allocation makes those of all grants of a change.
type shownGrant struct {
	cloud.Grant
	grant, role, member, condition object
}

// ofGrant is what the object of a grant, or of a part of one, shows.
func ofGrant(o *object) *shownGrant {
	if g, ok := o.data.(*shownGrant); ok {
		return g
	}
	return &shownGrant{}
}

// show returns the grants as CEL sees them.
func (e *evaluation) show(gs []cloud.Grant) []ref.Val {
	shown, vals := make([]shownGrant, len(gs)), make([]ref.Val, len(gs))
	for i, g := range gs {
		s := &shown[i]
		s.Grant = g
		s.grant, s.role = object{grantType, e, s}, object{roleType, e, s}
		s.member, s.condition = object{memberType, e, s}, object{conditionType, e, s}
		vals[i] = &s.grant
	}
	return vals
}

// sameShown reports whether two objects of one type show the same.
func sameShown(t *objectType, a, b *shownGrant) bool {
	switch t {
	case roleType:
		return a.Role == b.Role
	case memberType:
		return a.Member == b.Member
	case conditionType:
		return a.Condition == b.Condition
	}
	return a.Grant == b.Grant
}

// memberEmail is empty for a deleted member, whose address may by now belong
// to somebody else.
func memberEmail(m cloud.Member) string {
	if m.Deleted() {
		return ""
	}
	return m.Folded().Email()
}

// ofMember returns what get says of the grant's member, unless nobody knows who that is.
func (e *evaluation) ofMember(g *shownGrant, get func(cloud.Member) ref.Val) ref.Val {
	if g.Member == someone {
		return e.unknown(doubt{what: "who holds " + g.Role, why: "the entry says what the role allows, and not to whom it is granted"})
	}
	return get(g.Member)
}

func (e *evaluation) invokes(role string) ref.Val {
	if invokes, listed := cloud.RoleInvokes(role); listed {
		return types.Bool(invokes)
	}
	if r := e.in.Change.Role; r != nil && r.Name == role && r.Invokes.Knowledge == cloud.Known {
		return types.Bool(r.Invokes.On)
	}
	return e.truth(Question{Kind: RoleInvokes, Name: role})
}

// conditionRemoved reports whether the change that added g, which has no condition or one
// that always holds, or one shortly before it, took the same role under a condition from
// the same member.
func (e *evaluation) conditionRemoved(g cloud.Grant) bool {
	at := e.in.Change.Time
	if at.IsZero() {
		at = e.in.Now
	}
	if !condition.AlwaysTrue(g.Condition.Expression, at) {
		return false
	}
	narrowed := func(o cloud.Grant) bool {
		return o.Role == g.Role && cloud.SameMember(o.Member, g.Member) && o.Condition != (cloud.Condition{}) && o.Condition != g.Condition
	}
	return slices.ContainsFunc(e.in.Change.Lost, narrowed) || slices.ContainsFunc(e.in.Change.Deltas, func(d cloud.Delta) bool {
		return d.Action == cloud.Remove && narrowed(d.Grant)
	})
}
