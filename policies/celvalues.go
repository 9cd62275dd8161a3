package policies

import (
	"cmp"
	"fmt"
	"slices"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"

	"github.com/rescind-dev/rescind/internal/cloud"
)

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
		return e.part.list
	}
	unread := e.unknown(doubt{what: "which grants were added", why: why})
	if e.in.Change.Resource.Kind.Container() && !e.in.Change.HasDelta {
		return unread
	}
	return openList{grantList(append(slices.Clip(e.part.vals), unread)), unread}
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

// identity returns v, unless the identity it was taken from is unknown.
func (e *evaluation) identity(v ref.Val) ref.Val {
	if e.part.identity.Knowledge == cloud.Unknown {
		why := cmp.Or(e.part.identity.Unreadable(), e.whyNotShown(unreadIdentity))
		if w := e.in.Change.Workload; w != nil && w.AgentIdentity {
			why = "it has an agent identity and names no account, and whether it runs as the default account beside is not confirmed"
		}
		return e.unknown(doubt{what: "the account it runs as", why: why})
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

// ssh is false for a change that cannot have written it.
func (e *evaluation) ssh() ref.Val {
	c := e.in.Change
	why := e.workload().SSHWhy
	if c.Workload == nil && writesWorkload(c) && c.Resource.Kind.Reached() {
		why = "the entry does not show it"
	}
	if why != "" {
		return e.unknown(doubt{what: "whether people may open a shell in it", why: why})
	}
	return types.Bool(e.workload().SSH)
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

// ingress is unknown where the change may have set it and the entry does not
// show to what; it is empty where the change did not touch it.
func (e *evaluation) ingress() ref.Val {
	in := e.workload().Ingress
	if in == "" && !e.telling && (whyUnread(e.in.Change, unreadIngress) != "" || e.in.Change.Workload == nil && writesWorkload(e.in.Change)) {
		return e.unknown(doubt{what: "its ingress setting", why: e.whyNotShown(unreadIngress)})
	}
	return types.String(in)
}

func (e *evaluation) constraintChange() cloud.ConstraintChange {
	if c := e.in.Change.Constraint; c != nil {
		return *c
	}
	return cloud.ConstraintChange{Enforced: untouchedFlag}
}

// named is a name that holds all parts of the resource's; it is unknown while
// the entry leaves one of them out.
func (e *evaluation) named(name string) ref.Val {
	if why := whyUnread(e.in.Change, unreadResource); why != "" && !e.telling {
		return e.unknown(doubt{what: "the full name of what was changed", why: why})
	}
	return types.String(name)
}

// id is the last part of the name, the one a service account's entry may leave
// out; location the one a workload's may.
func (e *evaluation) id() ref.Val {
	if e.in.Change.Resource.Kind == cloud.ServiceAccount {
		return e.named(e.in.Change.Resource.Name)
	}
	return types.String(e.in.Change.Resource.Name)
}

// controller is unknown where nothing but a label names it.
func (e *evaluation) controller() ref.Val {
	w := e.workload()
	if w.Controller == "" && w.ControllerWhy != "" {
		return e.unknown(doubt{why: w.ControllerWhy})
	}
	return types.String(w.Controller)
}

func (e *evaluation) location() ref.Val { return e.named(e.in.Change.Resource.Location) }
