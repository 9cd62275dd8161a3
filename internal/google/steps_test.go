package google

import (
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/remediate/fault"
)

func TestAWriteIsRehearsedFirst(t *testing.T) {
	for _, r := range []cloud.Resource{service, job, pool} {
		t.Run(string(r.Kind), func(t *testing.T) {
			w := newWorld(t, sim.Options{OperationPolls: 2})
			before, err := w.client.Workload(t.Context(), r)
			must(t, err)
			must(t, w.client.SetIdentity(t.Context(), before, goodAccount))
			if d := cmp.Diff([]bool{true, false}, w.updates); d != "" {
				t.Errorf("rehearsed (-want +got):\n%s", d)
			}
		})
	}
}

func TestWhatARehearsalRefusesIsNotWritten(t *testing.T) {
	w := newWorld(t, sim.Options{})
	before, err := w.client.Workload(t.Context(), service)
	must(t, err)
	stored, err := w.client.getService(t.Context(), service)
	must(t, err)
	for name, write := range map[string]func() error{
		"identity":      func() error { return w.client.SetIdentity(t.Context(), before, goodAccount) },
		"invoker check": func() error { return w.client.SetInvokerCheck(t.Context(), before, true) },
		"ingress":       func() error { return w.client.SetIngress(t.Context(), before, "internal") },
	} {
		w.updates = nil
		w.FailWith("UpdateService", 1, status.Error(codes.FailedPrecondition, "an organization policy is against it"))
		err := write()
		wantError(t, err, fault.ErrUnwritten)
		wantError(t, err, fault.ErrRefused)
		if err == nil || !strings.Contains(err.Error(), "FailedPrecondition: an organization policy is against it") {
			t.Errorf("%s: error is %v, want Google's words", name, err)
		}
		if d := cmp.Diff([]bool{true}, w.updates); d != "" {
			t.Errorf("%s: rehearsed (-want +got):\n%s", name, d)
		}
	}
	after, err := w.client.getService(t.Context(), service)
	must(t, err)
	if d := cmp.Diff(stored, after, protocmp.Transform()); d != "" {
		t.Errorf("the service changed:\n%s", d)
	}
}

func TestSetIngressChangesTheIngressAlone(t *testing.T) {
	w := newWorld(t, sim.Options{})
	before, err := w.client.Workload(t.Context(), service)
	must(t, err)
	stored, err := w.client.getService(t.Context(), service)
	must(t, err)
	must(t, w.client.SetIngress(t.Context(), before, "internal-and-cloud-load-balancing"))
	after, err := w.client.getService(t.Context(), service)
	must(t, err)
	want := proto.Clone(stored).(*runpb.Service)
	want.Ingress = runpb.IngressTraffic_INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER
	ignored := protocmp.IgnoreFields(&runpb.Service{}, "generation", "observed_generation", "etag", "update_time", "terminal_condition", "last_modifier")
	if d := cmp.Diff(want, after, protocmp.Transform(), ignored); d != "" {
		t.Errorf("service (-want +got):\n%s", d)
	}
	wantError(t, w.client.SetIngress(t.Context(), before, "internal"), fault.ErrConflict)
}

func TestAnIngressThatIsNoneIsRefused(t *testing.T) {
	w := newWorld(t, sim.Options{})
	for name, err := range map[string]error{
		"no such word": w.client.SetIngress(t.Context(), cloud.Workload{Resource: service, Etag: "e"}, "open"),
		"no etag":      w.client.SetIngress(t.Context(), cloud.Workload{Resource: service}, "internal"),
		"a job":        w.client.SetIngress(t.Context(), cloud.Workload{Resource: job, Etag: "e"}, "internal"),
	} {
		if !strings.Contains(err.Error(), "set ingress of") {
			t.Errorf("%s: error is %v", name, err)
		}
		wantError(t, err, fault.ErrRefused)
	}
	if n := w.count("Services/UpdateService"); n != 0 {
		t.Errorf("%d updates were sent", n)
	}
}

func TestExecutionsThatHaveNotEndedAreNamed(t *testing.T) {
	w := newWorld(t, sim.Options{})
	for _, e := range []*runpb.Execution{
		{Name: job.Path() + "/executions/nightly-done", CompletionTime: timestamppb.Now()},
		{Name: job.Path() + "/executions/nightly-a"},
		{Name: job.Path() + "/executions/nightly-b"},
	} {
		w.PutExecution(e)
	}
	names, err := w.client.Running(t.Context(), job)
	must(t, err)
	if want := []string{"nightly-b", "nightly-a"}; !slices.Equal(names, want) {
		t.Errorf("running %v, want %v", names, want)
	}
	if names, err := w.client.Running(t.Context(), service); err != nil || names != nil {
		t.Errorf("a service has %v, %v", names, err)
	}
	w.Fail("ListExecutions", 1, codes.PermissionDenied)
	if _, err := w.client.Running(t.Context(), job); err == nil || !strings.Contains(err.Error(), "run.executions.list missing on "+job.String()) {
		t.Errorf("error is %v, want the permission", err)
	}
}

func TestAnOrgPolicyIsReadDeletedAndCreatedAgainAsItWas(t *testing.T) {
	w := newWorld(t, sim.Options{})
	r := cloud.Resource{Kind: cloud.OrgPolicy, Project: "pay-prod", Parent: "projects/pay-prod", Name: constraint}
	_, err := w.client.OrgPolicy(t.Context(), r)
	wantError(t, err, fault.ErrNotFound)
	w.SetConstraint("projects/pay-prod", constraint, false)
	before, err := w.client.OrgPolicy(t.Context(), r)
	must(t, err)
	if want := `{"spec":{"rules":[{"enforce":false}]}}`; before.Body != want {
		t.Errorf("body is %s, want %s", before.Body, want)
	}
	wantError(t, w.client.DeleteOrgPolicy(t.Context(), r, "stale"), fault.ErrConflict)
	wantError(t, w.client.DeleteOrgPolicy(t.Context(), r, ""), fault.ErrRefused)
	must(t, w.client.DeleteOrgPolicy(t.Context(), r, before.Etag))
	_, err = w.client.OrgPolicy(t.Context(), r)
	wantError(t, err, fault.ErrNotFound)
	must(t, w.client.CreateOrgPolicy(t.Context(), r, before.Body))
	after, err := w.client.OrgPolicy(t.Context(), r)
	must(t, err)
	if after.Body != before.Body {
		t.Errorf("body is %s, was %s", after.Body, before.Body)
	}
	wantError(t, w.client.CreateOrgPolicy(t.Context(), r, before.Body), fault.ErrRefused)
	wantError(t, w.client.CreateOrgPolicy(t.Context(), r, "no JSON"), fault.ErrRefused)
}
