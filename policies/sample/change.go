package sample

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/strictyaml"
)

// reader reads samples.
type reader struct{ *strictyaml.Reader }

var (
	untouchedFlag     = cloud.Flag{Knowledge: cloud.Unchanged}
	untouchedIdentity = cloud.Identity{Knowledge: cloud.Unchanged}
)

// Change reads a change as a sample writes it. What a sample does not mention
// was not touched by the change. The fields that an entry can leave open are
// unreadFields, in the words of cloud.Unread.
func Change(r *strictyaml.Reader, dst *cloud.Change, unreadFields []string) func(*yaml.Node) {
	s := reader{r}
	return func(n *yaml.Node) {
		c := cloud.Change{Service: "run.googleapis.com", Actor: cloud.Actor{Principal: "user:dev@example.com"}}
		w := cloud.Workload{InvokerCheckDisabled: untouchedFlag, Identity: untouchedIdentity}
		var added, removed, policy []cloud.Grant
		var shownPolicy, writes bool
		mark := func(b *bool, read func(*yaml.Node)) func(*yaml.Node) {
			return func(n *yaml.Node) { *b = true; read(n) }
		}
		s.Fields(n, "a change", strictyaml.Keys{
			"resource":             s.resource(&c.Resource),
			"verb":                 strictyaml.Word(s.Reader, "verb", &c.Verb, cloud.Create, cloud.Replace, cloud.Update, cloud.Delete, cloud.SetPolicy, cloud.SetOrg, cloud.CreateKey, cloud.Move, cloud.Tag),
			"method":               s.Text("method", &c.Method),
			"actor":                s.Text("actor", &c.Actor.Principal),
			"added":                mark(&c.HasDelta, s.grants("added", &added)),
			"removed":              mark(&c.HasDelta, s.grants("removed", &removed)),
			"policy":               mark(&shownPolicy, s.grants("policy", &policy)),
			"identity":             mark(&writes, s.identity(&w.Identity)),
			"invokerCheckDisabled": mark(&writes, s.flag("invokerCheckDisabled", &w.InvokerCheckDisabled)),
			"sshEnabled":           mark(&writes, s.ssh(&w)),
			"serving":              mark(&writes, s.serving(&w.Shares)),
			"ingress":              mark(&writes, s.Text("ingress", &w.Ingress)),
			"labels":               mark(&writes, s.labels(&w)),
			"controller":           mark(&writes, s.Text("controller", &w.Controller)),
			"constraint":           s.constraintChange(&c),
			"unread":               s.unread(&c.Unread, unreadFields),
		}, "resource", "verb")
		for _, g := range added {
			c.Deltas = append(c.Deltas, cloud.Delta{Action: cloud.Add, Grant: g})
		}
		for _, g := range removed {
			c.Deltas = append(c.Deltas, cloud.Delta{Action: cloud.Remove, Grant: g})
		}
		if shownPolicy {
			c.Policy = &cloud.AllowPolicy{}
			for _, g := range policy {
				c.Policy.Bindings = append(c.Policy.Bindings, cloud.Binding{Role: g.Role, Members: []cloud.Member{g.Member}, Condition: g.Condition})
			}
		}
		if writes || c.Resource.Kind.Workload() && c.Verb != cloud.SetPolicy {
			w.Resource = c.Resource
			c.Workload = &w
		}
		*dst = c
	}
}

func (s reader) resource(dst *cloud.Resource) func(*yaml.Node) {
	return func(n *yaml.Node) {
		r, err := cloud.ParseResource(n.Value)
		if n.Kind != yaml.ScalarNode || err != nil {
			s.Problem(n, "resource is %s, want a full resource name like run.googleapis.com/projects/P/locations/L/services/S", strictyaml.Describe(n))
			return
		}
		*dst = r
	}
}

func (s reader) grants(what string, dst *[]cloud.Grant) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s.List(n, what, func(n *yaml.Node) {
			var g cloud.Grant
			var member string
			s.Fields(n, "a grant", strictyaml.Keys{
				"role":   s.Text("role", &g.Role),
				"member": s.Text("member", &member),
				"condition": func(n *yaml.Node) {
					s.Fields(n, "a condition", strictyaml.Keys{
						"title":       s.Text("title", &g.Condition.Title),
						"description": s.Text("description", &g.Condition.Description),
						"expression":  s.Text("expression", &g.Condition.Expression),
					}, "expression")
				},
			}, "role", "member")
			g.Member = cloud.Member(member)
			*dst = append(*dst, g)
		})
	}
}

// identity reads an e-mail, or one of the words for what an entry may not say.
func (s reader) identity(dst *cloud.Identity) func(*yaml.Node) {
	return func(n *yaml.Node) {
		var v string
		switch s.Text("identity", &v)(n); v {
		case "":
		case "unset":
			*dst = cloud.Identity{Knowledge: cloud.Unset}
		case "unknown":
			*dst = cloud.Identity{}
		case "unchanged":
			*dst = untouchedIdentity
		default:
			if !strings.Contains(v, "@") {
				s.Problem(n, "identity is %s, want an e-mail address, unset, unchanged or unknown", strictyaml.Describe(n))
			}
			*dst = cloud.KnownIdentity(v)
		}
	}
}

func (s reader) flag(what string, dst *cloud.Flag) func(*yaml.Node) {
	return func(n *yaml.Node) {
		var v string
		switch strictyaml.Word(s.Reader, what, &v, "true", "false", "unchanged", "unknown")(n); v {
		case "true", "false":
			*dst = cloud.KnownFlag(v == "true")
		case "unchanged":
			*dst = untouchedFlag
		case "unknown":
			*dst = cloud.Flag{}
		}
	}
}

func (s reader) ssh(w *cloud.Workload) func(*yaml.Node) {
	return func(n *yaml.Node) {
		var f cloud.Flag
		s.flag("sshEnabled", &f)(n)
		w.SSH = f.On
		if f.Knowledge == cloud.Unknown {
			w.SSHWhy = "the sample leaves it open"
		}
	}
}

func (s reader) labels(w *cloud.Workload) func(*yaml.Node) {
	w.Labels = map[string]string{}
	return s.Dictionary("labels", w.Labels)
}

func (s reader) constraintChange(c *cloud.Change) func(*yaml.Node) {
	return func(n *yaml.Node) {
		var cc, before cloud.ConstraintChange
		keys := s.constraintState(&cc)
		keys["name"] = s.Text("name", &cc.Name)
		keys["before"] = func(n *yaml.Node) {
			s.Fields(n, "before", s.constraintState(&before))
			cc.Before = &before
		}
		s.Fields(n, "constraint", keys, "name")
		c.Constraint = &cc
	}
}

// constraintState reads what an organization policy says.
func (s reader) constraintState(cc *cloud.ConstraintChange) strictyaml.Keys {
	return strictyaml.Keys{
		"enforced": s.flag("enforced", &cc.Enforced),
		"became": strictyaml.Word(s.Reader, "became", &cc.Became, cloud.PolicyDeleted, cloud.PolicyReset, cloud.PolicyConditional,
			cloud.PolicyAllEnforce, cloud.PolicyDryRunOnly, cloud.PolicyAllowsAll, cloud.PolicyDeniesAll, cloud.PolicyHoldsValues,
			cloud.PolicyHoldsParameters, cloud.PolicyMoved, cloud.PolicyRetagged, cloud.PolicyRedefined, cloud.PolicyUndefined),
		"allowed":    s.Texts("allowed", &cc.Allowed),
		"denied":     s.Texts("denied", &cc.Denied),
		"parameters": s.Text("parameters", &cc.Parameters),
		"about":      s.Texts("about", &cc.About),
	}
}

func (s reader) unread(dst *[]cloud.Unread, known []string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		var fields []string
		strictyaml.Words(s.Reader, "unread", &fields, known...)(n)
		for _, f := range fields {
			*dst = append(*dst, cloud.Unread{Field: f, Why: "the sample leaves it open"})
		}
	}
}
