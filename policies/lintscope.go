package policies

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"
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
				e.Name, strings.Join(asStrings(r.On), ", "), o.Scope.Kind)
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

// canLieIn reports whether a resource of kind k can be in, or be, a container.
func canLieIn(k, container cloud.Kind) bool {
	switch container {
	case cloud.Project:
		return k != cloud.Folder && k != cloud.Organization
	case cloud.Folder:
		return k != cloud.Organization
	}
	return true
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

// uses reports whether an expression uses a variable.
func (c *compiler) uses(expression, variable string) bool {
	found := false
	c.visit(expression, func(x ast.Expr) { found = found || x.Kind() == ast.IdentKind && x.AsIdent() == variable })
	return found
}

// exemptions finds those that have ended or soon will, cover nothing, or have
// covered nothing.
func (l *linter) exemptions(e entry, r *rule) {
	unused := l.unused(e, r)
	for i, x := range e.exemptions {
		at := e.nth("exemptions", i)
		switch ending := x.ending(l.in.Now); {
		case x.expired(l.in.Now):
			l.report(e, at, "exemption-expired", "policy %q: %s", e.Name, ending)
			continue
		case ending != "":
			l.warn(e, at, "exemption-ending", "policy %q: %s", e.Name, ending)
		}
		if why := coversNothing(r, x); why != "" {
			l.report(e, at, "exemption-never-applies", "policy %q: exemption by %s covers nothing: %s", e.Name, x.Owner, why)
		} else if slices.Contains(unused, i) {
			l.report(e, at, "exemption-unused", "policy %q: exemption by %s covers nothing in the history (%s)",
				e.Name, x.Owner, plural(len(l.in.History), "change"))
		}
	}
}

// coversNothing says why an exemption can never cover anything of the policy's.
func coversNothing(r *rule, x exemption) string {
	if !slices.Contains(r.On, x.pattern.Kind) {
		return fmt.Sprintf("the policy is not about a %s", x.pattern.Kind)
	}
	for _, m := range x.Members {
		if !cloud.Member(m).Public() && !strings.Contains(m, ":") {
			return fmt.Sprintf("%q is no member; want one like %q", m, "user:"+m)
		}
	}
	for _, role := range x.Roles {
		if !strings.Contains(role, "roles/") {
			return fmt.Sprintf("%q is no role; want one like %q", role, "roles/"+role)
		}
	}
	return ""
}

// unused lists the exemptions of an entry that cover nothing that happened.
func (l *linter) unused(e entry, r *rule) []int {
	if len(l.in.History) == 0 {
		return nil
	}
	var left []int
	for i := range e.exemptions {
		left = append(left, i)
	}
	bare := *r
	bare.Exemptions, bare.exemptions = nil, nil
	set := newSet([]*rule{&bare})
	for _, event := range l.in.History {
		here := slices.ContainsFunc(left, func(i int) bool { return e.exemptions[i].matches(event.Change.Resource) })
		if !here {
			continue
		}
		for _, found := range event.judge(set) {
			left = slices.DeleteFunc(left, func(i int) bool { return e.exemptions[i].wouldCover(event.Change.Resource, found) })
		}
	}
	return left
}

// wouldCover reports whether the exemption names something of a result.
func (x exemption) wouldCover(on cloud.Resource, found Result) bool {
	return x.matches(on) && (x.whole() || slices.ContainsFunc(found.Grants, x.covers))
}

// judge evaluates the event, answering what is asked until nothing new is.
func (v Event) judge(set *Set) []Result {
	in := Input{Change: v.Change, Facts: Facts{}, Now: v.At}
	for {
		results, known := set.Evaluate(in), len(in.Facts)
		for _, r := range results {
			for _, q := range r.Needs {
				if _, asked := in.Facts[q]; !asked {
					in.Facts[q] = v.Fact(q)
				}
			}
		}
		if len(in.Facts) == known {
			return results
		}
	}
}
