package policies

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/strictyaml"
	"github.com/rescind-dev/rescind/policies/schema"
)

// The keys of a policy file. What else a new one needs is in the package's comment.

const apiVersion = "rescind/v1"

// maxPolicies is how many policies there may be in all files together.
const maxPolicies = 2000

// source is one policy file being read, and the problems found in it so far.
type source struct{ *strictyaml.Reader }

// openFile parses a file; root is nil where it holds nothing that can be read.
func openFile(f File) (s source, root *yaml.Node) {
	r, root := strictyaml.Open(f.Name, f.Data, strictyaml.MaxBytes)
	if root == nil && r.Err() == nil {
		r.Problem(&yaml.Node{}, "the file is empty; want `apiVersion: %s` and `policies:`", apiVersion)
	}
	return source{r}, root
}

func (s source) drafts(root *yaml.Node) []*draft {
	var version string
	var drafts []*draft
	s.Fields(root, "the file", strictyaml.Keys{
		"apiVersion": strictyaml.Word(s.Reader, "apiVersion", &version, apiVersion),
		"policies": func(n *yaml.Node) {
			if len(n.Content) > maxPolicies {
				s.Problem(n, "%d policies, the limit is %d", len(n.Content), maxPolicies)
				return
			}
			s.List(n, "policies", func(n *yaml.Node) { drafts = append(drafts, s.policy(n)) })
		},
	}, "apiVersion", "policies")
	return drafts
}

// Schema returns the JSON Schema of policy files. What the schema cannot say (that
// expressions compile, that names are unique) Load still checks.
func Schema() ([]byte, error) { return schema.JSON(fileSchema()) }

func fileSchema() *strictyaml.Schema {
	root := strictyaml.SchemaOf(func(r *strictyaml.Reader, n *yaml.Node) { source{r}.drafts(n) })
	schema.Complete(root, schema.BuiltIn{Names: builtInNames(), Changes: customKeys, Needed: neededKeys})
	return root
}

// policy reads one policy. Which keys it must have depends on whether it is
// new or names a built-in one, so that is checked by complete and onlyCustomises.
func (s source) policy(n *yaml.Node) *draft {
	d := &draft{source: s, node: n}
	d.Source, d.Enforcement = s.Name(), Audit
	s.Fields(n, "a policy", strictyaml.Keys{
		"name":        s.policyName(d),
		"title":       s.Text("title", &d.Title),
		"severity":    strictyaml.Word(s.Reader, "severity", &d.Severity, Low, Medium, High, Critical),
		"on":          s.kinds(d),
		"when":        s.expression("when", &d.When, &d.when),
		"message":     s.expression("message", &d.Message, &d.message),
		"advice":      s.expression("advice", &d.Advice, &d.advice),
		"rationale":   s.Text("rationale", &d.Rationale),
		"remediation": strictyaml.Words(s.Reader, "remediation", &d.Remediation, remediations...),
		"enforcement": strictyaml.Word(s.Reader, "enforcement", &d.Enforcement, Audit, Approve, Revert),
		"step_up":     strictyaml.Word(s.Reader, "step_up", &d.StepUp, StepUpIAP),
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
	RemoveGrants, RequireInvoker, RestoreIdentity, RestoreRevision, RestoreIngress, RestoreConstrain, RestoreCondition,
}

func (s source) policyName(d *draft) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s.Text("name", &d.Name)(n)
		if d.Name == "" {
			return
		}
		d.node = n
		if len(d.Name) > 63 || strings.Trim(d.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || strings.HasPrefix(d.Name, "-") {
			s.Problem(n, "name is %s, want at most 63 lower-case letters, digits and dashes", strictyaml.Describe(n))
		}
	}
}

func (s source) kinds(d *draft) func(*yaml.Node) {
	return func(n *yaml.Node) {
		strictyaml.Words(s.Reader, "on", &d.On, cloud.Kinds()...)(n)
		if n.Kind == yaml.SequenceNode && len(n.Content) == 0 {
			s.Problem(n, "on is an empty list, want at least one of %s", strictyaml.OneOf(cloud.Kinds()))
		}
	}
}

func (s source) expression(what string, dst *string, at **yaml.Node) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if s.Text(what, dst)(n); *dst != "" {
			*at = n
		}
	}
}
