package sim

import (
	"slices"
	"testing"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
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

// A test that means one call must not fail another of a like name.
func TestAFaultIsOfTheMethodsThatItsNameEnds(t *testing.T) {
	calls := map[string]func(*Cloud) error{
		runV2 + "Services.UpdateService": func(c *Cloud) error {
			return second((&services{c: c}).UpdateService(t.Context(), &runpb.UpdateServiceRequest{Service: &runpb.Service{Name: serviceName}}))
		},
		runV2 + "Services.GetService": func(c *Cloud) error {
			return second((&services{c: c}).GetService(t.Context(), &runpb.GetServiceRequest{Name: serviceName}))
		},
		runV2 + "Services.SetIamPolicy": func(c *Cloud) error {
			return second((&services{c: c}).SetIamPolicy(t.Context(), &iampb.SetIamPolicyRequest{Resource: serviceName, Policy: policyOf()}))
		},
		runV2 + "Jobs.SetIamPolicy": func(c *Cloud) error {
			return second((&jobs{c: c}).SetIamPolicy(t.Context(), &iampb.SetIamPolicyRequest{Resource: jobName, Policy: policyOf()}))
		},
		"google.cloud.resourcemanager.v3.Projects.SetIamPolicy": func(c *Cloud) error { // which is not what the log calls it
			return second((&projects{c: c}).SetIamPolicy(t.Context(), &iampb.SetIamPolicyRequest{Resource: "projects/pay-prod", Policy: policyOf()}))
		},
	}
	for fault, hits := range map[string][]string{
		"SetIamPolicy":          {runV2 + "Services.SetIamPolicy", runV2 + "Jobs.SetIamPolicy", "google.cloud.resourcemanager.v3.Projects.SetIamPolicy"},
		"Services.SetIamPolicy": {runV2 + "Services.SetIamPolicy"},
		"Projects.SetIamPolicy": {"google.cloud.resourcemanager.v3.Projects.SetIamPolicy"},
		"GetService":            {runV2 + "Services.GetService"},
		"Service":               nil,
		"UpdateService":         {runV2 + "Services.UpdateService"},
		runV2 + "Services":      nil,
	} {
		for method, call := range calls {
			c, _ := seeded(t, Options{})
			c.Fail(fault, 1, codes.Unavailable)
			if err := call(c); (status.Code(err) == codes.Unavailable) != slices.Contains(hits, method) {
				t.Errorf("Fail(%q): %s answered %v", fault, method, err)
			}
		}
	}
}

// How long to wait, or which API is off, is read from the details.
func TestAFaultReachesTheClientWithItsDetails(t *testing.T) {
	c, _ := seeded(t, Options{})
	s, err := status.New(codes.ResourceExhausted, "slow down").WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(7 * time.Second)})
	must(t, err)
	c.FailWith("Jobs.GetJob", 2, s.Err())
	_, err = dial(t, c).jobs.GetJob(t.Context(), &runpb.GetJobRequest{Name: jobName})
	var delay time.Duration
	for _, d := range status.Convert(err).Details() {
		if info, ok := d.(*errdetails.RetryInfo); ok {
			delay = info.RetryDelay.AsDuration()
		}
	}
	if status.Code(err) != codes.ResourceExhausted || delay != 7*time.Second {
		t.Errorf("%v, to wait %v", err, delay)
	}
	if code, said := regional(t, rest(t, c), "GET", "/v2/"+jobName, nil); code != 429 || len(dig(said, "error", "details").([]any)) != 1 {
		t.Errorf("over REST: %d %v", code, said)
	}
}

func TestFaultsOfOneMethodComeOneAfterTheOther(t *testing.T) {
	c, _ := seeded(t, Options{})
	c.Fail("GetService", 2, codes.Unavailable)
	c.Fail("GetService", 1, codes.PermissionDenied)
	for n, want := range []codes.Code{codes.Unavailable, codes.Unavailable, codes.PermissionDenied, codes.OK} {
		if _, err := (&services{c: c}).GetService(t.Context(), &runpb.GetServiceRequest{Name: serviceName}); status.Code(err) != want {
			t.Errorf("call %d: %v, want %v", n+1, err, want)
		}
	}
}

// gcloud's face has names of its own for the same write.
func TestAFaultOfV1IsNoneOfV2(t *testing.T) {
	c, _ := seeded(t, Options{})
	base := rest(t, c)
	c.Fail("v1.Services.ReplaceService", 1, codes.PermissionDenied)
	_, err := (&services{c: c}).UpdateService(t.Context(), &runpb.UpdateServiceRequest{Service: &runpb.Service{Name: serviceName, Description: "x"}, UpdateMask: mask("description")})
	must(t, err)
	_, o := regional(t, base, "GET", v1Service, nil)
	if code, said := regional(t, base, "PUT", v1Service, o); code != 403 || dig(said, "error", "status") != "PERMISSION_DENIED" {
		t.Errorf("answered %d %v", code, said)
	}
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
