package remediate_test

import (
	"slices"
	"testing"

	"cloud.google.com/go/orgpolicy/apiv2/orgpolicypb"
	"google.golang.org/genproto/googleapis/type/expr"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// judged are the findings of what happens to the project's policy, after what was
// there before it was heard of.
func (g *rig) judged(before, now func()) []finding.Finding {
	g.t.Helper()
	before()
	g.events()
	now()
	var out []finding.Finding
	for _, e := range g.events() {
		for _, f := range g.handle(e).Findings {
			out = append(out, g.stored(f.ID))
		}
	}
	return out
}

func (g *rig) deleteOwn() {
	g.t.Helper()
	q := &orgpolicypb.DeletePolicyRequest{Name: "projects/pay-prod/policies/" + constraint}
	g.must(g.conn.Invoke(g.t.Context(), "/google.cloud.orgpolicy.v2.OrgPolicy/DeletePolicy", q, &emptypb.Empty{}))
}

func (g *rig) createOwn(rules ...*orgpolicypb.PolicySpec_PolicyRule) {
	g.t.Helper()
	q := &orgpolicypb.CreatePolicyRequest{Parent: "projects/pay-prod", Policy: &orgpolicypb.Policy{
		Name: "projects/pay-prod/policies/" + constraint, Spec: &orgpolicypb.PolicySpec{Rules: rules},
	}}
	g.must(g.conn.Invoke(g.t.Context(), "/google.cloud.orgpolicy.v2.OrgPolicy/CreatePolicy", q, &orgpolicypb.Policy{}))
}

func ruleOf(enforce, conditional bool) *orgpolicypb.PolicySpec_PolicyRule {
	r := &orgpolicypb.PolicySpec_PolicyRule{Kind: &orgpolicypb.PolicySpec_PolicyRule_Enforce{Enforce: enforce}}
	if conditional {
		r.Condition = &expr.Expr{Expression: "resource.matchTag('77/env', 'prod')"}
	}
	return r
}

func TestR5TighteningIsNotLoosening(t *testing.T) {
	nothing := func(*rig) {}
	for _, tt := range []struct {
		name        string
		inherited   bool // whether the folder enforces it
		before, now func(*rig)
		want        policies.Verdict // empty for no finding
		planned     bool             // whether the policy would be taken away
	}{
		{"an exception is deleted", true, func(g *rig) { g.createOwn(ruleOf(false, false)) }, (*rig).deleteOwn, "", false},
		{"what enforced is deleted, and nothing else does", false, func(g *rig) { g.createOwn(ruleOf(true, false)) }, (*rig).deleteOwn, policies.Violation, false},
		{"deleted, and what holds since cannot be read", false, func(g *rig) { g.createOwn(ruleOf(true, false)) },
			func(g *rig) { g.deleteOwn(); g.cloud.Fail("GetEffectivePolicy", 10, codes.PermissionDenied) }, policies.Unknown, false},
		{"the first policy enforces under a condition", false, nothing, func(g *rig) { g.createOwn(ruleOf(true, true), ruleOf(false, false)) }, "", false},
		{"the first policy enforces but for a tag", false, nothing, func(g *rig) { g.createOwn(ruleOf(true, false), ruleOf(false, true)) }, "", false},
		{"one enforces but for a tag, where all was enforced", true, nothing,
			func(g *rig) { g.createOwn(ruleOf(true, false), ruleOf(false, true)) }, policies.Violation, false},
		{"one enforces nothing, where nothing was enforced", false, nothing, func(g *rig) { g.createOwn(ruleOf(false, false)) }, "", false},
		{"one enforces nothing, where all was enforced", true, nothing, func(g *rig) { g.createOwn(ruleOf(false, false)) }, policies.Violation, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newRig(t, set{weakening: policies.Revert})
			g.cloud.SetConstraint("folders/4001", constraint, tt.inherited)
			got := g.judged(func() { tt.before(g) }, func() { tt.now(g) })
			switch {
			case tt.want == "" && len(got) > 0:
				t.Errorf("a finding of what loosens nothing: %v", got[0].Reasons)
			case tt.want != "" && (len(got) != 1 || got[0].Verdict != tt.want):
				t.Errorf("%+v, want one that is %s", got, tt.want)
			}
			if slices.ContainsFunc(got, func(f finding.Finding) bool { return f.Plan.Executable() }) != tt.planned {
				t.Errorf("planned: %v, want that %t", got, tt.planned)
			}
		})
	}
}
