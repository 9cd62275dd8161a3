package sim

import (
	"net/http"
	"testing"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
)

// knativePath is where v1 has a workload of the seeded cloud.
func knativePath(k *kind, id string) string {
	return "/apis/" + k.apiVersion() + "/namespaces/pay-prod/" + k.v1Collection() + "/" + id
}

// gcloud reads the whole object, changes a line and writes it back: what it did
// not touch has to come through both translations as it was.
func TestWhatIsReadThroughV1IsWrittenBackUnchanged(t *testing.T) {
	c, _ := seeded(t, Options{})
	containers := []*runpb.Container{{Name: "app", Image: "gcr.io/x/api", Command: []string{"run"}, Env: []*runpb.EnvVar{{Name: "A", Values: &runpb.EnvVar_Value{Value: "b"}}}}}
	must(t, c.PutService(&runpb.Service{
		Name: serviceName, Labels: map[string]string{"team": "pay"}, Annotations: map[string]string{"note": "x"},
		Ingress: runpb.IngressTraffic_INGRESS_TRAFFIC_INTERNAL_ONLY, InvokerIamDisabled: true,
		Template: &runpb.RevisionTemplate{Revision: "api-00001-abc", ServiceAccount: apiIdentity, Containers: containers},
		Traffic: []*runpb.TrafficTarget{
			{Type: runpb.TrafficTargetAllocationType_TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION, Revision: "api-00001-abc", Percent: 100},
			{Type: runpb.TrafficTargetAllocationType_TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST, Tag: "next"},
		},
	}))
	must(t, c.PutJob(&runpb.Job{Name: jobName, Template: &runpb.ExecutionTemplate{Template: &runpb.TaskTemplate{ServiceAccount: apiIdentity, Containers: containers}}}))
	must(t, c.PutWorkerPool(&runpb.WorkerPool{Name: poolName, Template: &runpb.WorkerPoolRevisionTemplate{ServiceAccount: apiIdentity, Containers: containers}}))
	base := rest(t, c)
	for name, k := range map[string]*kind{serviceName: serviceKind, jobName: jobKind, poolName: workerPoolKind} {
		before := proto.Clone(c.workloads[name].obj).(object)
		revisions := len(c.workloads[name].revisions)
		path := knativePath(k, lastSegment(name))
		_, o := regional(t, base, "GET", path, nil)
		if code, said := regional(t, base, "PUT", path, o); code != http.StatusOK {
			t.Errorf("%s: written back with %d %v", k.noun, code, said)
		}
		after := c.workloads[name].obj
		changes := protocmp.IgnoreFields(after, "etag", "generation", "observed_generation", "update_time", "last_modifier")
		if diff := cmp.Diff(before, after, protocmp.Transform(), changes); diff != "" {
			t.Errorf("%s (-before +after):\n%s", k.noun, diff)
		}
		if n := len(c.workloads[name].revisions); n != revisions {
			t.Errorf("%s: %d revisions became %d", k.noun, revisions, n)
		}
	}
}

// https://cloud.google.com/run/docs/securing/managing-access and the v1
// discovery document have the annotations.
func TestV1SaysInAnnotationsWhatV2SaysInFields(t *testing.T) {
	c, _ := seeded(t, Options{})
	base := rest(t, c)
	path := knativePath(serviceKind, "api")
	for _, tc := range []struct {
		sentence, annotation, value string
		code                        int
		ingress                     string
		check                       bool
	}{
		{"no ingress", "run.googleapis.com/ingress", "", 200, "all", true},
		{"from inside alone", "run.googleapis.com/ingress", "internal", 200, "internal", true},
		{"from a load balancer as well", "run.googleapis.com/ingress", "internal-and-cloud-load-balancing", 200, "internal-and-cloud-load-balancing", true},
		{"an ingress there is not", "run.googleapis.com/ingress", "everywhere", 400, "all", true},
		{"the invoker check off", "run.googleapis.com/invoker-iam-disabled", "true", 200, "all", false},
		{"the same as gcloud writes it", "run.googleapis.com/invoker-iam-disabled", "True", 200, "all", false},
		{"the invoker check on", "run.googleapis.com/invoker-iam-disabled", "false", 200, "all", true},
	} {
		must(t, c.PutService(&runpb.Service{Name: serviceName, Template: &runpb.RevisionTemplate{ServiceAccount: apiIdentity}}))
		_, o := regional(t, base, "GET", path, nil)
		dig(o, "metadata", "annotations").(map[string]any)[tc.annotation] = tc.value
		code, said := regional(t, base, "PUT", path, o)
		s := c.workloads[serviceName].state()
		if code != tc.code || s.Ingress != tc.ingress || s.InvokerCheck != tc.check {
			t.Errorf("%s: %d %v, ingress %s and the check %t", tc.sentence, code, said["error"], s.Ingress, s.InvokerCheck)
		}
	}
}

func TestADryRunThroughV1ShowsAndStoresNothing(t *testing.T) {
	c, j := seeded(t, Options{})
	base := rest(t, c)
	_, o := regional(t, base, "GET", knativePath(serviceKind, "api"), nil)
	dig(o, "spec", "template", "spec").(map[string]any)["serviceAccountName"] = computeSA
	before := c.State()
	code, would := regional(t, base, "PUT", knativePath(serviceKind, "api")+"?dryRun=all", o)
	if code != http.StatusOK || dig(would, "spec", "template", "spec", "serviceAccountName") != computeSA {
		t.Errorf("would be %d %v", code, would)
	}
	if diff := cmp.Diff(before, c.State()); diff != "" {
		t.Errorf("state (-before +after):\n%s", diff)
	}
	if got := dig(j.take()[0], "protoPayload", "request", "dryRun"); got != "all" {
		t.Errorf("logged with dryRun %v", got)
	}
}

// A template that names its revision is a trap through v1 as well; gcloud steps
// around it by naming another.
func TestANameThatIsTakenIsRefusedThroughV1(t *testing.T) {
	c, _ := seeded(t, Options{})
	base := rest(t, c)
	must(t, c.PutService(&runpb.Service{Name: serviceName, Template: &runpb.RevisionTemplate{Revision: "api-00001-abc", ServiceAccount: apiIdentity}}))
	for name, want := range map[string]int{"api-00001-abc": http.StatusConflict, "api-00002-abc": http.StatusOK} {
		_, o := regional(t, base, "GET", knativePath(serviceKind, "api"), nil)
		template := dig(o, "spec", "template")
		dig(template, "metadata").(map[string]any)["name"] = name
		dig(template, "spec").(map[string]any)["serviceAccountName"] = computeSA
		if code, said := regional(t, base, "PUT", knativePath(serviceKind, "api"), o); code != want {
			t.Errorf("%s: %d %v, want %d", name, code, said, want)
		}
		if want == http.StatusOK {
			break
		}
	}
}

func TestRevisionsAreFoundThroughV1(t *testing.T) {
	c, _ := seeded(t, Options{})
	base := rest(t, c)
	newest := lastSegment(c.workloads[serviceName].revisions[0].proto.Name)
	pool := lastSegment(c.workloads[poolName].revisions[0].proto.Name)
	const all = "/apis/serving.knative.dev/v1/namespaces/pay-prod/revisions"
	for id, want := range map[string]any{newest: apiIdentity, pool: apiIdentity, "none": nil} {
		if _, r := regional(t, base, "GET", all+"/"+id, nil); dig(r, "spec", "serviceAccountName") != want {
			t.Errorf("%s: %v", id, r)
		}
	}
	for selector, want := range map[string]int{"": 1, "?labelSelector=serving.knative.dev/service=api": 1, "?labelSelector=serving.knative.dev/service=none": 0, "?labelSelector=other=api": 1} {
		_, list := regional(t, base, "GET", all+selector, nil)
		if items := list["items"].([]any); len(items) != want {
			t.Errorf("%s: %d revisions, want %d", selector, len(items), want)
		}
	}
}

func TestWhatGcloudAsksBesidesIsAnswered(t *testing.T) {
	c, _ := seeded(t, Options{})
	c.AddProject("alone", "9")
	base := rest(t, c)
	for path, want := range map[string]map[string]any{
		"/v1/projects/264172533001":                         {"projectId": "pay-prod", "projectNumber": "264172533001", "name": "pay-prod", "lifecycleState": "ACTIVE", "parent": map[string]any{"type": "folder", "id": "4001"}},
		"/v1/projects/alone":                                {"projectId": "alone", "projectNumber": "9", "name": "alone", "lifecycleState": "ACTIVE"},
		"/v1/projects/pay-prod/services/run.googleapis.com": {"name": "projects/pay-prod/services/run.googleapis.com", "state": "ENABLED"},
	} {
		if _, got := regional(t, base, "GET", path, nil); cmp.Diff(want, got) != "" {
			t.Errorf("%s (-want +got):\n%s", path, cmp.Diff(want, got))
		}
	}
	if code, _ := regional(t, base, "GET", "/v1/projects/none", nil); code != http.StatusNotFound {
		t.Errorf("a project there is not: %d", code)
	}
}

// gcloud reads a job's policy without a version, and sees conditions as old
// readers do.
func TestAV1PolicyIsReadInTheVersionAskedFor(t *testing.T) {
	c, _ := seeded(t, Options{})
	base := rest(t, c)
	must(t, c.PutPolicy(jobName, &iampb.Policy{Bindings: []*iampb.Binding{timed("roles/run.invoker", "user:a@example.com")}}))
	for query, want := range map[string]bool{"": true, "?options.requestedPolicyVersion=3": false} {
		_, p := regional(t, base, "GET", "/v1/"+jobName+":getIamPolicy"+query, nil)
		b := p["bindings"].([]any)[0]
		if hidden := dig(b, "condition") == nil; hidden != want {
			t.Errorf("asked %q: %v", query, p)
		}
	}
	if code, _ := regional(t, base, "POST", "/v1/"+jobName+":setIamPolicy", map[string]any{"policy": map[string]any{"etag": "BwY=", "bindings": []any{}}}); code != http.StatusConflict {
		t.Errorf("a stale etag: %d", code)
	}
	if code, _ := regional(t, base, "GET", "/v1/"+location+"/jobs/none:getIamPolicy", nil); code != http.StatusNotFound {
		t.Errorf("a job there is not: %d", code)
	}
}
