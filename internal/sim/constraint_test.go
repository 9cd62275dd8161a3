package sim

import (
	"testing"

	"cloud.google.com/go/orgpolicy/apiv2/orgpolicypb"
	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
)

func TestTheInvokerCheckStaysOnWhereTheConstraintIsEnforced(t *testing.T) {
	c, _ := seeded(t, Options{})
	g := dial(t, c)
	c.SetConstraint("folders/4001", requireInvokerIam, true)
	_, err := updateService(t, g, &runpb.Service{InvokerIamDisabled: true}, "invoker_iam_disabled")
	wantCode(t, err, codes.FailedPrecondition)
	c.SetConstraint("projects/264172533001", requireInvokerIam, false)
	_, err = updateService(t, g, &runpb.Service{InvokerIamDisabled: true}, "invoker_iam_disabled")
	must(t, err)
}

func TestAListConstraintIsInForceBelowWhereItWasSet(t *testing.T) {
	c := newQuiet(t, nil)
	read := func() *orgpolicypb.PolicySpec_PolicyRule {
		p, err := (&orgPolicies{c: c}).GetEffectivePolicy(t.Context(), &orgpolicypb.GetEffectivePolicyRequest{Name: "projects/pay-prod/policies/run.allowedIngress"})
		if err != nil || len(p.GetSpec().GetRules()) != 1 {
			t.Fatalf("effective policy %v, %v", p, err)
		}
		return p.GetSpec().GetRules()[0]
	}
	if !read().GetAllowAll() {
		t.Error("what nobody set does not allow all")
	}
	c.SetAllowedValues("folders/4001", "run.allowedIngress", "internal")
	if got := read().GetValues().GetAllowedValues(); len(got) != 1 || got[0] != "internal" {
		t.Errorf("allowed %v", got)
	}
}

func TestTheNearestPolicyDecidesABooleanConstraint(t *testing.T) {
	const name = "/policies/" + requireInvokerIam
	dryRun := &orgpolicypb.Policy{DryRunSpec: enforceSpec(false)}
	reset := &orgpolicypb.Policy{Spec: &orgpolicypb.PolicySpec{Reset_: true}}
	for _, tc := range []struct {
		sentence string
		set      map[string]*orgpolicypb.Policy
		want     bool
	}{
		{"nobody set it: off", nil, false},
		{"the organization's reaches the project", map[string]*orgpolicypb.Policy{"organizations/77": {Spec: enforceSpec(true)}}, true},
		{"the project's own wins", map[string]*orgpolicypb.Policy{"organizations/77": {Spec: enforceSpec(true)}, "projects/pay-prod": {Spec: enforceSpec(false)}}, false},
		{"a dry run decides nothing", map[string]*orgpolicypb.Policy{"organizations/77": {Spec: enforceSpec(true)}, "projects/pay-prod": dryRun}, true},
		{"a reset goes back to the default", map[string]*orgpolicypb.Policy{"organizations/77": {Spec: enforceSpec(true)}, "folders/4001": reset}, false},
	} {
		c, _ := seeded(t, Options{})
		for container, p := range tc.set {
			c.putOrgPolicy(container+name, p)
		}
		got, err := dial(t, c).policies.GetEffectivePolicy(t.Context(), &orgpolicypb.GetEffectivePolicyRequest{Name: "projects/pay-prod" + name})
		must(t, err)
		if got.Spec.Rules[0].GetEnforce() != tc.want || got.Name != "projects/264172533001"+name {
			t.Errorf("%s: got %v", tc.sentence, got)
		}
	}
}

func TestWhatWasThereBeforeIsNotRefused(t *testing.T) {
	c, _ := seeded(t, Options{})
	c.SetConstraint("folders/4001", requireInvokerIam, true)
	must(t, c.PutService(&runpb.Service{Name: location + "/services/old", InvokerIamDisabled: true}))
	if err := c.PutService(&runpb.Service{Name: "projects/none/locations/l/services/s"}); err == nil {
		t.Error("a service of a project nobody added was put")
	}
	s := c.State()
	if w := s.Workloads[2]; w.Name != location+"/services/old" || w.InvokerCheck || w.Identity != computeSA || w.Ingress != "all" {
		t.Errorf("state %v", w)
	}
	if diff := cmp.Diff([]ConstraintState{{"folders/4001", requireInvokerIam, true}}, s.Constraints); diff != "" {
		t.Errorf("constraints (-want +got):\n%s", diff)
	}
}
