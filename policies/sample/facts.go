package sample

import (
	"go.yaml.in/yaml/v3"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/strictyaml"
)

// Facts are what a sample states. What it does not mention is unknown: a
// constraint for a project it does not list, and all accounts, roles, ancestors
// or domains when it has no such list at all.
type Facts struct {
	InForce           map[Claim]bool
	Numbers           map[string]string   // of projects, by id
	RuntimeIdentities []string            // nil: not stated
	Conditional       []string            // constraints with a policy that asks for tags; nil: not stated
	About             map[string][]string // what custom constraints are about
	BasicRoleHolders  []string            // nil: not stated
	InvokingRoles     []string            // nil: not stated
	Ancestors         []string            // nil: not stated; of every project
	Domains           []string            // nil: not stated; of every organization
}

// Claim is what can be so of a constraint: that it is enforced for a project, that
// it allows a value there, or that it is in force by what is inherited, anywhere.
type Claim struct {
	Constraint string
	Project    string // its id; empty for what is inherited
	Value      string // empty but for a value that is allowed
}

// ReadFacts reads the facts of a sample.
func ReadFacts(r *strictyaml.Reader, dst *Facts) func(*yaml.Node) {
	s := reader{r}
	dst.InForce, dst.Numbers = map[Claim]bool{}, map[string]string{}
	return func(n *yaml.Node) {
		s.Fields(n, "facts", strictyaml.Keys{
			"constraints":        s.constraints(dst),
			"project_numbers":    s.Dictionary("project_numbers", dst.Numbers),
			"runtime_identities": s.Texts("runtime_identities", &dst.RuntimeIdentities),
			"basic_role_holders": s.Texts("basic_role_holders", &dst.BasicRoleHolders),
			"invoking_roles":     s.Texts("invoking_roles", &dst.InvokingRoles),
			"ancestors":          s.Texts("ancestors", &dst.Ancestors),
			"domains":            s.Texts("domains", &dst.Domains),
		})
	}
}

func (s reader) constraints(dst *Facts) func(*yaml.Node) {
	return s.each("constraints", func(name string, n *yaml.Node) {
		of := Claim{Constraint: name}
		s.Fields(n, "constraint "+name, strictyaml.Keys{
			"enforced":     s.projects(dst, of, true),
			"not_enforced": s.projects(dst, of, false),
			"inherited":    s.inherited(dst, name),
			"conditional":  s.conditional(dst, name),
			"about":        s.about(dst, name),
			"allows":       s.values(dst, of, true),
			"denies":       s.values(dst, of, false),
		})
	})
}

// each reads a map whose keys are the author's own.
func (s reader) each(what string, read func(key string, n *yaml.Node)) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s.Entries(n, what, func(key, n *yaml.Node) { read(key.Value, n) })
	}
}

// inherited reads whether the constraint is enforced by what the containers of
// the sample inherit, which is in force where nothing is set.
func (s reader) inherited(dst *Facts, name string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		var v string
		strictyaml.Word(s.Reader, "inherited", &v, "true", "false")(n)
		dst.InForce[Claim{Constraint: name}] = v == "true"
	}
}

// values reads, for each value of a list constraint, the projects that have it.
func (s reader) values(dst *Facts, c Claim, holds bool) func(*yaml.Node) {
	return s.each("the values", func(value string, n *yaml.Node) {
		c := c
		c.Value = value
		s.projects(dst, c, holds)(n)
	})
}

func (s reader) projects(dst *Facts, c Claim, holds bool) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s.List(n, "the projects", func(n *yaml.Node) {
			r, ok := cloud.ParseContainer(n.Value)
			if !ok || r.Kind != cloud.Project {
				s.Problem(n, "project is %s, want projects/ID", strictyaml.Describe(n))
				return
			}
			c := c
			c.Project = r.Project
			dst.InForce[c] = holds
		})
	}
}

// conditional reads whether a policy of the constraint asks for tags.
func (s reader) conditional(dst *Facts, name string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		var v string
		strictyaml.Word(s.Reader, "conditional", &v, "true", "false")(n)
		if dst.Conditional == nil {
			dst.Conditional = []string{}
		}
		if v == "true" {
			dst.Conditional = append(dst.Conditional, name)
		}
	}
}

// about reads which resource types a custom constraint is about.
func (s reader) about(dst *Facts, name string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		var types []string
		s.Texts("about", &types)(n)
		if dst.About == nil {
			dst.About = map[string][]string{}
		}
		dst.About[name] = types
	}
}
