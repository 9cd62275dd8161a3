package sim

import (
	"testing"

	"cloud.google.com/go/iam/admin/apiv1/adminpb"
	"cloud.google.com/go/orgpolicy/apiv2/orgpolicypb"
	"cloud.google.com/go/resourcemanager/apiv3/resourcemanagerpb"
	"google.golang.org/grpc/codes"
)

func TestAProjectIsReadByIDOrNumber(t *testing.T) {
	c, _ := seeded(t, Options{})
	g := dial(t, c)
	for _, name := range []string{"projects/pay-prod", "projects/264172533001"} {
		p, err := g.projects.GetProject(t.Context(), &resourcemanagerpb.GetProjectRequest{Name: name})
		must(t, err)
		if p.Name != "projects/264172533001" || p.ProjectId != "pay-prod" || p.Parent != "folders/4001" {
			t.Errorf("%s is %v", name, p)
		}
	}
	f, err := g.folders.GetFolder(t.Context(), &resourcemanagerpb.GetFolderRequest{Name: "folders/4001"})
	must(t, err)
	if f.Parent != "organizations/77" {
		t.Errorf("folder %v", f)
	}
	_, err = g.orgs.GetOrganization(t.Context(), &resourcemanagerpb.GetOrganizationRequest{Name: "organizations/78"})
	wantCode(t, err, codes.NotFound)
	found, err := g.projects.SearchProjects(t.Context(), &resourcemanagerpb.SearchProjectsRequest{}).Next()
	must(t, err)
	if found.ProjectId != "pay-prod" {
		t.Errorf("found %v", found)
	}
}

func TestTheNearestPolicyDecidesABooleanConstraint(t *testing.T) {
	const name = "/policies/" + requireInvokerIam
	dryRun := &orgpolicypb.Policy{DryRunSpec: enforceSpec(false)}
	reset := &orgpolicypb.Policy{Spec: &orgpolicypb.PolicySpec{Reset_: true}}
	for _, tc := range []struct {
		sentence string
		set      map[string]*orgpolicypb.Policy
		want     bool
	}{
		{"nobody set it: off", nil, false},
		{"the organization's reaches the project", map[string]*orgpolicypb.Policy{"organizations/77": {Spec: enforceSpec(true)}}, true},
		{"the project's own wins", map[string]*orgpolicypb.Policy{"organizations/77": {Spec: enforceSpec(true)}, "projects/pay-prod": {Spec: enforceSpec(false)}}, false},
		{"a dry run decides nothing", map[string]*orgpolicypb.Policy{"organizations/77": {Spec: enforceSpec(true)}, "projects/pay-prod": dryRun}, true},
		{"a reset goes back to the default", map[string]*orgpolicypb.Policy{"organizations/77": {Spec: enforceSpec(true)}, "folders/4001": reset}, false},
	} {
		c, _ := seeded(t, Options{})
		for container, p := range tc.set {
			c.putOrgPolicy(container+name, p)
		}
		got, err := dial(t, c).policies.GetEffectivePolicy(t.Context(), &orgpolicypb.GetEffectivePolicyRequest{Name: "projects/pay-prod" + name})
		must(t, err)
		if got.Spec.Rules[0].GetEnforce() != tc.want || got.Name != "projects/264172533001"+name {
			t.Errorf("%s: got %v", tc.sentence, got)
		}
	}
}

func TestRolesShowTheirPermissions(t *testing.T) {
	c, _ := seeded(t, Options{})
	c.PutRole("projects/pay-prod/roles/caller", "run.routes.invoke")
	g := dial(t, c)
	for _, name := range []string{"roles/run.invoker", "projects/pay-prod/roles/caller"} {
		r, err := g.roles.GetRole(t.Context(), &adminpb.GetRoleRequest{Name: name})
		must(t, err)
		if len(r.IncludedPermissions) == 0 {
			t.Errorf("%s holds nothing", name)
		}
	}
	_, err := g.roles.GetRole(t.Context(), &adminpb.GetRoleRequest{Name: "roles/none"})
	wantCode(t, err, codes.NotFound)
}
