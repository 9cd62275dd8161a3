package policies

import (
	"slices"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// enforcement returns what the policy asks for on the resource: the override
// of the nearest container that has one, else the policy's own. While the
// ancestors are unknown and an override for one of them might apply, nothing
// stronger than Approve comes out, since the override might be weaker.
func (e *evaluation) enforcement(r *rule) (enforcement Enforcement, by string, reasons []string, needs []Question) {
	own, _ := container(e.in.Change.Resource)
	if o, ok := overrideFor(r, own.Path()); ok {
		return o.Enforcement, o.Scope.Path(), nil, nil
	}
	if !slices.ContainsFunc(r.Overrides, func(o Override) bool { return o.Scope.Kind != cloud.Project }) {
		return r.Enforcement, "", nil, nil
	}
	ancestors, d := e.ancestors()
	if d != nil {
		if d.question != (Question{}) {
			needs = []Question{d.question}
		}
		return weaker(r.Enforcement, Approve), "", []string{d.String() + ", so overrides for folders and organizations could not be checked"}, needs
	}
	for _, a := range ancestors {
		if o, ok := overrideFor(r, a); ok {
			return o.Enforcement, a, nil, nil
		}
	}
	return r.Enforcement, "", nil, nil
}

func overrideFor(r *rule, scope string) (Override, bool) {
	i := slices.IndexFunc(r.Overrides, func(o Override) bool { return o.Scope.Path() == scope })
	if i < 0 {
		return Override{}, false
	}
	return r.Overrides[i], true
}

func weaker(a, b Enforcement) Enforcement {
	order := []Enforcement{Audit, Approve, Revert}
	if slices.Index(order, a) < slices.Index(order, b) {
		return a
	}
	return b
}

// container returns the project, folder or organization that r is, or lies
// directly in.
func container(r cloud.Resource) (cloud.Resource, bool) {
	switch {
	case r.Kind.Container():
		return r, true
	case r.Kind == cloud.OrgPolicy:
		return cloud.ParseContainer(r.Parent)
	case r.Project != "":
		return cloud.ProjectResource(r.Project), true
	}
	return cloud.Resource{}, false
}
