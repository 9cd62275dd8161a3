package policies

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/strictyaml"
)

// sampleFacts are the facts a sample states. What it does not mention is
// unknown: a constraint for a project it does not list, and all accounts,
// roles, ancestors or domains when it has no such list at all.
type sampleFacts struct {
	inForce           map[Question]bool // of constraints
	numbers           map[string]string // by project id
	runtimeIdentities []string          // nil: not stated
	invokingRoles     []string          // nil: not stated
	ancestors         []string          // nil: not stated; of every project
	domains           []string          // nil: not stated; of every organization
}

func (s source) facts(dst *sampleFacts) func(*yaml.Node) {
	dst.inForce, dst.numbers = map[Question]bool{}, map[string]string{}
	return func(n *yaml.Node) {
		s.Fields(n, "facts", strictyaml.Keys{
			"constraints":        s.constraints(dst),
			"project_numbers":    s.Dictionary("project_numbers", dst.numbers),
			"runtime_identities": s.Texts("runtime_identities", &dst.runtimeIdentities),
			"invoking_roles":     s.Texts("invoking_roles", &dst.invokingRoles),
			"ancestors":          s.Texts("ancestors", &dst.ancestors),
			"domains":            s.Texts("domains", &dst.domains),
		})
	}
}

func (s source) constraints(dst *sampleFacts) func(*yaml.Node) {
	return s.each("constraints", func(name string, n *yaml.Node) {
		enforced := Question{Kind: ConstraintEnforced, Name: name}
		allows := Question{Kind: ConstraintAllows, Name: name}
		s.Fields(n, "constraint "+name, strictyaml.Keys{
			"enforced":     s.projects(dst, enforced, true),
			"not_enforced": s.projects(dst, enforced, false),
			"inherited":    s.inherited(dst, name),
			"allows":       s.values(dst, allows, true),
			"denies":       s.values(dst, allows, false),
		})
	})
}

// each reads a map whose keys are the author's own.
func (s source) each(what string, read func(key string, n *yaml.Node)) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s.Entries(n, what, func(key, n *yaml.Node) { read(key.Value, n) })
	}
}

// inherited reads whether the constraint is enforced by what the containers of
// the sample inherit, which is in force where nothing is set.
func (s source) inherited(dst *sampleFacts, name string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		var v string
		strictyaml.Word(s.Reader, "inherited", &v, "true", "false")(n)
		for _, kind := range []FactKind{ConstraintHeld, ConstraintInherited} {
			dst.inForce[Question{Kind: kind, Name: name}] = v == "true"
		}
	}
}

// values reads, for each value of a list constraint, the projects that have it.
func (s source) values(dst *sampleFacts, q Question, holds bool) func(*yaml.Node) {
	return s.each("the values", func(value string, n *yaml.Node) {
		q := q
		q.Value = value
		s.projects(dst, q, holds)(n)
	})
}

func (s source) projects(dst *sampleFacts, q Question, holds bool) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s.List(n, "the projects", func(n *yaml.Node) {
			r, ok := cloud.ParseContainer(n.Value)
			if !ok || r.Kind != cloud.Project {
				s.Problem(n, "project is %s, want projects/ID", strictyaml.Describe(n))
				return
			}
			q := q
			q.Project = r.Project
			dst.inForce[q] = holds
		})
	}
}

// answer is the fact a sample states, unknown when it states none.
func (f sampleFacts) answer(q Question) Fact {
	fact := Fact{Source: "sample", Why: "the sample does not say"}
	switch q.Kind {
	case ConstraintEnforced, ConstraintAllows:
		fact.Value, fact.Known = f.inForce[q]
	case ConstraintHeld, ConstraintInherited: // the same wherever a policy is set
		q.Value = ""
		fact.Value, fact.Known = f.inForce[q]
	case RuntimeIdentity:
		fact.Known, fact.Value = f.runtimeIdentities != nil, slices.Contains(f.runtimeIdentities, q.Name)
	case RoleInvokes:
		fact.Known, fact.Value = f.invokingRoles != nil, slices.Contains(f.invokingRoles, q.Name)
	case Ancestors:
		fact.Known, fact.List = f.ancestors != nil, f.ancestors
	case ProjectNumber:
		fact.Known, fact.Value = f.numbers[q.Project] != "", f.numbers[q.Project] == q.Value
	case OrganizationDomain:
		fact.Known, fact.Value = f.domains != nil, slices.Contains(f.domains, q.Value)
	}
	if fact.Known {
		fact.Why = ""
	}
	return fact
}
