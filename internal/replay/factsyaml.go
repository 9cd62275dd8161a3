package replay

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/strictyaml"
)

// factsParser reads what stands in a facts file and nowhere else.
type factsParser struct{ *strictyaml.Reader }

func (p factsParser) digits(n *yaml.Node) string {
	s := p.Text(n)
	if s != "" && !isNumber(s) {
		p.Problem(n, "number %q: want digits", s)
		return ""
	}
	return s
}

func (p factsParser) container(n *yaml.Node) (cloud.Resource, bool) {
	s := p.Text(n)
	c, ok := cloud.ParseContainer(s)
	ok = ok && (c.Kind == cloud.Project || isNumber(c.Name))
	if s != "" && !ok {
		p.Problem(n, "%q: want projects/ID, folders/NUMBER or organizations/NUMBER", s)
	}
	return c, ok
}

func (p factsParser) containers(n *yaml.Node) []string {
	out := []string{}
	p.List(n, func(n *yaml.Node) {
		if c, ok := p.container(n); ok {
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
	p.List(n, func(n *yaml.Node) {
		c, ok := p.container(n)
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
