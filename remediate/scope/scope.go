// Package scope says which resources rescind may touch.
//
// It promises that what lies above a resource is looked up only where it can decide, and
// that what cannot be looked up is unknown: neither in scope nor out of it.
package scope

import (
	"context"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// Scope says which resources rescind may touch: those below an included
// container and below no excluded one. Containers are compared as parsed ids:
// folders/12 is not folders/123. The zero Scope includes nothing.
type Scope struct {
	Include []cloud.Resource
	Exclude []cloud.Resource
}

// Membership says whether a resource is in scope.
type Membership string

// The memberships.
const (
	In      Membership = "in"
	Out     Membership = "out"
	Unknown Membership = "unknown" // the ancestors could not be read
)

// Membership tells whether r is in scope. Where the answer hangs on ancestors
// that cannot be read, it is unknown: reported, but never touched.
func (s Scope) Membership(ctx context.Context, facts judge.Facts, r cloud.Resource) (Membership, string) {
	own, ok := r.Container()
	switch {
	case !ok, slices.Contains(s.Exclude, own):
		return Out, ""
	case s.mayMean(own):
		return Unknown, "whether " + own.Path() + " is in scope is unknown: the entry has its number, the scope names projects by id"
	case !s.needsAncestors(own):
		if slices.Contains(s.Include, own) {
			return In, ""
		}
		return Out, ""
	}
	fact := facts.Fact(ctx, policies.Question{Kind: policies.Ancestors, Name: own.Path()})
	above := append([]cloud.Resource{own}, cloud.ParseContainers(fact.List)...)
	switch {
	case intersects(above, s.Exclude):
		return Out, ""
	case !fact.Known:
		return Unknown, "whether " + own.Path() + " is in scope is unknown: " + fact.Why
	case intersects(above, s.Include):
		return In, ""
	}
	return Out, ""
}

// needsAncestors reports whether what lies above the container can decide: no
// look-up, and so no failed look-up, where it cannot.
func (s Scope) needsAncestors(own cloud.Resource) bool {
	above := func(r cloud.Resource) bool { return r.Kind == cloud.Folder || r.Kind == cloud.Organization }
	return own.Kind != cloud.Organization &&
		(slices.ContainsFunc(s.Exclude, above) || !slices.Contains(s.Include, own) && slices.ContainsFunc(s.Include, above))
}

// mayMean reports whether the scope may mean a project that is known by its
// number alone. A project id begins with a letter.
func (s Scope) mayMean(own cloud.Resource) bool {
	if own.Kind != cloud.Project || strings.Trim(own.Name, "0123456789") != "" || slices.Contains(s.Include, own) {
		return false
	}
	return slices.ContainsFunc(slices.Concat(s.Include, s.Exclude), func(r cloud.Resource) bool { return r.Kind == cloud.Project })
}

func intersects(a, b []cloud.Resource) bool {
	return slices.ContainsFunc(a, func(r cloud.Resource) bool { return slices.Contains(b, r) })
}
