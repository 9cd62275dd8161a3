package auditlog

import (
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
)

func TestAWriteOfARoleSaysWhatItAllowsAndWhetherItGainedThat(t *testing.T) {
	const fixture = "role-update-gains-invoke"
	p := func(path string) string { return "protoPayload." + path }
	yes, no, unknown := cloud.KnownFlag(true), cloud.KnownFlag(false), cloud.Flag{}
	added := p("serviceData.permissionDelta.addedPermissions")
	for _, tt := range []struct {
		name    string
		edits   obj
		invokes cloud.Flag
		gained  bool
	}{
		{"a permission to invoke is added", nil, yes, true},
		{"one to run jobs, in the spelling of the API", obj{added: []any{"run.jobs.run"}, p("response"): obj{"includedPermissions": []any{"run.jobs.run"}}}, yes, true},
		{"another one is added", obj{added: []any{"run.services.get"}}, yes, false},
		{"another one is added to a role that cannot invoke", obj{added: []any{"run.services.get"}, p("response.included_permissions"): []any{"run.services.get"}}, no, false},
		{"the delta alone says so", obj{p("response"): nil, p("request.role"): obj{}}, yes, true},
		{"nothing says what was added", obj{p("serviceData"): nil}, yes, true},
		{"nothing says anything", obj{p("serviceData"): nil, p("response"): nil, p("request"): nil}, unknown, true},
		{"the permissions are of another type", obj{p("response.included_permissions"): "run.routes.invoke"}, unknown, true},
		{"it is in force again", obj{added: []any{}, p("request"): obj{"update_mask": "stage", "role": obj{"stage": 2}}}, yes, true},
		{"it is switched off", obj{added: []any{}, p("response.stage"): 5}, no, false},
		{"it is made, and held by nobody", obj{p("methodName"): "google.iam.admin.v1.CreateRole"}, yes, false},
		{"it is deleted", obj{p("methodName"): "google.iam.admin.v1.DeleteRole"}, no, false},
		{"it is back", obj{p("methodName"): "google.iam.admin.v1.UndeleteRole", p("serviceData"): nil, p("request"): obj{"name": "projects/pay-prod/roles/caller"}}, yes, true},
	} {
		c, err := Decode(build(t, fixture, tt.edits))
		if err != nil || c.Role == nil {
			t.Errorf("%s: %v, %+v", tt.name, err, c.Role)
			continue
		}
		want := cloud.RoleChange{Name: "projects/pay-prod/roles/caller", Invokes: tt.invokes, Gained: tt.gained}
		if *c.Role != want || c.Resource != cloud.ProjectResource("pay-prod") || c.Verb != cloud.DefineRole {
			t.Errorf("%s: %s %s %+v, want %+v", tt.name, c.Verb, c.Resource, *c.Role, want)
		}
	}
}

func TestARoleIsNamedByWhateverNamesIt(t *testing.T) {
	for name, edits := range map[string]obj{
		"projects/pay-prod/roles/caller": {"protoPayload.resourceName": nil},
		"projects/pay-prod/roles/made": {
			"protoPayload.methodName": "google.iam.admin.v1.CreateRole", "protoPayload.resourceName": "projects/pay-prod", "protoPayload.response": nil,
			"protoPayload.request": obj{"parent": "projects/pay-prod", "role_id": "made", "role": obj{}},
		},
		"organizations/77/roles/caller": {"protoPayload.resourceName": "organizations/77/roles/caller"},
	} {
		c, err := Decode(build(t, "role-update-gains-invoke", edits))
		if err != nil || c.Role.Name != name {
			t.Errorf("%+v, %v, want %s", c.Role, err, name)
		}
	}
	if _, err := Decode(build(t, "role-update-gains-invoke", obj{"protoPayload.resourceName": "x", "protoPayload.response": nil, "protoPayload.request": nil})); err == nil {
		t.Error("a role without a name is a change")
	}
}
