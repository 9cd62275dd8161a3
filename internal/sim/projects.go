package sim

import (
	"context"
	"slices"
	"strings"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/resourcemanager/apiv3/resourcemanagerpb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// projects is google.cloud.resourcemanager.v3.Projects.
type projects struct {
	resourcemanagerpb.UnimplementedProjectsServer
	c *Cloud
}

func (s *projects) GetProject(_ context.Context, r *resourcemanagerpb.GetProjectRequest) (out *resourcemanagerpb.Project, err error) {
	err = s.c.getContainer(projectLevel, "GetProject", r.Name, func(k *container) { out = projectProto(k) })
	return out, err
}

// ListProjects lists the projects right under a folder or organization.
func (s *projects) ListProjects(_ context.Context, r *resourcemanagerpb.ListProjectsRequest) (*resourcemanagerpb.ListProjectsResponse, error) {
	found, err := s.projects("ListProjects", func(k *container) bool { return k.parent == r.Parent })
	if err != nil {
		return nil, err
	}
	page, next, err := onePage(found, r)
	return &resourcemanagerpb.ListProjectsResponse{Projects: page, NextPageToken: next}, err
}

// SearchProjects finds all projects, or those of one "parent:folders/1" query;
// it reads no other query.
func (s *projects) SearchProjects(_ context.Context, r *resourcemanagerpb.SearchProjectsRequest) (*resourcemanagerpb.SearchProjectsResponse, error) {
	parent, ok := strings.CutPrefix(r.Query, "parent:")
	if r.Query != "" && !ok {
		return nil, status.Errorf(codes.InvalidArgument, "query %q: the simulator knows parent: only", r.Query)
	}
	found, err := s.projects("SearchProjects", func(k *container) bool { return !ok || k.parent == parent })
	if err != nil {
		return nil, err
	}
	page, next, err := onePage(found, r)
	return &resourcemanagerpb.SearchProjectsResponse{Projects: page, NextPageToken: next}, err
}

func (s *projects) projects(method string, match func(*container) bool) (out []*resourcemanagerpb.Project, err error) {
	err = s.c.read(resourceManagerV3+"Projects."+method, func() error {
		for _, k := range s.c.containers {
			if l, _ := levelOf(k.name); l == projectLevel && match(k) {
				out = append(out, projectProto(k))
			}
		}
		return nil
	})
	slices.SortFunc(out, func(a, b *resourcemanagerpb.Project) int { return strings.Compare(a.ProjectId, b.ProjectId) })
	return out, err
}

func projectProto(k *container) *resourcemanagerpb.Project {
	id := lastSegment(k.name)
	return &resourcemanagerpb.Project{
		Name: "projects/" + k.number, ProjectId: id, DisplayName: id, Parent: k.parent,
		State: resourcemanagerpb.Project_ACTIVE,
	}
}

func (s *projects) GetIamPolicy(_ context.Context, r *iampb.GetIamPolicyRequest) (*iampb.Policy, error) {
	return s.c.containerGetPolicy(projectLevel, r)
}

func (s *projects) SetIamPolicy(ctx context.Context, r *iampb.SetIamPolicyRequest) (*iampb.Policy, error) {
	return s.c.containerSetPolicy(ctx, projectLevel, r)
}
