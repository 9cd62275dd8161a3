package policies

import (
	"slices"
	"strings"

	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"go.yaml.in/yaml/v3"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/strictyaml"
)

// enforcement returns what the policy asks for on the resource: the override
// of the nearest container that has one, else the policy's own. While the
// ancestors are unknown and an override for one of them might apply, nothing
// stronger than Approve comes out, since the override might be weaker.
func (e *evaluation) enforcement(r *rule) (enforcement Enforcement, by string, reasons []string, needs []Question) {
	o, found, d := e.override(r)
	switch {
	case found:
		return o.Enforcement, o.Scope.Path(), nil, nil
	case d == nil:
		return r.Enforcement, "", nil, nil
	}
	if d.question != (Question{}) {
		needs = []Question{d.question}
	}
	return weaker(r.Enforcement, Approve), "", []string{d.String() + ", so overrides for folders and organizations could not be checked"}, needs
}

// override returns the override of the nearest container that has one. The
// ancestors are asked for only when an override could name one of them.
func (e *evaluation) override(r *rule) (o Override, found bool, _ *doubt) {
	own, _ := container(e.in.Change.Resource)
	if o, found = overrideFor(r, own.Path()); found {
		return o, true, nil
	}
	if !slices.ContainsFunc(r.Overrides, func(o Override) bool { return o.Scope.Kind != cloud.Project }) {
		return Override{}, false, nil
	}
	ancestors, d := e.ancestors()
	if d != nil {
		return Override{}, false, d
	}
	for _, a := range ancestors {
		if o, found = overrideFor(r, a); found {
			return o, true, nil
		}
	}
	return Override{}, false, nil
}

func overrideFor(r *rule, scope string) (Override, bool) {
	i := slices.IndexFunc(r.Overrides, func(o Override) bool { return o.Scope.Path() == scope })
	if i < 0 {
		return Override{}, false
	}
	return r.Overrides[i], true
}

func weaker(a, b Enforcement) Enforcement {
	order := []Enforcement{Audit, Approve, Revert}
	if slices.Index(order, a) < slices.Index(order, b) {
		return a
	}
	return b
}

func (s source) overrides(d *draft) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s.List(n, "overrides", func(n *yaml.Node) {
			var o Override
			s.Fields(n, "an override", strictyaml.Keys{
				"scope":       s.scope(&o.Scope),
				"enforcement": strictyaml.Word(s.Reader, "enforcement", &o.Enforcement, Audit, Approve, Revert),
			}, "scope", "enforcement")
			if _, twice := overrideFor(&rule{Policy: d.Policy}, o.Scope.Path()); twice && o.Scope != (cloud.Resource{}) {
				s.Problem(n, "a second override for %s", o.Scope.Path())
			}
			d.Overrides = append(d.Overrides, o)
		})
	}
}

func (s source) scope(dst *cloud.Resource) func(*yaml.Node) {
	return func(n *yaml.Node) {
		r, ok := cloud.ParseContainer(n.Value)
		numbered := r.Kind == cloud.Project || isNumber(r.Name)
		if !ok || !numbered || n.Kind != yaml.ScalarNode || strings.Contains(n.Value, "*") {
			s.Problem(n, "scope is %s, want projects/ID, folders/NUMBER or organizations/NUMBER", strictyaml.Describe(n))
			return
		}
		*dst = r
	}
}

// overridden reports whether an override of the running policy names a scope
// that the changed resource lies in: what a policy forbids by the organization's
// own constraints, it then forbids there by itself.
func (e *evaluation) overridden() ref.Val {
	_, found, d := e.override(e.rule)
	if d != nil {
		return e.unknown(*d)
	}
	return types.Bool(found)
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
