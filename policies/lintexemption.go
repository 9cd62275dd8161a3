package policies

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// exemptions finds those that have ended or soon will, can exempt nothing, or have
// exempted nothing.
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
		if isNumber(x.pattern.Project) {
			l.projectNumber(e, at, x.pattern.Project)
		}
		if why := neverApplies(r, x); why != "" {
			l.report(e, at, "exemption-never-applies", "policy %q: exemption by %s covers nothing: %s", e.Name, x.Owner, why)
		} else if slices.Contains(unused, i) {
			l.report(e, at, "exemption-unused", "policy %q: exemption by %s covers nothing in the history (%s)",
				e.Name, x.Owner, plural(len(l.in.History), "change"))
		}
	}
}

// neverApplies says why an exemption can never exempt anything of the policy's.
func neverApplies(r *rule, x exemption) string {
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

// unused lists the exemptions of an entry that exempt nothing that happened.
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
			left = slices.DeleteFunc(left, func(i int) bool { return e.exemptions[i].wouldExempt(event.Change.Resource, found) })
		}
	}
	return left
}

// wouldExempt reports whether the exemption names something of a result.
func (x exemption) wouldExempt(on cloud.Resource, found Result) bool {
	return x.matches(on) && (x.whole() || slices.ContainsFunc(found.Grants, x.names))
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
