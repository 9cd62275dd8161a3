package policies

import (
	"fmt"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/strictyaml"
	"github.com/rescind-dev/rescind/policies/glob"
)

// Exemption is a stated exception from one policy: what it covers, who owns
// it, why, and until when.
type Exemption struct {
	Resource string   // pattern over the full resource name, "*" within one part
	Members  []string // narrows to these members, when set
	Roles    []string // narrows to these roles, when set
	Owner    string
	Reason   string
	Expires  time.Time // the start of the day (UTC) from which it no longer holds
}

func (x Exemption) clone() Exemption {
	x.Members = slices.Clone(x.Members)
	x.Roles = slices.Clone(x.Roles)
	return x
}

// whole reports whether the exemption covers a finding whatever it is about.
func (x Exemption) whole() bool { return len(x.Members) == 0 && len(x.Roles) == 0 }

// expired reports whether the exemption no longer holds.
func (x Exemption) expired(now time.Time) bool { return !now.Before(x.Expires) }

// names reports whether a narrowed exemption names the grant.
func (x Exemption) names(g cloud.Grant) bool {
	named := func(m string) bool { return cloud.SameMember(cloud.Member(m), g.Member) }
	return (len(x.Members) == 0 || slices.ContainsFunc(x.Members, named)) &&
		(len(x.Roles) == 0 || slices.Contains(x.Roles, g.Role))
}

// endsSoon is how long before its end an exemption is spoken of.
const endsSoon = 14 * 24 * time.Hour

// ending says that the exemption will end, or has; empty while that is far.
func (x Exemption) ending(now time.Time) string {
	left := x.Expires.Sub(now)
	switch {
	case left <= 0:
		return fmt.Sprintf("exemption by %s expired on %s", x.Owner, x.Expires.Format(time.DateOnly))
	case left <= endsSoon:
		days := int((left + 24*time.Hour - 1) / (24 * time.Hour))
		return fmt.Sprintf("exemption by %s ends on %s, in %s", x.Owner, x.Expires.Format(time.DateOnly), plural(days, "day"))
	}
	return ""
}

// String says in a sentence why, whose and until when it is.
func (x Exemption) String() string {
	return fmt.Sprintf("exempt: %s (owner %s, until %s)", x.Reason, x.Owner, x.Expires.Format(time.DateOnly))
}

// exemption is an Exemption with its pattern parsed. The parts of a name are
// compared as parts, so "projects/pay" never covers "projects/pay-prod".
type exemption struct {
	Exemption
	pattern cloud.Resource
}

func (x exemption) matches(r cloud.Resource) bool {
	return x.pattern.Kind == r.Kind && glob.Match(r.Path(), x.pattern.Path())
}

// exempt applies the policy's exemptions to a finding. One that covers the
// resource whole ends it. One that names members or roles takes its grants
// out, and what is left of the change is judged again.
func (e *evaluation) exempt(r *rule, f finding) finding {
	exempted := map[cloud.Grant]bool{}
	var by *Exemption
	var reasons []string
	for _, x := range r.exemptions {
		if !x.matches(e.in.Change.Resource) {
			continue
		}
		grants := slices.DeleteFunc(slices.Clone(f.grants), func(g cloud.Grant) bool { return !x.names(g) })
		switch {
		case !x.whole() && len(grants) == 0:
		case x.expired(e.in.Now):
			reasons = append(reasons, x.ending(e.in.Now))
		case x.whole():
			return f.exempted(x.Exemption, said(x.String(), x.ending(e.in.Now))...)
		default:
			for _, g := range grants {
				exempted[g] = true
			}
			if by == nil {
				by = &x.Exemption
			}
			reasons = append(reasons, said(fmt.Sprintf("%s %s", plural(len(grants), "grant"), x), x.ending(e.in.Now))...)
		}
	}
	if by == nil {
		f.reasons = append(f.reasons, reasons...)
		return f
	}
	rest := e.find(r, e.subject(func(g cloud.Grant) bool { return !exempted[g] }))
	if rest.verdict == Compliant {
		return f.exempted(*by, reasons...)
	}
	rest.reasons = append(rest.reasons, reasons...)
	return rest
}

func (f finding) exempted(x Exemption, reasons ...string) finding {
	x = x.clone()
	f.verdict, f.exemption = Exempt, &x
	f.reasons = append(f.reasons, reasons...)
	return f
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// said leaves out what is not there to say.
func said(sentences ...string) []string {
	return slices.DeleteFunc(sentences, func(s string) bool { return s == "" })
}

// Warnings says of the exemptions of the loaded policies which have expired,
// and so exempt nothing, and which will within 14 days.
func (s *Set) Warnings(now time.Time) []string {
	var out []string
	for _, r := range s.rules {
		for _, x := range r.Exemptions {
			if ending := x.ending(now); ending != "" {
				out = append(out, fmt.Sprintf("policy %s: %s (%s): %s", r.Name, ending, x.Reason, x.Resource))
			}
		}
	}
	return out
}

func (s source) exemptions(d *draft) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s.List(n, "exemptions", func(n *yaml.Node) {
			x := exemption{}
			s.Fields(n, "an exemption", strictyaml.Keys{
				"resource": s.pattern(&x),
				"members":  s.Texts("members", &x.Members),
				"roles":    s.Texts("roles", &x.Roles),
				"owner":    s.Text("owner", &x.Owner),
				"reason":   s.Text("reason", &x.Reason),
				"expires":  s.Date("expires", &x.Expires),
			}, "resource", "owner", "reason", "expires")
			// An empty list narrows to nothing, which reads as if it widened.
			if x.Members != nil && len(x.Members) == 0 || x.Roles != nil && len(x.Roles) == 0 {
				s.Problem(n, "members or roles is an empty list; leave it out to cover the resource whole")
			}
			d.exemptions = append(d.exemptions, x)
			d.Exemptions = append(d.Exemptions, x.Exemption)
		})
	}
}

func (s source) pattern(x *exemption) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode {
			s.Problem(n, "resource is %s, want text", strictyaml.Kind(n))
			return
		}
		r, err := cloud.ParseResource(n.Value)
		if err != nil {
			s.Problem(n, "%v", err)
			return
		}
		x.Resource, x.pattern = n.Value, r
	}
}
