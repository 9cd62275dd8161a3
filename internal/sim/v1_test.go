package sim

import (
	"net/http"
	"testing"

	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/google/go-cmp/cmp"
)

func TestAV1ReplaceIsSeenByV2AndLoggedInV1sWords(t *testing.T) {
	c, j := seeded(t, Options{})
	base := rest(t, c)
	_, before := regional(t, base, "GET", v1Service, nil)
	next := before
	dig(next, "spec", "template", "spec").(map[string]any)["serviceAccountName"] = computeSA
	dig(next, "metadata", "annotations").(map[string]any)["run.googleapis.com/invoker-iam-disabled"] = "true"
	dig(next, "metadata", "annotations").(map[string]any)["run.googleapis.com/ingress"] = "internal"
	code, _ := regional(t, base, "PUT", v1Service, next)
	if code != http.StatusOK {
		t.Fatalf("replace answered %d", code)
	}
	s := getService(t, dial(t, c))
	if s.Template.ServiceAccount != computeSA || !s.InvokerIamDisabled || s.Ingress != runpb.IngressTraffic_INGRESS_TRAFFIC_INTERNAL_ONLY ||
		s.Template.Containers[0].Image != "gcr.io/x/api" || s.LastModifier != "alice@example.com" {
		t.Errorf("v2 sees %v", s)
	}
	es := j.take()
	if len(es) != 1 {
		t.Fatalf("%d entries", len(es))
	}
	got := map[string]any{}
	for name, path := range map[string][]string{
		"method":    {"protoPayload", "methodName"},
		"resource":  {"protoPayload", "resourceName"},
		"status":    {"protoPayload", "status"},
		"operation": {"operation"},
		"region":    {"resource", "labels", "location"},
		"request":   {"protoPayload", "request", "service", "spec", "template", "spec", "serviceAccountName"},
		"name":      {"protoPayload", "request", "name"},
		"response":  {"protoPayload", "response", "spec", "template", "spec", "serviceAccountName"},
		"namespace": {"protoPayload", "response", "metadata", "namespace"},
		"type":      {"protoPayload", "response", "@type"},
	} {
		got[name] = dig(es[0], path...)
	}
	want := map[string]any{
		"method": "google.cloud.run.v1.Services.ReplaceService", "resource": "namespaces/pay-prod/services/api",
		"status": nil, "operation": nil, "region": "europe-west1", "request": computeSA,
		"name": "namespaces/pay-prod/services/api", "response": computeSA, "namespace": "264172533001",
		"type": "type.googleapis.com/google.cloud.run.v1.Service",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entry (-want +got):\n%s", diff)
	}
	if code, _ := regional(t, base, "PUT", v1Service, before); code != http.StatusConflict {
		t.Errorf("a stale resourceVersion answered %d", code)
	}
}

func TestJobsAndWorkerPoolsAreReplacedThroughV1(t *testing.T) {
	c, j := seeded(t, Options{})
	base := rest(t, c)
	for _, tc := range []struct {
		path, method string
		identity     []string
	}{
		{"jobs/nightly", "google.cloud.run.v1.Jobs.ReplaceJob", []string{"spec", "template", "spec", "template", "spec"}},
		{"workerpools/crunch", "google.cloud.run.v1.WorkerPools.ReplaceWorkerPool", []string{"spec", "template", "spec"}},
	} {
		path := "/apis/run.googleapis.com/v1/namespaces/pay-prod/" + tc.path
		_, o := regional(t, base, "GET", path, nil)
		dig(o, tc.identity...).(map[string]any)["serviceAccountName"] = computeSA
		code, after := regional(t, base, "PUT", path, o)
		if code != http.StatusOK || dig(dig(after, tc.identity...), "serviceAccountName") != computeSA {
			t.Errorf("%s answered %d: %v", tc.path, code, after)
		}
		es := j.take()
		if dig(es[0], "protoPayload", "methodName") != tc.method || dig(es[0], "protoPayload", "resourceName") != "namespaces/pay-prod/"+tc.path {
			t.Errorf("logged %v", es[0])
		}
	}
	if diff := cmp.Diff([]string{"nightly " + computeSA, "api " + apiIdentity, "crunch " + computeSA}, identities(c.State())); diff != "" {
		t.Errorf("identities (-want +got):\n%s", diff)
	}
}

func TestCreateListAndDeleteThroughV1(t *testing.T) {
	c, j := seeded(t, Options{})
	base := rest(t, c)
	web := map[string]any{
		"metadata": map[string]any{"name": "web", "labels": map[string]string{"team": "pay"}},
		"spec":     map[string]any{"template": map[string]any{"spec": map[string]any{}}},
	}
	code, made := regional(t, base, "POST", "/apis/serving.knative.dev/v1/namespaces/pay-prod/services", web)
	if code != http.StatusOK || dig(made, "spec", "template", "spec", "serviceAccountName") != computeSA || dig(made, "metadata", "labels", "team") != "pay" {
		t.Errorf("create answered %d: %v", code, made)
	}
	_, all := regional(t, base, "GET", "/v1/projects/pay-prod/locations/-/services", nil)
	if n := len(dig(all, "items").([]any)); n != 2 {
		t.Errorf("list shows %d services", n)
	}
	_, revs := regional(t, base, "GET", "/apis/serving.knative.dev/v1/namespaces/pay-prod/revisions?labelSelector=serving.knative.dev%2Fservice%20%3D%20web", nil)
	if n := len(dig(revs, "items").([]any)); n != 1 {
		t.Errorf("list shows %d revisions of web", n)
	}
	if code, _ := regional(t, base, "DELETE", "/apis/serving.knative.dev/v1/namespaces/pay-prod/services/web", nil); code != http.StatusOK {
		t.Errorf("delete answered %d", code)
	}
	if code, _ := regional(t, base, "GET", "/apis/serving.knative.dev/v1/namespaces/pay-prod/services/web", nil); code != http.StatusNotFound {
		t.Errorf("get after the delete answered %d", code)
	}
	if diff := cmp.Diff([]string{"google.cloud.run.v1.Services.CreateService", "google.cloud.run.v1.Services.DeleteService"}, methods(j.take())); diff != "" {
		t.Errorf("logged (-want +got):\n%s", diff)
	}
}

func TestAV1PolicyEntryNamesTheRegion(t *testing.T) {
	c, j := seeded(t, Options{})
	base := rest(t, c)
	policy := map[string]any{"policy": map[string]any{"bindings": []any{map[string]any{"role": "roles/run.invoker", "members": []string{"allUsers"}}}}}
	code, _ := regional(t, base, "POST", "/v1/"+serviceName+":setIamPolicy", policy)
	if code != http.StatusOK {
		t.Fatalf("answered %d", code)
	}
	_, got := regional(t, base, "GET", "/v1/"+serviceName+":getIamPolicy?options.requestedPolicyVersion=3", nil)
	if got["bindings"] == nil || got["@type"] != nil {
		t.Errorf("policy %v", got)
	}
	e := j.take()[0]
	if dig(e, "protoPayload", "methodName") != "google.cloud.run.v1.Services.SetIamPolicy" || dig(e, "protoPayload", "resourceName") != serviceName ||
		dig(e, "protoPayload", "status") != nil || dig(e, "protoPayload", "serviceData") != nil {
		t.Errorf("entry %v", e)
	}
}
