package policies

import (
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// sampleFacts are the facts a sample states. What it does not mention is
// unknown: a constraint for a project it does not list, and all accounts,
// roles or ancestors when it has no such list at all.
type sampleFacts struct {
	enforced          map[Question]bool
	runtimeIdentities []string // nil: not stated
	invokingRoles     []string // nil: not stated
	ancestors         []string // nil: not stated
}

func (s *source) facts(dst *sampleFacts) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s.object(n, "facts", keys{
			"constraints":        s.constraints(dst),
			"runtime_identities": s.texts("runtime_identities", &dst.runtimeIdentities),
			"invoking_roles":     s.texts("invoking_roles", &dst.invokingRoles),
			"ancestors":          s.texts("ancestors", &dst.ancestors),
		})
	}
}

func (s *source) constraints(dst *sampleFacts) func(*yaml.Node) {
	return func(n *yaml.Node) {
		dst.enforced = map[Question]bool{}
		known := keys{}
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			name := n.Content[i].Value
			known[name] = func(n *yaml.Node) {
				s.object(n, "constraint "+name, keys{
					"enforced":     s.projects(dst, name, true),
					"not_enforced": s.projects(dst, name, false),
				})
			}
		}
		s.object(n, "constraints", known)
	}
}

func (s *source) projects(dst *sampleFacts, constraint string, enforced bool) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s.list(n, "the projects", func(n *yaml.Node) {
			r, ok := cloud.ParseContainer(n.Value)
			if !ok || r.Kind != cloud.Project {
				s.problem(n, "project is %s, want projects/ID", shown(n))
				return
			}
			dst.enforced[Question{ConstraintEnforced, constraint, r.Project}] = enforced
		})
	}
}

// answer is the fact a sample states, unknown when it states none.
func (f sampleFacts) answer(q Question) Fact {
	fact := Fact{Source: "sample", Why: "the sample does not say"}
	switch q.Kind {
	case ConstraintEnforced:
		fact.Value, fact.Known = f.enforced[q]
	case RuntimeIdentity:
		fact.Known, fact.Value = f.runtimeIdentities != nil, slices.Contains(f.runtimeIdentities, q.Name)
	case RoleInvokes:
		fact.Known, fact.Value = f.invokingRoles != nil, slices.Contains(f.invokingRoles, q.Name)
	case Ancestors:
		fact.Known, fact.List = f.ancestors != nil, f.ancestors
	}
	if fact.Known {
		fact.Why = ""
	}
	return fact
}
