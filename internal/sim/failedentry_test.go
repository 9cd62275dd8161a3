package sim

import (
	"net/http"
	"testing"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// failure is what an entry of a refused call says of it.
type failure struct {
	Code           any
	Severity       any
	Asked          bool // it has the request
	Answered       bool // it has a response, a delta, or an operation
	Granted        bool
	Authorisations int
}

func fail(e map[string]any) failure {
	p := e["protoPayload"]
	info, _ := dig(p, "authorizationInfo").([]any)
	f := failure{Code: dig(p, "status", "code"), Severity: e["severity"], Authorisations: len(info), Asked: dig(p, "request") != nil}
	f.Answered = dig(p, "response") != nil || dig(p, "serviceData") != nil || e["operation"] != nil
	if len(info) > 0 {
		f.Granted = dig(info[0], "granted") == true
	}
	return f
}

func TestARefusedCallIsLoggedWithWhatWasAskedAndNoAnswer(t *testing.T) {
	for _, tc := range []struct {
		sentence string
		do       func(*testing.T, *Cloud, google) error
		code     codes.Code
		granted  bool
	}{
		{"somebody without the permission", func(t *testing.T, c *Cloud, g google) error {
			c.Fail("Services.UpdateService", 1, codes.PermissionDenied)
			_, err := updateService(t, g, &runpb.Service{Description: "x"}, "description")
			return err
		}, codes.PermissionDenied, false},
		{"a stale etag", func(t *testing.T, _ *Cloud, g google) error {
			_, err := updateService(t, g, &runpb.Service{Etag: "old", Description: "x"}, "description")
			return err
		}, codes.Aborted, true},
		{"a name that is taken", func(t *testing.T, _ *Cloud, g google) error {
			_, err := g.jobs.CreateJob(t.Context(), &runpb.CreateJobRequest{Parent: location, JobId: "nightly", Job: &runpb.Job{}})
			return err
		}, codes.AlreadyExists, true},
		{"a workload that is not there", func(t *testing.T, _ *Cloud, g google) error {
			_, err := g.pools.DeleteWorkerPool(t.Context(), &runpb.DeleteWorkerPoolRequest{Name: location + "/workerPools/none"})
			return err
		}, codes.NotFound, true},
		{"a member of no type", func(t *testing.T, _ *Cloud, g google) error {
			_, err := g.projects.SetIamPolicy(t.Context(), &iampb.SetIamPolicyRequest{Resource: "projects/pay-prod", Policy: policyOf(bind("roles/viewer", "ada@example.com"))})
			return err
		}, codes.InvalidArgument, true},
		{"a rehearsal of what is refused", func(t *testing.T, c *Cloud, g google) error {
			c.SetConstraint("folders/4001", requireInvokerIam, true)
			_, err := g.services.UpdateService(t.Context(), &runpb.UpdateServiceRequest{
				Service: &runpb.Service{Name: serviceName, InvokerIamDisabled: true}, UpdateMask: mask("invoker_iam_disabled"), ValidateOnly: true,
			})
			return err
		}, codes.FailedPrecondition, true},
	} {
		c, j := seeded(t, Options{})
		if err := tc.do(t, c, dial(t, c)); status.Code(err) != tc.code {
			t.Errorf("%s: %v, want %v", tc.sentence, err, tc.code)
		}
		want := []failure{{Code: float64(tc.code), Severity: "ERROR", Asked: true, Granted: tc.granted, Authorisations: 1}}
		var got []failure
		for _, e := range j.take() {
			got = append(got, fail(e))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tc.sentence, diff)
		}
	}
}

// gcloud tries to create a job before it replaces one, and the log shows both.
func TestAV1CallThatFailedHasAStatusWhereOthersHaveNone(t *testing.T) {
	c, j := seeded(t, Options{})
	base := rest(t, c)
	_, job := regional(t, base, "GET", "/apis/run.googleapis.com/v1/namespaces/pay-prod/jobs/nightly", nil)
	delete(job["metadata"].(map[string]any), "resourceVersion")
	code, said := regional(t, base, "POST", "/apis/run.googleapis.com/v1/namespaces/pay-prod/jobs", job)
	if code != http.StatusConflict || dig(said, "error", "status") != "ALREADY_EXISTS" {
		t.Errorf("answered %d %v", code, said)
	}
	es := j.take()
	want := []failure{{Code: float64(codes.AlreadyExists), Severity: "ERROR", Asked: true, Granted: true, Authorisations: 1}}
	if diff := cmp.Diff(want, []failure{fail(es[0])}); diff != "" || dig(es[0], "protoPayload", "methodName") != "google.cloud.run.v1.Jobs.CreateJob" {
		t.Errorf("%v (-want +got):\n%s", dig(es[0], "protoPayload", "methodName"), diff)
	}
}

// What a constraint refused reads alike to the caller and in the log: code 9,
// and which constraint it was.
func TestWhatAConstraintRefusesNamesIt(t *testing.T) {
	c, j := seeded(t, Options{})
	c.SetConstraint("organizations/77", requireInvokerIam, true)
	_, err := updateService(t, dial(t, c), &runpb.Service{InvokerIamDisabled: true}, "invoker_iam_disabled")
	var violation *errdetails.PreconditionFailure
	for _, d := range status.Convert(err).Details() {
		violation, _ = d.(*errdetails.PreconditionFailure)
	}
	if v := violation.GetViolations(); status.Code(err) != codes.FailedPrecondition || len(v) != 1 || v[0].Type != "constraints/"+requireInvokerIam {
		t.Errorf("refused with %v, details %v", err, violation)
	}
	want := []any{map[string]any{
		"@type": "type.googleapis.com/google.rpc.PreconditionFailure",
		"violations": []any{map[string]any{
			"type": "constraints/" + requireInvokerIam, "subject": "projects/pay-prod", "description": "invoker_iam_disabled is not currently available",
		}},
	}}
	if diff := cmp.Diff(want, dig(j.take()[0], "protoPayload", "status", "details")); diff != "" {
		t.Errorf("logged details (-want +got):\n%s", diff)
	}
}

func TestAnOperationThatFailsIsLoggedAsBegunAndAsFailed(t *testing.T) {
	c, j := seeded(t, Options{OperationPolls: 1})
	g := dial(t, c)
	c.RefuseToStart(computeSA)
	_, err := updateService(t, g, &runpb.Service{Template: &runpb.RevisionTemplate{ServiceAccount: computeSA}}, "template.service_account")
	wantCode(t, err, codes.FailedPrecondition)
	es := j.take()
	if len(es) != 2 {
		t.Fatalf("%d entries", len(es))
	}
	if diff := cmp.Diff(map[string]any{}, dig(es[0], "protoPayload", "status")); diff != "" || es[0]["severity"] != "NOTICE" {
		t.Errorf("begun as %v (-want +got):\n%s", es[0]["severity"], diff)
	}
	if code := dig(es[1], "protoPayload", "status", "code"); code != float64(codes.FailedPrecondition) || dig(es[1], "protoPayload", "response") != nil || dig(es[1], "operation", "last") != true {
		t.Errorf("ended as %v", es[1])
	}
}
