package main

import (
	"cmp"
	"fmt"
	"io"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/policies/trace"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// explained is what is printed. Its JSON form is documented in
// docs/policy-commands.md.
type explained struct {
	NoChange string            `json:"no_change,omitempty"`
	Change   *explainedChange  `json:"change,omitempty"`
	Policies []explainedPolicy `json:"policies,omitempty"`
}

type explainedChange struct {
	Resource cloud.Resource `json:"resource"`
	Method   string         `json:"method"`
	Verb     cloud.Verb     `json:"verb"`
	Actor    string         `json:"actor"`
	Time     time.Time      `json:"time"`
	InsertID string         `json:"insert_id"`
}

type explainedPolicy struct {
	Policy      string               `json:"policy"`
	Verdict     string               `json:"verdict"`
	Skipped     string               `json:"skipped,omitempty"`
	Enforcement policies.Enforcement `json:"enforcement,omitempty"`
	EnforcedBy  string               `json:"enforced_by,omitempty"`
	Decision    judge.Decision       `json:"decision,omitempty"`
	Message     string               `json:"message,omitempty"`
	When        *trace.Node          `json:"when,omitempty"`
	Facts       []policies.FactLine  `json:"facts,omitempty"`
	Overrides   []policies.Setting   `json:"overrides,omitempty"`
	Exemptions  []policies.Setting   `json:"exemptions,omitempty"`
	Reasons     []string             `json:"reasons,omitempty"`
}

func explainedOf(c cloud.Change, xs []policies.Explanation, judged []judge.Judgement) explained {
	out := explained{Change: &explainedChange{
		Resource: c.Resource, Method: c.Method, Verb: c.Verb,
		Actor: cmp.Or(c.Actor.Principal, cloud.UnknownActor), Time: c.Time.UTC(), InsertID: c.InsertID,
	}}
	for _, x := range xs {
		p := explainedPolicy{Policy: x.Policy, Skipped: x.Skipped, When: x.When, Facts: x.Facts, Overrides: x.Overrides, Exemptions: x.Exemptions, Verdict: "compliant"}
		if x.Skipped != "" {
			p.Verdict = "not judged"
		}
		for _, j := range judged {
			if j.Policy != x.Policy {
				continue
			}
			p.Verdict, p.Decision, p.Message = string(j.Verdict), j.Decision, j.Message
			p.Enforcement, p.EnforcedBy, p.Reasons = j.Enforcement, j.EnforcedBy, j.Reasons
		}
		out.Policies = append(out.Policies, p)
	}
	return out
}

func (x explained) write(w io.Writer) error {
	p := &printer{w: w}
	if x.NoChange != "" {
		p.line(0, "No policy is held against the entry: %s", x.NoChange)
		return p.err
	}
	p.line(0, "%s on %s", x.Change.Method, x.Change.Resource)
	p.line(0, "by %s at %s, insertId %s", x.Change.Actor, x.Change.Time.Format(time.RFC3339), x.Change.InsertID)
	for _, policy := range x.Policies {
		p.line(0, "")
		policy.write(p)
	}
	return p.err
}

func (e explainedPolicy) write(p *printer) {
	p.line(0, "%s: %s%s", e.Policy, e.Verdict, e.consequence())
	if e.Skipped != "" {
		p.line(1, "%s", e.Skipped)
	}
	if e.Message != "" {
		p.line(1, "%s", e.Message)
	}
	if e.When != nil {
		p.line(1, "when:")
		p.tree(2, e.When)
	}
	p.section("facts:", len(e.Facts))
	for _, f := range e.Facts {
		p.line(2, "%s", f.Text)
	}
	p.settings("overrides:", e.Overrides)
	p.settings("exemptions:", e.Exemptions)
	p.section("reasons:", len(e.Reasons))
	for _, r := range e.Reasons {
		p.line(2, "%s", r)
	}
}

// settings writes those that apply with the mark of what the answer rests on.
func (p *printer) settings(title string, all []policies.Setting) {
	p.section(title, len(all))
	for _, s := range all {
		mark := ""
		if s.Applies {
			mark = "  <--"
		}
		p.line(2, "%s%s", s.Text, mark)
	}
}

func (e explainedPolicy) consequence() string {
	if e.Decision == "" {
		return ""
	}
	by := ""
	if e.EnforcedBy != "" {
		by = " (override " + e.EnforcedBy + ")"
	}
	return fmt.Sprintf(", enforcement %s%s, decision %s", e.Enforcement, by, e.Decision)
}

var traceMarks = map[trace.Answer]string{
	trace.True: "[+]", trace.False: "[-]", trace.Unknown: "[?]", trace.Error: "[!]",
}

// tree writes a sub-expression with its parts below it. Of && and || the parts
// say it all.
func (p *printer) tree(indent int, n *trace.Node) {
	text := n.Text
	switch n.Op {
	case "&&", "||", "!":
		text = n.Op
	}
	if n.Decided && len(n.Parts) == 0 {
		text += "  <--"
	}
	p.line(indent, "%s %s", traceMarks[n.Answer], text)
	for _, v := range n.Values {
		p.line(indent+2, "%s is %s", v.Text, v.Value)
	}
	if len(n.Parts) == 0 {
		for _, why := range n.Why {
			p.line(indent+2, "%s", why)
		}
	}
	for _, part := range n.Parts {
		p.tree(indent+2, part)
	}
	if n.Omitted > 0 {
		p.line(indent+2, "... and %d more that decide nothing", n.Omitted)
	}
}
