package replay

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/strictyaml"
)

// factsParser reads what stands in a facts file and nowhere else.
type factsParser struct{ *strictyaml.Reader }

func (p factsParser) digits(n *yaml.Node, what string) string {
	s := p.word(n, what)
	if s != "" && !isNumber(s) {
		p.Problem(n, "%s is %q, want digits", what, s)
		return ""
	}
	return s
}

// word is text, or a number; empty where it is a problem.
func (p factsParser) word(n *yaml.Node, what string) (s string) {
	p.AnyText(what, &s)(n)
	return s
}

func (p factsParser) container(n *yaml.Node, what string) (cloud.Resource, bool) {
	s := p.word(n, what)
	c, ok := cloud.ParseContainer(s)
	ok = ok && (c.Kind == cloud.Project || isNumber(c.Name))
	if s != "" && !ok {
		p.Problem(n, "%s is %q, want projects/ID, folders/NUMBER or organizations/NUMBER", what, s)
	}
	return c, ok
}

func (f *FactsFile) containers(p factsParser, n *yaml.Node, what string) []string {
	out := []string{}
	p.List(n, what, func(n *yaml.Node) {
		if c, ok := p.container(n, "an entry of "+what); ok {
			f.names = append(f.names, nameAt{c.Path(), n, "an entry of " + what})
			out = append(out, c.Path())
		}
	})
	return out
}

// ancestors reads the folders and the organization that hold a project,
// nearest first, so the organization can only be the last.
func (p factsParser) ancestors(n *yaml.Node) []string {
	var out []string
	last := false
	p.List(n, "ancestors", func(n *yaml.Node) {
		c, ok := p.container(n, "an entry of ancestors")
		switch {
		case !ok:
		case c.Kind == cloud.Project:
			p.Problem(n, "ancestor %q: a project holds no projects", c.Path())
		case last:
			p.Problem(n, "ancestor %q comes after an organization: list the nearest first", c.Path())
		default:
			last = c.Kind == cloud.Organization
			out = append(out, c.Path())
		}
	})
	return out
}

func isNumber(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
