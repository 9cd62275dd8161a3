package main

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/terminal"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/replay"
	"github.com/rescind-dev/rescind/policies"
)

// effectivePolicies is what is printed. Its JSON form is documented in
// docs/policy-commands.md.
type effectivePolicies struct {
	Project   string            `json:"project"`
	Ancestors policies.FactLine `json:"ancestors"`
	Policies  []effectivePolicy `json:"policies"`
}

type effectivePolicy struct {
	Policy      string               `json:"policy"`
	State       string               `json:"state"`
	Kinds       []cloud.Kind         `json:"kinds"`
	Enforcement policies.Enforcement `json:"enforcement,omitempty"`
	EnforcedBy  string               `json:"enforced_by,omitempty"`
	Unsure      []string             `json:"unsure,omitempty"`
	Facts       []policies.FactLine  `json:"facts"`
	Exemptions  []effectiveExemption `json:"exemptions"`
}

type effectiveExemption struct {
	Resource string   `json:"resource"`
	Members  []string `json:"members,omitempty"`
	Roles    []string `json:"roles,omitempty"`
	Owner    string   `json:"owner"`
	Reason   string   `json:"reason"`
	Expires  string   `json:"expires"`
	Expired  bool     `json:"expired"`
}

// The states of a policy in a project.
const (
	stateActive = "active"
	stateIdle   = "idle"            // nothing there can violate it
	stateAbove  = "not in projects" // it is about folders and organizations
)

func writeEffective(ctx context.Context, w io.Writer, set *policies.Set, o listOptions) error {
	x, err := effectiveIn(ctx, set, o)
	if err != nil {
		return err
	}
	if o.format == "json" {
		return terminal.WriteJSON(w, x)
	}
	p := &printer{w: w}
	x.write(p)
	return p.err
}

func effectiveIn(ctx context.Context, set *policies.Set, o listOptions) (effectivePolicies, error) {
	facts, err := readFacts(o.facts)
	if err != nil {
		return effectivePolicies{}, err
	}
	known, err := replay.Read(ctx, facts, replay.Inputs{}, nil)
	if err != nil {
		return effectivePolicies{}, err
	}
	out := effectivePolicies{Project: known.ProjectID(strings.TrimPrefix(o.project, "projects/"))}
	fact := func(q policies.Question) policies.Fact { return known.Fact(ctx, q, o.now) }
	all, err := set.Effective(out.Project, o.now, fact)
	if err != nil {
		return out, err
	}
	above := policies.Question{Kind: policies.Ancestors, Name: cloud.ProjectResource(out.Project).Path()}
	out.Ancestors = policies.LineOf(above, fact(above))
	for _, x := range all {
		out.Policies = append(out.Policies, effectiveOf(x))
	}
	return out, nil
}

func effectiveOf(x policies.Effective) effectivePolicy {
	out := effectivePolicy{
		Policy: x.Policy.Name, State: stateActive, Kinds: x.Kinds,
		Enforcement: x.Enforcement, EnforcedBy: x.EnforcedBy, Unsure: x.Unsure,
		Facts: x.Facts, Exemptions: []effectiveExemption{},
	}
	switch {
	case len(x.Kinds) == 0:
		out.State, out.Kinds = stateAbove, []cloud.Kind{}
	case x.Idle:
		out.State = stateIdle
	}
	if out.Facts == nil {
		out.Facts = []policies.FactLine{}
	}
	for _, e := range x.Exemptions {
		out.Exemptions = append(out.Exemptions, effectiveExemption{
			Resource: e.Resource, Members: e.Members, Roles: e.Roles, Owner: e.Owner, Reason: e.Reason,
			Expires: e.Expires.Format(time.DateOnly), Expired: e.Expired,
		})
	}
	return out
}

func (x effectivePolicies) write(p *printer) {
	p.line(0, "project %s", x.Project)
	p.line(0, "%s", x.Ancestors.Text)
	for _, policy := range x.Policies {
		p.line(0, "")
		policy.write(p)
	}
}

func (x effectivePolicy) write(p *printer) {
	switch {
	case x.State == stateAbove:
		p.line(0, "%s: it is not about anything in a project", x.Policy)
		return
	case x.EnforcedBy != "":
		p.line(0, "%s: %s (override %s)%s", x.Policy, x.Enforcement, x.EnforcedBy, x.idleness())
	default:
		p.line(0, "%s: %s%s", x.Policy, x.Enforcement, x.idleness())
	}
	for _, f := range x.Facts {
		p.line(1, "%s", f.Text)
	}
	for _, why := range x.Unsure {
		p.line(1, "%s", why)
	}
	for _, e := range x.Exemptions {
		p.line(1, "%s", e)
	}
}

func (x effectivePolicy) idleness() string {
	if x.State == stateIdle {
		return ", but nothing there can violate it"
	}
	return ""
}

func (e effectiveExemption) String() string {
	until := "exempt until"
	if e.Expired {
		until = "an exemption that expired on"
	}
	narrowed := ""
	if n := append(e.Members, e.Roles...); len(n) > 0 {
		narrowed = " for " + strings.Join(n, ", ")
	}
	return fmt.Sprintf("%s %s: %s%s (%s, %s)", until, e.Expires, e.Resource, narrowed, e.Owner, e.Reason)
}
