package policies

import (
	"errors"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rescind-dev/rescind/internal/cloud"
)

func (s *source) overrides(d *draft) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s.list(n, "overrides", func(n *yaml.Node) {
			var o Override
			s.object(n, "an override", keys{
				"scope":       s.scope(&o.Scope),
				"enforcement": word(s, "enforcement", &o.Enforcement, Audit, Approve, Revert),
			}, "scope", "enforcement")
			if _, twice := overrideFor(&rule{Policy: d.Policy}, o.Scope.Path()); twice && o.Scope != (cloud.Resource{}) {
				s.problem(n, "a second override for %s", o.Scope.Path())
			}
			d.Overrides = append(d.Overrides, o)
		})
	}
}

func (s *source) scope(dst *cloud.Resource) func(*yaml.Node) {
	return func(n *yaml.Node) {
		r, ok := cloud.ParseContainer(n.Value)
		numbered := r.Kind == cloud.Project || isNumber(r.Name)
		if !ok || !numbered || n.Kind != yaml.ScalarNode || strings.Contains(n.Value, "*") {
			s.problem(n, "scope is %s, want projects/ID, folders/NUMBER or organizations/NUMBER", shown(n))
			return
		}
		*dst = r
	}
}

func (s *source) exemptions(d *draft) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s.list(n, "exemptions", func(n *yaml.Node) {
			x := exemption{}
			s.object(n, "an exemption", keys{
				"resource": s.pattern(&x),
				"members":  s.texts("members", &x.Members),
				"roles":    s.texts("roles", &x.Roles),
				"owner":    s.text("owner", &x.Owner),
				"reason":   s.text("reason", &x.Reason),
				"expires":  s.date("expires", &x.Expires),
			}, "resource", "owner", "reason", "expires")
			// An empty list narrows to nothing, which reads as if it widened.
			if x.Members != nil && len(x.Members) == 0 || x.Roles != nil && len(x.Roles) == 0 {
				s.problem(n, "members or roles is an empty list; leave it out to cover the resource whole")
			}
			d.exemptions = append(d.exemptions, x)
			d.Exemptions = append(d.Exemptions, x.Exemption)
		})
	}
}

func (s *source) pattern(x *exemption) func(*yaml.Node) {
	return func(n *yaml.Node) {
		r, err := cloud.ParseResource(n.Value)
		if n.Kind != yaml.ScalarNode || err != nil {
			if err == nil {
				err = errors.New("resource is " + kindOf(n))
			}
			s.problem(n, "%v", err)
			return
		}
		x.Resource, x.pattern = n.Value, r
	}
}
