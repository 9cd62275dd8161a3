package sim

import (
	"slices"
	"testing"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/resourcemanager/apiv3/resourcemanagerpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
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

func TestAContainerIsReadThroughTheServiceOfItsKind(t *testing.T) {
	c, _ := seeded(t, Options{})
	for _, tc := range []struct {
		sentence string
		err      error
		want     codes.Code
	}{
		{"a project that is not there", second((&projects{c: c}).GetProject(t.Context(), &resourcemanagerpb.GetProjectRequest{Name: "projects/none"})), codes.NotFound},
		{"a folder as a project", second((&projects{c: c}).GetProject(t.Context(), &resourcemanagerpb.GetProjectRequest{Name: "folders/4001"})), codes.InvalidArgument},
		{"a project as a folder", second((&folders{c: c}).GetFolder(t.Context(), &resourcemanagerpb.GetFolderRequest{Name: "projects/pay-prod"})), codes.InvalidArgument},
		{"a folder as an organization", second((&organizations{c: c}).GetOrganization(t.Context(), &resourcemanagerpb.GetOrganizationRequest{Name: "folders/4001"})), codes.InvalidArgument},
		{"no name", second((&projects{c: c}).GetProject(t.Context(), &resourcemanagerpb.GetProjectRequest{Name: "projects/"})), codes.InvalidArgument},
		{"a folder's policy as a project's", second((&projects{c: c}).SetIamPolicy(t.Context(), &iampb.SetIamPolicyRequest{Resource: "folders/4001", Policy: policyOf()})), codes.InvalidArgument},
		{"the policy of a folder that is not there", second((&folders{c: c}).GetIamPolicy(t.Context(), v3("folders/1"))), codes.NotFound},
		{"the policy of a project by its number", second((&projects{c: c}).GetIamPolicy(t.Context(), v3("projects/264172533001"))), codes.OK},
	} {
		if status.Code(tc.err) != tc.want {
			t.Errorf("%s: %v, want %v", tc.sentence, tc.err, tc.want)
		}
	}
}

func TestWhatIsRightBelowIsListed(t *testing.T) {
	c, _ := seeded(t, Options{})
	c.AddFolder("4002", "folders/4001")
	c.AddProject("deep", "2", "folders/4002", "folders/4001")
	c.AddProject("alone", "3")
	for parent, want := range map[string][]string{"organizations/77": {"folders/4001"}, "folders/4001": {"projects/264172533001", "folders/4002"}, "folders/4002": {"projects/2"}, "folders/9": nil} {
		ps, err := (&projects{c: c}).ListProjects(t.Context(), &resourcemanagerpb.ListProjectsRequest{Parent: parent})
		must(t, err)
		fs, err := (&folders{c: c}).ListFolders(t.Context(), &resourcemanagerpb.ListFoldersRequest{Parent: parent})
		must(t, err)
		if diff := cmp.Diff(want, slices.Concat(names(ps.Projects), names(fs.Folders))); diff != "" {
			t.Errorf("below %s (-want +got):\n%s", parent, diff)
		}
	}
	if got := c.lineage("projects/deep"); !slices.Equal(got, []string{"projects/deep", "folders/4002", "folders/4001", "organizations/77"}) {
		t.Errorf("above deep are %v", got)
	}
}
