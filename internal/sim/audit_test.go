package sim

import (
	"testing"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/google/go-cmp/cmp"
)

func TestALongRunningWriteLogsItsBeginningAndItsEnd(t *testing.T) {
	c, j := seeded(t, Options{})
	g := dial(t, c)
	op, err := g.services.UpdateService(as(t, "alice@example.com"), &runpb.UpdateServiceRequest{
		Service:    &runpb.Service{Name: serviceName, Template: &runpb.RevisionTemplate{ServiceAccount: computeSA}},
		UpdateMask: mask("template.service_account"),
	})
	must(t, err)
	es := j.take()
	if len(es) != 2 {
		t.Fatalf("%d entries", len(es))
	}
	first, last := es[0], es[1]
	common := map[string]any{
		"@type": "type.googleapis.com/google.cloud.audit.AuditLog", "serviceName": "run.googleapis.com",
		"methodName": "google.cloud.run.v2.Services.UpdateService", "resourceName": serviceName,
		"status":             map[string]any{},
		"authenticationInfo": map[string]any{"principalEmail": "alice@example.com", "principalSubject": "user:alice@example.com"},
		"resourceLocation":   map[string]any{"currentLocations": []any{"europe-west1"}},
	}
	for _, e := range es {
		for k, want := range common {
			if diff := cmp.Diff(want, dig(e, "protoPayload", k)); diff != "" {
				t.Errorf("%s (-want +got):\n%s", k, diff)
			}
		}
		if dig(e, "operation", "id") != op.Name() || dig(e, "resource", "labels", "service_name") != "api" || e["insertId"] == "" {
			t.Errorf("entry: %v", e)
		}
	}
	if dig(first, "operation", "first") != true || dig(last, "operation", "last") != true || first["insertId"] == last["insertId"] {
		t.Errorf("operation blocks %v and %v", first["operation"], last["operation"])
	}
	if dig(first, "protoPayload", "request", "service", "template", "serviceAccount") != computeSA ||
		dig(first, "protoPayload", "request", "updateMask") != "template.serviceAccount" ||
		dig(first, "protoPayload", "response", "@type") != "type.googleapis.com/google.longrunning.Operation" {
		t.Errorf("first half: %v", first["protoPayload"])
	}
	if dig(last, "protoPayload", "request") != nil || dig(last, "protoPayload", "authorizationInfo") != nil ||
		dig(last, "protoPayload", "response", "@type") != "type.googleapis.com/google.cloud.run.v2.Service" ||
		dig(last, "protoPayload", "response", "template", "serviceAccount") != computeSA {
		t.Errorf("last half: %v", last["protoPayload"])
	}
	if got := first["logName"]; got != "projects/pay-prod/logs/cloudaudit.googleapis.com%2Factivity" {
		t.Errorf("logName %v", got)
	}
}

func TestCloudRunsPolicyEntryShowsTheWholePolicyAndNoDelta(t *testing.T) {
	c, j := seeded(t, Options{})
	g := dial(t, c)
	_, err := g.services.SetIamPolicy(t.Context(), &iampb.SetIamPolicyRequest{Resource: serviceName, Policy: policyOf(bind("roles/run.invoker", "allUsers"))})
	must(t, err)
	es := j.take()
	if len(es) != 1 || es[0]["operation"] != nil || dig(es[0], "protoPayload", "serviceData") != nil {
		t.Fatalf("entries: %v", es)
	}
	want := []any{map[string]any{"role": "roles/run.invoker", "members": []any{"allUsers"}}}
	if diff := cmp.Diff(want, dig(es[0], "protoPayload", "response", "bindings")); diff != "" {
		t.Errorf("response (-want +got):\n%s", diff)
	}
	if dig(es[0], "protoPayload", "authenticationInfo", "principalEmail") != "dev@example.com" || dig(es[0], "resource", "labels", "service_name") != "" {
		t.Errorf("entry: %v", es[0])
	}
}

func TestResourceManagersPolicyEntryCarriesTheDelta(t *testing.T) {
	c, j := seeded(t, Options{})
	g := dial(t, c)
	conditional := bind("roles/viewer", "group:ops@example.com")
	conditional.Condition = untilNoon
	must(t, c.PutPolicy("projects/pay-prod", policyOf(bind("roles/owner", "user:old@example.com"), bind("roles/browser", "user:x@example.com"))))
	_, err := g.projects.SetIamPolicy(t.Context(), &iampb.SetIamPolicyRequest{
		Resource: "projects/264172533001",
		Policy:   policyOf(bind("roles/browser", "user:x@example.com"), bind("roles/editor", "serviceAccount:"+apiIdentity), conditional),
	})
	must(t, err)
	e := j.take()[0]
	want := []any{
		map[string]any{"action": "ADD", "role": "roles/editor", "member": "serviceAccount:" + apiIdentity},
		map[string]any{"action": "ADD", "role": "roles/viewer", "member": "group:ops@example.com",
			"condition": map[string]any{"title": untilNoon.Title, "expression": untilNoon.Expression}},
		map[string]any{"action": "REMOVE", "role": "roles/owner", "member": "user:old@example.com"},
	}
	if diff := cmp.Diff(want, dig(e, "protoPayload", "serviceData", "policyDelta", "bindingDeltas")); diff != "" {
		t.Errorf("delta (-want +got):\n%s", diff)
	}
	if dig(e, "protoPayload", "methodName") != "SetIamPolicy" || dig(e, "protoPayload", "resourceName") != "projects/pay-prod" ||
		dig(e, "protoPayload", "request", "resource") != "pay-prod" || dig(e, "resource", "type") != "project" {
		t.Errorf("entry: %v", e)
	}
}
