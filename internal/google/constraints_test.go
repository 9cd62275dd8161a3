package google

import (
	"testing"

	"cloud.google.com/go/orgpolicy/apiv2/orgpolicypb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/type/expr"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/policies"
)

func TestConstraintsAreReadAsTheyAreInForce(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.SetConstraint("organizations/77", constraint, true)
	got := w.client.Fact(t.Context(), ask(policies.ConstraintEnforced, constraint))
	want := policies.Fact{Known: true, Value: true, Source: "effective org policy of projects/pay-prod", At: w.now}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("inherited (-want +got):\n%s", d)
	}
	got = w.client.Fact(t.Context(), ask(policies.ConstraintEnforced, "compute.other"))
	if !got.Known || got.Value {
		t.Errorf("never set: %+v, want known and not enforced", got)
	}
}

func TestAnEffectivePolicyIsNotReadForMoreThanItSays(t *testing.T) {
	enforce := func(on bool) *orgpolicypb.PolicySpec_PolicyRule {
		return &orgpolicypb.PolicySpec_PolicyRule{Kind: &orgpolicypb.PolicySpec_PolicyRule_Enforce{Enforce: on}}
	}
	conditional := enforce(true)
	conditional.Condition = &expr.Expr{Expression: "resource.matchTag('77/env', 'prod')"}
	spec := func(rules ...*orgpolicypb.PolicySpec_PolicyRule) *orgpolicypb.PolicySpec {
		return &orgpolicypb.PolicySpec{Rules: rules}
	}
	for _, tt := range []struct {
		name         string
		policy       *orgpolicypb.Policy
		known, value bool
	}{
		{"enforced", &orgpolicypb.Policy{Spec: spec(enforce(true))}, true, true},
		{"not enforced", &orgpolicypb.Policy{Spec: spec(enforce(false))}, true, false},
		{"a dry run is not enforcement", &orgpolicypb.Policy{Spec: spec(enforce(false)), DryRunSpec: spec(enforce(true))}, true, false},
		{"a dry run alone says nothing", &orgpolicypb.Policy{DryRunSpec: spec(enforce(true))}, false, false},
		{"a condition that Google left in", &orgpolicypb.Policy{Spec: spec(conditional, enforce(false))}, false, false},
		{"a list constraint", &orgpolicypb.Policy{Spec: spec(&orgpolicypb.PolicySpec_PolicyRule{
			Kind: &orgpolicypb.PolicySpec_PolicyRule_AllowAll{AllowAll: true}})}, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, sim.Options{})
			w.answer("OrgPolicy/GetEffectivePolicy", func(any) (any, error) { return tt.policy, nil })
			got := w.client.Fact(t.Context(), ask(policies.ConstraintEnforced, constraint))
			if got.Known != tt.known || got.Value != tt.value || got.Known == (got.Why != "") {
				t.Errorf("%+v, want known %t, value %t, and a reason when unknown", got, tt.known, tt.value)
			}
		})
	}
}

func TestWhatAListConstraintAllowsIsReadAsItIsInForce(t *testing.T) {
	all := func(allow bool) *orgpolicypb.PolicySpec_PolicyRule {
		if allow {
			return &orgpolicypb.PolicySpec_PolicyRule{Kind: &orgpolicypb.PolicySpec_PolicyRule_AllowAll{AllowAll: true}}
		}
		return &orgpolicypb.PolicySpec_PolicyRule{Kind: &orgpolicypb.PolicySpec_PolicyRule_DenyAll{DenyAll: true}}
	}
	values := func(allowed, denied []string) *orgpolicypb.PolicySpec_PolicyRule {
		return &orgpolicypb.PolicySpec_PolicyRule{Kind: &orgpolicypb.PolicySpec_PolicyRule_Values{
			Values: &orgpolicypb.PolicySpec_PolicyRule_StringValues{AllowedValues: allowed, DeniedValues: denied},
		}}
	}
	rules := func(rs ...*orgpolicypb.PolicySpec_PolicyRule) []*orgpolicypb.PolicySpec_PolicyRule { return rs }
	for _, tt := range []struct {
		name         string
		rules        []*orgpolicypb.PolicySpec_PolicyRule
		known, value bool
	}{
		{"every value", rules(all(true)), true, true},
		{"no value", rules(all(false)), true, false},
		{"other values", rules(values([]string{"is:internal"}, nil)), true, false},
		{"this value too", rules(values([]string{"internal"}, nil), values([]string{"all"}, nil)), true, true},
		{"every value but this", rules(all(true), values(nil, []string{"all"})), true, false},
		{"every value but another", rules(all(true), values(nil, []string{"internal"})), true, true},
		{"a group of values", rules(values([]string{"in:some"}, nil)), false, false},
		{"a boolean constraint", rules(&orgpolicypb.PolicySpec_PolicyRule{Kind: &orgpolicypb.PolicySpec_PolicyRule_Enforce{Enforce: true}}), false, false},
		{"no rule", nil, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, sim.Options{})
			w.answer("OrgPolicy/GetEffectivePolicy", func(any) (any, error) {
				return &orgpolicypb.Policy{Spec: &orgpolicypb.PolicySpec{Rules: tt.rules}}, nil
			})
			q := policies.Question{Kind: policies.ConstraintAllows, Name: "run.allowedIngress", Project: "pay-prod", Value: "all"}
			got := w.client.Fact(t.Context(), q)
			if got.Known != tt.known || got.Value != tt.value || got.Known == (got.Why != "") {
				t.Errorf("%+v, want known %t, value %t, and a reason when unknown", got, tt.known, tt.value)
			}
			w.client.Changed(cloud.Change{Verb: cloud.SetOrg, Constraint: &cloud.ConstraintChange{Name: "run.allowedIngress"}})
			w.client.Fact(t.Context(), q)
			if n := w.count("OrgPolicy/GetEffectivePolicy"); n != 2 {
				t.Errorf("read %d times, want anew after a change of the constraint", n)
			}
		})
	}
}
