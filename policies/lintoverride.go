package policies

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// overrides finds those that apply to nothing, or change nothing.
func (l *linter) overrides(e entry, r *rule) {
	for i, o := range e.Overrides {
		at := e.nth("overrides", i)
		switch {
		case !slices.ContainsFunc(r.On, func(k cloud.Kind) bool { return canLieIn(k, o.Scope.Kind) }):
			l.report(e, at, "override-never-applies", "policy %q: nothing it is about (%s) lies in a %s",
				e.Name, join(r.On, ", "), o.Scope.Kind)
		case o.Scope.Kind == cloud.Project && isNumber(o.Scope.Name):
			l.projectNumber(e, at, o.Scope.Name)
		default:
			if by := l.anyway(r, o); by != "" {
				l.report(e, at, "shadowed-override", "policy %q: the override for %s changes nothing: %s applies there anyway, by %s",
					e.Name, o.Scope.Path(), o.Enforcement, by)
			}
		}
	}
}

func (l *linter) projectNumber(e entry, at *yaml.Node, number string) {
	id := "its id"
	if l.in.ProjectID != nil && l.in.ProjectID(number) != number {
		id = "projects/" + l.in.ProjectID(number)
	}
	l.warn(e, at, "project-number", "policy %q: projects/%s is a number, and projects are compared by id: write %s", e.Name, number, id)
}

// anyway says what would give o's scope the enforcement that o gives it, if
// there were no o; empty where that is another, or not known.
func (l *linter) anyway(r *rule, o Override) string {
	others := slices.DeleteFunc(slices.Clone(r.Overrides), func(p Override) bool { return p == o })
	above := slices.ContainsFunc(others, func(p Override) bool { return p.Scope.Kind != cloud.Project })
	switch {
	case l.compiler.uses(r.When, "overridden"): // that there is one matters
		return ""
	case o.Enforcement == Revert && above: // it also holds while the ancestors are unknown
		return ""
	case above && o.Scope.Kind != cloud.Organization:
		ancestors := l.in.Fact(Question{Kind: Ancestors, Name: o.Scope.Path()})
		if !ancestors.Known {
			return ""
		}
		for _, a := range ancestors.List {
			if p, ok := overrideFor(&rule{Policy: Policy{Overrides: others}}, a); ok {
				return when(p.Enforcement == o.Enforcement, "the override for "+a)
			}
		}
	}
	return when(r.Enforcement == o.Enforcement, "the policy itself")
}

func when(condition bool, text string) string {
	if condition {
		return text
	}
	return ""
}
