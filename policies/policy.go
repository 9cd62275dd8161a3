package policies

import (
	"slices"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// Policy is one policy as loaded, for showing.
type Policy struct {
	Name        string
	Title       string
	Severity    Severity
	On          []cloud.Kind
	When        string // CEL: true is a violation
	Message     string // CEL: a sentence saying what is wrong; empty for the title
	Advice      string // CEL: sentences on how to do without the violation; empty for none
	Rationale   string // why, with the public document it follows
	Remediation []Remediation
	Enforcement Enforcement
	StepUp      StepUp // what those who answer a finding have to show besides
	Overrides   []Override
	Exemptions  []Exemption
	BuiltIn     bool
	Source      string // the file it was read from
}

// Override changes a policy's enforcement for all that a project, folder or
// organization holds.
type Override struct {
	Scope       cloud.Resource // a container
	Enforcement Enforcement
}

// Set is a compiled set of policies. It never changes, so one Set may be used
// by any number of goroutines.
type Set struct {
	rules  []*rule // what is loaded
	byKind map[cloud.Kind][]*rule
}

func newSet(rules []*rule) *Set {
	s := &Set{rules: rules, byKind: map[cloud.Kind][]*rule{}}
	for _, r := range rules {
		for _, k := range r.On {
			s.byKind[k] = append(s.byKind[k], r)
		}
	}
	return s
}

// Policies lists the policies in the order they were loaded, the built-in
// ones first. The caller may do with the result as it likes.
func (s *Set) Policies() []Policy { return policiesOf(s.rules) }

// Catalogue lists every built-in policy as it is shipped, also those that are
// loaded only when a file names them.
func (s *Set) Catalogue() []Policy { return policiesOf(shippedRules()) }

func policiesOf(rules []*rule) []Policy {
	out := make([]Policy, len(rules))
	for i, r := range rules {
		out[i] = r.Policy.clone()
	}
	return out
}

func (p Policy) clone() Policy {
	p.On = slices.Clone(p.On)
	p.Remediation = slices.Clone(p.Remediation)
	p.Overrides = slices.Clone(p.Overrides)
	p.Exemptions = slices.Clone(p.Exemptions)
	for i, x := range p.Exemptions {
		p.Exemptions[i] = x.clone()
	}
	return p
}
