package sim

import (
	"strings"
	"testing"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// "It must begin with letter, and cannot end with hyphen; must contain fewer
// than 50 characters": the comments of CreateServiceRequest.
func TestAnIdIsOfLettersDigitsAndHyphens(t *testing.T) {
	for id, want := range map[string]codes.Code{
		"a": codes.OK, "web-2": codes.OK, strings.Repeat("a", 49): codes.OK,
		strings.Repeat("a", 50): codes.InvalidArgument, "2web": codes.InvalidArgument, "web-": codes.InvalidArgument, "-web": codes.InvalidArgument,
		"Web": codes.InvalidArgument, "web_2": codes.InvalidArgument, "wéb": codes.InvalidArgument, "": codes.InvalidArgument, "a/b": codes.InvalidArgument, "-": codes.InvalidArgument,
	} {
		c, _ := seeded(t, Options{})
		before := len(c.State().Workloads)
		for kind, err := range map[string]error{
			"service": second((&services{c: c}).CreateService(t.Context(), &runpb.CreateServiceRequest{Parent: location, ServiceId: id, Service: &runpb.Service{}})),
			"job":     second((&jobs{c: c}).CreateJob(t.Context(), &runpb.CreateJobRequest{Parent: location, JobId: id, Job: &runpb.Job{}})),
			"worker pool": second((&workerPools{c: c}).UpdateWorkerPool(t.Context(), &runpb.UpdateWorkerPoolRequest{
				WorkerPool: &runpb.WorkerPool{Name: location + "/workerPools/" + id}, AllowMissing: true,
			})),
		} {
			if status.Code(err) != want {
				t.Errorf("a %s %q: %v, want %v", kind, id, err, want)
			}
		}
		if made := len(c.State().Workloads) - before; made != map[bool]int{true: 3}[want == codes.OK] {
			t.Errorf("%q: %d were made", id, made)
		}
	}
}

func second[T any](_ T, err error) error { return err }

// "Cloud Run API v2 does not support" labels and annotations of the namespaces
// that v1 keeps its own in, "and they will be rejected".
func TestV2RefusesWhatV1KeepsInLabels(t *testing.T) {
	for _, domain := range []string{"run.googleapis.com", "cloud.googleapis.com", "serving.knative.dev", "autoscaling.knative.dev"} {
		c, _ := seeded(t, Options{})
		s := &services{c: c}
		reserved := map[string]string{domain + "/x": "y"}
		labels := second(s.UpdateService(t.Context(), &runpb.UpdateServiceRequest{Service: &runpb.Service{Name: serviceName, Labels: reserved}, UpdateMask: mask("labels")}))
		annotations := second(s.CreateService(t.Context(), &runpb.CreateServiceRequest{Parent: location, ServiceId: "web", Service: &runpb.Service{Annotations: reserved}}))
		if status.Code(labels) != codes.InvalidArgument || status.Code(annotations) != codes.InvalidArgument {
			t.Errorf("%s: labels %v, annotations %v", domain, labels, annotations)
		}
	}
	c, _ := seeded(t, Options{})
	s := &services{c: c}
	must(t, c.PutService(&runpb.Service{Name: serviceName, Labels: map[string]string{"cloud.googleapis.com/location": "l"}, Annotations: map[string]string{"run.googleapis.com/x": "y"}}))
	for sentence, err := range map[string]error{
		"what was there before":       second(s.UpdateService(t.Context(), &runpb.UpdateServiceRequest{Service: &runpb.Service{Name: serviceName, Description: "x"}, UpdateMask: mask("description")})),
		"a controller's own label":    second(s.CreateService(t.Context(), &runpb.CreateServiceRequest{Parent: location, ServiceId: "fn", Service: &runpb.Service{Labels: map[string]string{"goog-managed-by": "cloudfunctions"}}})),
		"a domain that ends likewise": second(s.CreateService(t.Context(), &runpb.CreateServiceRequest{Parent: location, ServiceId: "mine", Service: &runpb.Service{Labels: map[string]string{"my-run.googleapis.com/x": "y"}}})),
	} {
		if err != nil {
			t.Errorf("%s: %v", sentence, err)
		}
	}
}

func TestAWorkloadIsOneByItsProjectsIdOrNumber(t *testing.T) {
	c, _ := seeded(t, Options{})
	for name, want := range map[string]codes.Code{
		serviceName: codes.OK, strings.Replace(serviceName, "pay-prod", "264172533001", 1): codes.OK,
		strings.Replace(serviceName, "pay-prod", "other", 1): codes.NotFound, strings.Replace(serviceName, "europe-west1", "us-east1", 1): codes.NotFound,
		strings.Replace(serviceName, "europe-west1", "-", 1): codes.InvalidArgument, jobName: codes.InvalidArgument, "api": codes.InvalidArgument,
		serviceName + "/x": codes.InvalidArgument, "projects/pay-prod/locations//services/api": codes.InvalidArgument, "": codes.InvalidArgument,
	} {
		got, err := (&services{c: c}).GetService(t.Context(), &runpb.GetServiceRequest{Name: name})
		if status.Code(err) != want || want == codes.OK && got.Name != serviceName {
			t.Errorf("%s: %v, %v; want %v", name, got.GetName(), err, want)
		}
	}
}

// A name that is free again is another workload: its policy, its revisions and
// its identity went with the old one.
func TestADeletedWorkloadTakesEverythingAlong(t *testing.T) {
	c, _ := seeded(t, Options{})
	g := dial(t, c)
	old := getService(t, g)
	_, err := g.services.SetIamPolicy(t.Context(), &iampb.SetIamPolicyRequest{Resource: serviceName, Policy: policyOf(bind("roles/run.invoker", "allUsers"))})
	must(t, err)
	s := &services{c: c}
	if err := second(s.DeleteService(t.Context(), &runpb.DeleteServiceRequest{Name: serviceName, Etag: `"old"`})); status.Code(err) != codes.Aborted {
		t.Errorf("deleted with a stale etag: %v", err)
	}
	must(t, second(s.DeleteService(t.Context(), &runpb.DeleteServiceRequest{Name: serviceName, Etag: old.Etag})))
	_, err = g.revisions.GetRevision(t.Context(), &runpb.GetRevisionRequest{Name: old.LatestReadyRevision})
	wantCode(t, err, codes.NotFound)
	must(t, second(s.CreateService(t.Context(), &runpb.CreateServiceRequest{Parent: location, ServiceId: "api", Service: &runpb.Service{Name: "ignored"}})))
	p, err := g.services.GetIamPolicy(t.Context(), v3(serviceName))
	must(t, err)
	again := getService(t, g)
	if len(p.Bindings) != 0 || again.Uid == old.Uid || again.Generation != 1 || again.Template.ServiceAccount != computeSA || again.Etag == old.Etag {
		t.Errorf("made again as %v, with %v", again, p)
	}
}
