package sim

import (
	"testing"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

func TestAnInjectedFaultEndsAfterItsTimes(t *testing.T) {
	c, j := seeded(t, Options{})
	g := dial(t, c)
	c.Fail("Services.UpdateService", 1, codes.PermissionDenied)
	_, err := updateService(t, g, &runpb.Service{Description: "x"}, "description")
	wantCode(t, err, codes.PermissionDenied)
	if es := j.take(); len(es) != 1 || es[0]["severity"] != "ERROR" {
		t.Errorf("logged as %v", es)
	}
	_, err = updateService(t, g, &runpb.Service{Description: "x"}, "description")
	must(t, err)
}

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
