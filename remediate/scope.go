package remediate

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

type membership string

const (
	inScope      membership = "in"
	outOfScope   membership = "out"
	scopeUnknown membership = "unknown" // the ancestors could not be read
)

// membership tells whether r is in scope. Where the answer hangs on ancestors
// that cannot be read, it is unknown: reported, but never touched.
func (s Scope) membership(ctx context.Context, facts judge.Facts, r cloud.Resource) (membership, string) {
	own, ok := container(r)
	switch {
	case !ok, slices.Contains(s.Exclude, own):
		return outOfScope, ""
	case s.mayMean(own):
		return scopeUnknown, "whether " + own.Path() + " is in scope is unknown: the entry has its number, the scope names projects by id"
	case !s.needsAncestors(own):
		if slices.Contains(s.Include, own) {
			return inScope, ""
		}
		return outOfScope, ""
	}
	fact := facts.Fact(ctx, policies.Question{Kind: policies.Ancestors, Name: own.Path()})
	above := append([]cloud.Resource{own}, parsed(fact.List)...)
	switch {
	case intersects(above, s.Exclude):
		return outOfScope, ""
	case !fact.Known:
		return scopeUnknown, "whether " + own.Path() + " is in scope is unknown: " + fact.Why
	case intersects(above, s.Include):
		return inScope, ""
	}
	return outOfScope, ""
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

// container is the project, folder or organization that r is or lies in.
func container(r cloud.Resource) (cloud.Resource, bool) {
	switch {
	case r.Kind.Container():
		return r, true
	case r.Project != "":
		return cloud.ProjectResource(r.Project), true
	}
	return cloud.ParseContainer(r.Parent)
}

func parsed(names []string) []cloud.Resource {
	var out []cloud.Resource
	for _, n := range names {
		if r, ok := cloud.ParseContainer(n); ok {
			out = append(out, r)
		}
	}
	return out
}

func intersects(a, b []cloud.Resource) bool {
	return slices.ContainsFunc(a, func(r cloud.Resource) bool { return slices.Contains(b, r) })
}
