package policies

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// Unguarded lists, in sentences, the policies of files that rest on a constraint which no
// loaded policy guards: once it is loosened they find nothing any more, and nobody is told.
// What the built-in policies rest on no-constraint-weakening guards, which is always
// loaded; a test holds them to it.
func (s *Set) Unguarded() ([]string, error) {
	rests := slices.DeleteFunc(slices.Clone(s.rules), func(r *rule) bool {
		return r.BuiltIn || !strings.Contains(r.When, "constraint(")
	})
	if len(rests) == 0 {
		return nil, nil
	}
	c, err := newCompiler()
	if err != nil {
		return nil, err
	}
	p, err := newProspect(c)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, r := range rests {
		for _, name := range c.anyConstraints(r.When) {
			if guarded, err := s.guards(p, name); err != nil {
				return nil, err
			} else if !guarded {
				out = append(out, fmt.Sprintf("policy %q rests on the constraint %s, and no policy says when that is loosened", r.Name, name))
			}
		}
	}
	return out, nil
}

// RestsOn lists the constraints that the loaded policies rest on, in order.
func (s *Set) RestsOn() []string {
	c, err := theCompiler()
	if err != nil { // it is part of the program, and tests use it: cannot happen
		return nil
	}
	var out []string
	for _, r := range s.rules {
		if strings.Contains(r.When, "constraint(") {
			out = append(out, c.anyConstraints(r.When)...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// guards reports whether a loaded policy about organization policies can find a change of
// the constraint.
func (s *Set) guards(p prospect, constraint string) (bool, error) {
	for _, r := range s.byKind[cloud.OrgPolicy] {
		when, err := p.program(r.When)
		if err != nil {
			return false, err
		}
		named := situation{"change.constraint.name": types.String(constraint)}
		if !strings.HasPrefix(constraint, "custom.") {
			named["change.constraint.about"] = stringList(nil)
		}
		for _, change := range situationsOf(cloud.OrgPolicy) {
			if mayHold(when, []situation{change.with(named)}) {
				return true, nil
			}
		}
	}
	return false, nil
}
