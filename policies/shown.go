package policies

import (
	"fmt"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// memberEmail is empty for a deleted member, whose address may by now belong
// to somebody else.
func memberEmail(m cloud.Member) string {
	if m.Deleted() {
		return ""
	}
	return m.Email()
}

func (e *evaluation) invokes(role string) ref.Val {
	if invokes, listed := invokingRoles[role]; listed {
		return types.Bool(invokes)
	}
	return e.truth(Question{Kind: RoleInvokes, Name: role})
}

// added is what `change.added` is. Where part of it was not read, the grants
// that were still count; a container's policy without a delta says nothing of
// what was added to it. More grants than an allow policy can hold are no
// entry of Google's, and judging each would take too long.
func (e *evaluation) added() ref.Val {
	why := e.part.unreadGrants
	if n := len(e.part.grants); n > maxGrants {
		return e.unknown(doubt{what: "which grants were added", why: fmt.Sprintf("%d are more than an allow policy can hold", n)})
	}
	if why == "" {
		return e.grants(e.part.grants)
	}
	unread := e.unknown(doubt{what: "which grants were added", why: why})
	if e.in.Change.Resource.Kind.Container() && !e.in.Change.HasDelta {
		return unread
	}
	return openList{e.grants(e.part.grants, unread), unread}
}

// openList is a list that holds more than is known: its last element is
// unknown, and so is its size.
type openList struct {
	traits.Lister
	unread *types.Unknown
}

// Size is not known.
func (l openList) Size() ref.Val { return l.unread }

// Fold goes through the known elements and the unknown one.
func (l openList) Fold(f traits.Folder) {
	for it := l.Iterator(); it.HasNext() == types.True; {
		if !f.FoldEntry(nil, it.Next()) {
			return
		}
	}
}

// grants is a list of grants, and of whatever stands for those that are not known.
func (e *evaluation) grants(gs []cloud.Grant, more ...ref.Val) traits.Lister {
	vals := make([]ref.Val, 0, len(gs)+len(more))
	for _, g := range gs {
		vals = append(vals, &object{grantType, e, g})
	}
	return types.NewRefValList(types.DefaultTypeAdapter, append(vals, more...))
}

// identity returns v, unless the identity it was taken from is unknown.
func (e *evaluation) identity(v ref.Val) ref.Val {
	if e.part.identity.Knowledge == cloud.Unknown {
		return e.unknown(doubt{what: "the account it runs as", why: e.whyNotShown(unreadIdentity)})
	}
	return v
}

// flag is the value of a switch: off where the change did not touch it.
func (e *evaluation) flag(what, unread string, f cloud.Flag) ref.Val {
	switch f.Knowledge {
	case cloud.Unknown:
		return e.unknown(doubt{what: what, why: e.whyNotShown(unread)})
	case cloud.Known:
		return types.Bool(f.On)
	}
	return types.False
}

func (e *evaluation) whyNotShown(field string) string {
	if why := whyUnread(e.in.Change, field); why != "" {
		return why
	}
	return "the entry does not show it"
}

func (e *evaluation) workload() cloud.Workload {
	if e.in.Change.Workload == nil {
		return cloud.Workload{}
	}
	return *e.in.Change.Workload
}

// ingress is unknown where a workload was written and the entry does not show
// what it became; a change of another sort has none.
func (e *evaluation) ingress() ref.Val {
	if in := e.workload().Ingress; in != "" || !writesWorkload(e.in.Change) {
		return types.String(in)
	}
	return e.unknown(doubt{what: "its ingress setting", why: e.whyNotShown("ingress")})
}

func (e *evaluation) constraintChange() cloud.ConstraintChange {
	if c := e.in.Change.Constraint; c != nil {
		return *c
	}
	return cloud.ConstraintChange{Enforced: untouchedFlag}
}
