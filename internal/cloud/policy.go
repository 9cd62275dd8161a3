package cloud

import (
	"slices"
	"strings"
)

// Binding is one role under one condition with its members.
type Binding struct {
	Role      string    `json:"role"`
	Members   []Member  `json:"members"`
	Condition Condition `json:"condition,omitzero"`
}

// AllowPolicy is IAM's policy of one resource. Etag names the version that was
// read; a write sends it back, so that a concurrent change is never overwritten.
type AllowPolicy struct {
	Version  int32     `json:"version,omitempty"`
	Etag     string    `json:"etag,omitempty"`
	Bindings []Binding `json:"bindings,omitempty"`
	// Read is the message that the policy was read as, for whoever read it: a
	// write changes that message where the bindings differ, so that what this
	// version of rescind does not know of survives. It is nobody else's, and not
	// stored; a policy without it cannot be written.
	Read any `json:"-"`
}

// Grants lists every grant of the policy once, in a stable order.
func (p AllowPolicy) Grants() []Grant {
	var out []Grant
	for _, b := range p.Bindings {
		for _, m := range b.Members {
			out = append(out, Grant{b.Role, m, b.Condition})
		}
	}
	slices.SortFunc(out, CompareGrants)
	return slices.Compact(out)
}

// Has reports whether the policy holds exactly this grant, condition included.
func (p AllowPolicy) Has(g Grant) bool {
	return slices.ContainsFunc(p.Bindings, func(b Binding) bool {
		return b.Role == g.Role && b.Condition == g.Condition && slices.Contains(b.Members, g.Member)
	})
}

// Conditional reports whether any binding has a condition, so that the policy
// must be read and written at version 3.
// https://cloud.google.com/iam/docs/allow-policies#versions
func (p AllowPolicy) Conditional() bool {
	return slices.ContainsFunc(p.Bindings, func(b Binding) bool { return b.Condition != (Condition{}) })
}

// HidesConditions reports whether the policy was read below version 3 and so
// shows "role_withcond_<hash>" in place of conditional roles. Such a policy
// must never be written back: the write would drop the conditions.
func (p AllowPolicy) HidesConditions() bool {
	return slices.ContainsFunc(p.Bindings, func(b Binding) bool { return strings.Contains(b.Role, "_withcond_") })
}

// Apply returns the policy after the deltas and those of them that changed
// something. Bindings that no delta names keep their order, members and
// condition; a binding that loses its last member goes. p is not modified.
func (p AllowPolicy) Apply(ds []Delta) (next AllowPolicy, effective []Delta) {
	next = p
	next.Bindings = make([]Binding, len(p.Bindings))
	for i, b := range p.Bindings {
		b.Members = slices.Clone(b.Members)
		next.Bindings[i] = b
	}
	for _, d := range ds {
		changed := false
		switch d.Action {
		case Add:
			changed = next.add(d.Grant)
		case Remove:
			changed = next.remove(d.Grant)
		}
		if changed {
			effective = append(effective, d)
		}
	}
	if next.Conditional() {
		next.Version = 3
	}
	return next, effective
}

func (p *AllowPolicy) add(g Grant) bool {
	if p.Has(g) {
		return false
	}
	for i, b := range p.Bindings {
		if b.Role == g.Role && b.Condition == g.Condition {
			p.Bindings[i].Members = append(b.Members, g.Member)
			return true
		}
	}
	p.Bindings = append(p.Bindings, Binding{Role: g.Role, Members: []Member{g.Member}, Condition: g.Condition})
	return true
}

func (p *AllowPolicy) remove(g Grant) bool {
	changed := false
	for i, b := range p.Bindings {
		if b.Role == g.Role && b.Condition == g.Condition && slices.Contains(b.Members, g.Member) {
			p.Bindings[i].Members = slices.DeleteFunc(b.Members, func(m Member) bool { return m == g.Member })
			changed = true
		}
	}
	if changed {
		p.Bindings = slices.DeleteFunc(p.Bindings, func(b Binding) bool { return len(b.Members) == 0 })
	}
	return changed
}
