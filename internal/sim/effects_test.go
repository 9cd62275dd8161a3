package sim

import (
	"testing"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/orgpolicy/apiv2/orgpolicypb"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/internal/cloud"
)

const laggingService = "projects/pay-prod/locations/europe-west1/services/api"

func newQuiet(t *testing.T, emit func([]byte)) *Cloud {
	t.Helper()
	c := NewCloud(Options{Emit: emit})
	c.AddProject("pay-prod", "264172533001", "folders/4001", "organizations/77")
	if err := c.PutService(&runpb.Service{Name: laggingService, Template: &runpb.RevisionTemplate{}}); err != nil {
		t.Fatal(err)
	}
	return c
}

func public() *iampb.SetIamPolicyRequest {
	return &iampb.SetIamPolicyRequest{Resource: laggingService, Policy: &iampb.Policy{
		Bindings: []*iampb.Binding{{Role: "roles/run.invoker", Members: []string{"allUsers"}}},
	}}
}

func TestReadsLagAsManyTimesAsAskedFor(t *testing.T) {
	c := newQuiet(t, nil)
	c.LagReads(2)
	s := &services{c: c}
	if _, err := s.SetIamPolicy(t.Context(), public()); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{0, 0, 1, 1} {
		p, err := s.GetIamPolicy(t.Context(), &iampb.GetIamPolicyRequest{Resource: laggingService})
		if err != nil || len(p.GetBindings()) != want {
			t.Errorf("read %d shows %d bindings (%v), want %d", i+1, len(p.GetBindings()), err, want)
		}
	}
}

func TestACallWhoseAnswerIsLostTookEffect(t *testing.T) {
	logged := 0
	c := newQuiet(t, func([]byte) { logged++ })
	c.FailAfter("SetIamPolicy", 1, codes.DeadlineExceeded)
	s := &services{c: c}
	if _, err := s.SetIamPolicy(t.Context(), public()); status.Code(err) != codes.DeadlineExceeded {
		t.Errorf("error is %v", err)
	}
	p, err := s.GetIamPolicy(t.Context(), &iampb.GetIamPolicyRequest{Resource: laggingService})
	if err != nil || len(p.GetBindings()) != 1 || logged != 1 {
		t.Errorf("%d bindings, %d entries (%v), want one of each", len(p.GetBindings()), logged, err)
	}
}

func TestARehearsalHasNoAnswerToLose(t *testing.T) {
	c := newQuiet(t, nil)
	c.FailAfter("UpdateService", 1, codes.DeadlineExceeded)
	s := &services{c: c}
	for _, rehearse := range []bool{true, false} {
		_, err := s.UpdateService(t.Context(), &runpb.UpdateServiceRequest{Service: &runpb.Service{Name: laggingService}, ValidateOnly: rehearse})
		if (err == nil) != rehearse {
			t.Errorf("rehearsal %t: error is %v", rehearse, err)
		}
	}
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

func TestAChangeOfWhoMayActAsAnAccountIsLoggedAsOne(t *testing.T) {
	var entry []byte
	c := newQuiet(t, func(e []byte) { entry = e })
	c.AddServiceAccount("pay-prod", "api@pay-prod.iam.gserviceaccount.com")
	const account = "projects/pay-prod/serviceAccounts/api@pay-prod.iam.gserviceaccount.com"
	s := &iamAdmin{c: c}
	set := &iampb.SetIamPolicyRequest{Resource: account, Policy: &iampb.Policy{
		Bindings: []*iampb.Binding{{Role: "roles/iam.serviceAccountUser", Members: []string{"user:eve@example.com"}}},
	}}
	if _, err := s.SetIamPolicy(t.Context(), set); err != nil {
		t.Fatal(err)
	}
	got, err := auditlog.Decode(entry)
	if err != nil {
		t.Fatal(err)
	}
	want := cloud.Resource{Kind: cloud.ServiceAccount, Project: "pay-prod", Name: "api@pay-prod.iam.gserviceaccount.com"}
	if added := got.Added(); got.Resource != want || len(added) != 1 || added[0].Member != "user:eve@example.com" {
		t.Errorf("decoded %+v", got)
	}
	set.Resource = "projects/pay-prod/serviceAccounts/nobody@pay-prod.iam.gserviceaccount.com"
	if _, err := s.SetIamPolicy(t.Context(), set); status.Code(err) != codes.NotFound {
		t.Errorf("an account that is not there: %v", err)
	}
}
