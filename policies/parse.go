package policies

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rescind-dev/rescind/internal/cloud"
)

const apiVersion = "rescind/v1"

// parse reads a policy file. Its problems are recorded in the source.
func (s *source) parse(data []byte) []*draft {
	root := s.document(data)
	if root == nil {
		return nil
	}
	return s.drafts(root)
}

func (s *source) drafts(root *yaml.Node) []*draft {
	var version string
	var drafts []*draft
	s.object(root, "the file", keys{
		"apiVersion": word(s, "apiVersion", &version, apiVersion),
		"policies": func(n *yaml.Node) {
			if len(n.Content) > maxPolicies {
				s.problem(n, "%d policies, the limit is %d", len(n.Content), maxPolicies)
				return
			}
			s.list(n, "policies", func(n *yaml.Node) { drafts = append(drafts, s.policy(n)) })
		},
	}, "apiVersion", "policies")
	return drafts
}

// policy reads one policy. Which keys it must have depends on whether it is
// new or names a built-in one, so that is checked by complete and onlyCustomises.
func (s *source) policy(n *yaml.Node) *draft {
	d := &draft{source: s, node: n}
	d.Source, d.Enforcement = s.name, Audit
	s.object(n, "a policy", keys{
		"name":        s.policyName(d),
		"title":       s.text("title", &d.Title),
		"severity":    word(s, "severity", &d.Severity, Low, Medium, High, Critical),
		"on":          s.kinds(d),
		"when":        s.expression("when", &d.When, &d.when),
		"message":     s.expression("message", &d.Message, &d.message),
		"advice":      s.expression("advice", &d.Advice, &d.advice),
		"rationale":   s.text("rationale", &d.Rationale),
		"remediation": words(s, "remediation", &d.Remediation, remediations...),
		"enforcement": word(s, "enforcement", &d.Enforcement, Audit, Approve, Revert),
		"step_up":     word(s, "step_up", &d.StepUp, StepUpIAP),
		"overrides":   s.overrides(d),
		"exemptions":  s.exemptions(d),
		"tests":       s.samples(d),
	}, "name")
	for i := 0; n.Kind == yaml.MappingNode && i < len(n.Content); i += 2 {
		d.keys = append(d.keys, n.Content[i])
	}
	return d
}

var remediations = []Remediation{
	RemoveGrants, RequireInvoker, RestoreIdentity, RestoreIngress, RestoreConstrain, RestoreCondition,
}

func (s *source) policyName(d *draft) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s.text("name", &d.Name)(n)
		if d.Name == "" {
			return
		}
		d.node = n
		if len(d.Name) > 63 || strings.Trim(d.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || strings.HasPrefix(d.Name, "-") {
			s.problem(n, "name is %s, want at most 63 lower-case letters, digits and dashes", shown(n))
		}
	}
}

func (s *source) kinds(d *draft) func(*yaml.Node) {
	return func(n *yaml.Node) {
		words(s, "on", &d.On, cloud.Kinds()...)(n)
		if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
			s.problem(n, "on is an empty list, want at least one of %s", oneOf(cloud.Kinds()))
		}
	}
}

func (s *source) expression(what string, dst *string, at **yaml.Node) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if s.text(what, dst)(n); *dst != "" {
			*at = n
		}
	}
}
