package sim

import (
	"testing"

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
