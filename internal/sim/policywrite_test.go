package sim

import (
	"fmt"
	"strings"
	"testing"

	"cloud.google.com/go/iam/apiv1/iampb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"
)

// timed is a binding under a condition.
func timed(role string, members ...string) *iampb.Binding {
	b := bind(role, members...)
	b.Condition = untilNoon
	return b
}

// members are n of a type, each its own.
func members(kind string, n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("%s:m%d@example.com", kind, i)
	}
	return out
}

// The comments of google.iam.v1.Policy and of Resource Manager's SetIamPolicy
// say what is refused.
func TestAPolicyIsRefusedForWhatItGrants(t *testing.T) {
	for _, tc := range []struct {
		sentence, resource string
		policy             *iampb.Policy
		want               codes.Code
	}{
		{"nothing at all", serviceName, nil, codes.InvalidArgument},
		{"no grant", serviceName, policyOf(), codes.OK},
		{"everybody on a service", serviceName, policyOf(bind("roles/run.invoker", "allUsers", "allAuthenticatedUsers")), codes.OK},
		{"everybody on a project", "projects/pay-prod", policyOf(bind("roles/viewer", "allUsers")), codes.InvalidArgument},
		{"everybody with an account on a folder", "folders/4001", policyOf(bind("roles/viewer", "allAuthenticatedUsers")), codes.InvalidArgument},
		{"everybody on an organization", "organizations/77", policyOf(bind("roles/viewer", "allUsers")), codes.InvalidArgument},
		{"a member of every type there is", "projects/pay-prod", policyOf(bind("roles/viewer",
			"user:a@example.com", "serviceAccount:"+apiIdentity, "group:g@example.com", "domain:example.com",
			"deleted:serviceAccount:old@pay-prod.iam.gserviceaccount.com?uid=123", "projectEditor:pay-prod",
			"principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/subject/s",
			"principalSet://cloudresourcemanager.googleapis.com/projects/264172533001/type/ServiceAccount")), codes.OK},
		{"a member without a type", "projects/pay-prod", policyOf(bind("roles/viewer", "a@example.com")), codes.InvalidArgument},
		{"a member of a type there is not", "projects/pay-prod", policyOf(bind("roles/viewer", "robot:a@example.com")), codes.InvalidArgument},
		{"a type without a member", "projects/pay-prod", policyOf(bind("roles/viewer", "user:")), codes.InvalidArgument},
		{"a type in capitals", "projects/pay-prod", policyOf(bind("roles/viewer", "User:a@example.com")), codes.InvalidArgument},
		{"a role there cannot be", serviceName, policyOf(bind("run.invoker", "allUsers")), codes.InvalidArgument},
		{"a role of a project's own", serviceName, policyOf(bind("projects/pay-prod/roles/caller", "allUsers")), codes.OK},
		{"a role as an old reader saw it", serviceName, policyOf(bind("roles/run.invoker_withcond_0123", "allUsers")), codes.InvalidArgument},
		{"a condition in version 3", serviceName, policyOf(timed("roles/run.invoker", "user:a@example.com")), codes.OK},
		{"a condition in version 1", serviceName, &iampb.Policy{Version: 1, Bindings: []*iampb.Binding{timed("roles/run.invoker", "user:a@example.com")}}, codes.InvalidArgument},
		{"a condition in no version", serviceName, &iampb.Policy{Bindings: []*iampb.Binding{timed("roles/run.invoker", "user:a@example.com")}}, codes.InvalidArgument},
		{"a version there is not", serviceName, &iampb.Policy{Version: 2}, codes.InvalidArgument},
		{"1,500 members", serviceName, policyOf(bind("roles/run.invoker", members("user", 1500)...)), codes.OK},
		{"1,501 members", serviceName, policyOf(bind("roles/run.invoker", members("user", 1500)...), bind("roles/run.viewer", "user:m0@example.com")), codes.InvalidArgument},
		{"250 groups", serviceName, policyOf(bind("roles/run.invoker", members("group", 250)...)), codes.OK},
		{"251 groups", serviceName, policyOf(bind("roles/run.invoker", members("group", 251)...)), codes.InvalidArgument},
	} {
		c, _ := seeded(t, Options{})
		before := c.policy(tc.resource)
		_, err := setPolicy(t, c, &iampb.SetIamPolicyRequest{Resource: tc.resource, Policy: tc.policy})
		if status.Code(err) != tc.want {
			t.Errorf("%s: %v, want %v", tc.sentence, err, tc.want)
		}
		if tc.want != codes.OK && !cmp.Equal(before, c.policy(tc.resource), protocmp.Transform()) {
			t.Errorf("%s: stored all the same", tc.sentence)
		}
	}
}

// setPolicy writes an allow policy through the service whose resource it is.
func setPolicy(t *testing.T, c *Cloud, r *iampb.SetIamPolicyRequest) (*iampb.Policy, error) {
	t.Helper()
	switch {
	case strings.HasPrefix(r.Resource, "folders/"):
		return (&folders{c: c}).SetIamPolicy(t.Context(), r)
	case strings.HasPrefix(r.Resource, "organizations/"):
		return (&organizations{c: c}).SetIamPolicy(t.Context(), r)
	case strings.Contains(r.Resource, "/locations/"):
		return (&services{c: c}).SetIamPolicy(t.Context(), r)
	}
	return (&projects{c: c}).SetIamPolicy(t.Context(), r)
}

// Without an etag a write is blind, and version 1 loses what version 1 cannot
// say; with one, whoever holds version 1 is told.
func TestAVersion1WriteOverConditionsIsToldOnlyByItsEtag(t *testing.T) {
	for _, tc := range []struct {
		sentence string
		version  int32
		etag     bool
		want     codes.Code
		left     int // bindings with a condition
	}{
		{"version 1 with the etag", 1, true, codes.InvalidArgument, 1},
		{"no version with the etag", 0, true, codes.InvalidArgument, 1},
		{"version 1, blind", 1, false, codes.OK, 0},
		{"version 3 with the etag", 3, true, codes.OK, 0},
	} {
		c, _ := seeded(t, Options{})
		must(t, c.PutPolicy(serviceName, policyOf(timed("roles/run.invoker", "user:a@example.com"), bind("roles/run.viewer", "user:a@example.com"))))
		next := &iampb.Policy{Version: tc.version, Bindings: []*iampb.Binding{bind("roles/run.viewer", "user:a@example.com")}}
		if tc.etag {
			next.Etag = c.policy(serviceName).Etag
		}
		_, err := setPolicy(t, c, &iampb.SetIamPolicyRequest{Resource: serviceName, Policy: next})
		left := 0
		for _, g := range grantsOf(c.policy(serviceName)) {
			if g.condition != nil {
				left++
			}
		}
		if status.Code(err) != tc.want || left != tc.left {
			t.Errorf("%s: %v, and %d conditions left; want %v and %d", tc.sentence, err, left, tc.want, tc.left)
		}
	}
}

func TestAPolicyIsReadInAVersionThereIs(t *testing.T) {
	c, _ := seeded(t, Options{})
	must(t, c.PutPolicy(serviceName, policyOf(timed("roles/run.invoker", "user:a@example.com"), bind("roles/run.viewer", "user:b@example.com"))))
	must(t, c.PutPolicy(jobName, policyOf(bind("roles/run.viewer", "user:b@example.com"))))
	for _, tc := range []struct {
		sentence, resource string
		asked, got         int32
		want               codes.Code
	}{
		{"conditions in version 3", serviceName, 3, 3, codes.OK},
		{"conditions in version 1, hidden", serviceName, 1, 1, codes.OK},
		{"conditions in no version, hidden", serviceName, 0, 1, codes.OK},
		{"no condition in version 3, which is version 1 then", jobName, 3, 1, codes.OK},
		{"a version between", serviceName, 2, 0, codes.InvalidArgument},
		{"a version to come", serviceName, 4, 0, codes.InvalidArgument},
	} {
		p, err := c.readPolicy("x", &iampb.GetIamPolicyRequest{Resource: tc.resource, Options: &iampb.GetPolicyOptions{RequestedPolicyVersion: tc.asked}}, func(string) error { return nil })
		if status.Code(err) != tc.want || p.GetVersion() != tc.got {
			t.Errorf("%s: version %d, %v", tc.sentence, p.GetVersion(), err)
		}
	}
}

// The default mask is "bindings, etag": audit configuration stays unless named,
// and a write that names it alone leaves the grants.
func TestAPolicyWriteChangesOnlyWhatItsMaskNames(t *testing.T) {
	config := func(service string) []*iampb.AuditConfig { return []*iampb.AuditConfig{{Service: service}} }
	old := &iampb.Policy{Bindings: []*iampb.Binding{timed("roles/viewer", "user:old@example.com")}, AuditConfigs: config("old.googleapis.com")}
	sent := &iampb.Policy{Version: 3, Bindings: []*iampb.Binding{bind("roles/viewer", "user:new@example.com")}, AuditConfigs: config("new.googleapis.com")}
	for _, tc := range []struct {
		sentence      string
		mask          []string
		member, audit string
		version       int32
	}{
		{"no mask", nil, "user:new@example.com", "old.googleapis.com", 1},
		{"bindings alone", []string{"bindings"}, "user:new@example.com", "old.googleapis.com", 1},
		{"audit configuration alone", []string{"audit_configs"}, "user:old@example.com", "new.googleapis.com", 3},
		{"both, as Terraform does", []string{"bindings", "etag", "audit_configs"}, "user:new@example.com", "new.googleapis.com", 1},
		{"the etag alone", []string{"etag"}, "user:old@example.com", "old.googleapis.com", 3},
	} {
		c, _ := seeded(t, Options{})
		must(t, c.PutPolicy("projects/pay-prod", old))
		r := &iampb.SetIamPolicyRequest{Resource: "projects/pay-prod", Policy: sent}
		if tc.mask != nil {
			r.UpdateMask = mask(tc.mask...)
		}
		after, err := setPolicy(t, c, r)
		must(t, err)
		if after.Bindings[0].Members[0] != tc.member || after.AuditConfigs[0].Service != tc.audit || after.Version != tc.version {
			t.Errorf("%s: %v", tc.sentence, after)
		}
	}
}

// A deploy sets a policy that is there already; the entry says nothing changed,
// and the etag is new all the same.
func TestAWriteThatChangesNothingIsLoggedWithoutADelta(t *testing.T) {
	c, j := seeded(t, Options{})
	p := policyOf(bind("roles/viewer", "user:a@example.com"))
	must(t, c.PutPolicy("projects/pay-prod", p))
	before := c.policy("projects/pay-prod").Etag
	after, err := setPolicy(t, c, &iampb.SetIamPolicyRequest{Resource: "projects/pay-prod", Policy: p})
	must(t, err)
	want := map[string]any{"@type": "type.googleapis.com/google.iam.v1.logging.AuditData"}
	if diff := cmp.Diff(want, dig(j.take()[0], "protoPayload", "serviceData")); diff != "" || string(before) == string(after.Etag) {
		t.Errorf("etag %x, delta (-want +got):\n%s", after.Etag, diff)
	}
}

// A grant is one role for one member under one condition: the same role under
// another condition is another grant, and the delta tells them apart.
func TestADeltaTellsGrantsApartByTheirCondition(t *testing.T) {
	c, j := seeded(t, Options{})
	must(t, c.PutPolicy("projects/pay-prod", policyOf(bind("roles/viewer", "user:a@example.com"))))
	_, err := setPolicy(t, c, &iampb.SetIamPolicyRequest{Resource: "projects/pay-prod", Policy: policyOf(timed("roles/viewer", "user:a@example.com"))})
	must(t, err)
	var got []string
	for _, d := range dig(j.take()[0], "protoPayload", "serviceData", "policyDelta", "bindingDeltas").([]any) {
		got = append(got, fmt.Sprint(dig(d, "action"), " ", dig(d, "condition", "title")))
	}
	if diff := cmp.Diff([]string{"ADD until noon", "REMOVE <nil>"}, got); diff != "" {
		t.Errorf("delta (-want +got):\n%s", diff)
	}
}

func TestAnEtagIsOfOneVersionOfOneResource(t *testing.T) {
	c, _ := seeded(t, Options{})
	seen := map[string]string{}
	for n := range 3 {
		for _, resource := range []string{serviceName, "projects/pay-prod", "folders/4001"} {
			p, err := setPolicy(t, c, &iampb.SetIamPolicyRequest{Resource: resource, Policy: policyOf()})
			must(t, err)
			if other, there := seen[string(p.Etag)]; there {
				t.Errorf("%s, write %d, has the etag of %s", resource, n, other)
			}
			seen[string(p.Etag)] = resource
		}
	}
	if _, err := setPolicy(t, c, &iampb.SetIamPolicyRequest{Resource: serviceName, Policy: &iampb.Policy{Etag: c.policy("folders/4001").Etag}}); status.Code(err) != codes.Aborted {
		t.Errorf("another resource's etag: %v", err)
	}
}
