package google

import (
	"context"
	"errors"
	"testing"

	"cloud.google.com/go/resourcemanager/apiv3/resourcemanagerpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/remediate"
)

func nested(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, sim.Options{})
	w.AddFolder("4002", "folders/4001")
	w.AddProject("pay-dev", "264172533002", "folders/4002", "folders/4001", "organizations/77")
	w.AddProject("hooks", "264172533003", "organizations/77")
	w.AddProject("elsewhere", "264172533004", "organizations/78")
	return w
}

func TestAllThatLiesBelowAnOrganizationIsListed(t *testing.T) {
	w := nested(t)
	for top, want := range map[cloud.Resource][]string{
		cloud.OrganizationResource("77"): {"organizations/77", "projects/hooks", "folders/4001", "projects/pay-prod", "folders/4002", "projects/pay-dev"},
		cloud.FolderResource("4002"):     {"folders/4002", "projects/pay-dev"},
		project:                          {"projects/pay-prod"},
	} {
		found, err := w.client.Below(t.Context(), top)
		must(t, err)
		if diff := cmp.Diff(want, paths(found)); diff != "" {
			t.Errorf("below %s (-want +got):\n%s", top, diff)
		}
	}
}

func TestAFolderThatCannotBeListedDoesNotHideTheOthers(t *testing.T) {
	w := nested(t)
	w.answer("Projects/ListProjects", func(r any) (any, error) {
		if r.(*resourcemanagerpb.ListProjectsRequest).GetParent() == "folders/4001" {
			return nil, status.Error(codes.PermissionDenied, "no")
		}
		return &resourcemanagerpb.ListProjectsResponse{Projects: []*resourcemanagerpb.Project{
			{ProjectId: "live", State: resourcemanagerpb.Project_ACTIVE}, {ProjectId: "dying", State: resourcemanagerpb.Project_DELETE_REQUESTED},
		}}, nil
	})
	found, err := w.client.Below(t.Context(), cloud.OrganizationResource("77"))
	wantPermission(t, err, "resourcemanager.projects.list")
	want := []string{"organizations/77", "projects/live", "folders/4001", "folders/4002", "projects/live"}
	if diff := cmp.Diff(want, paths(found)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAListThatIsHeldBackIsAskedAgainInItsTurn(t *testing.T) {
	w := nested(t)
	w.waiting = func(context.Context, int) error { w.now = w.now.Add(limitWindow); return nil }
	for range readsAMinute {
		_, _ = w.client.limits.reserve(place{})
	}
	if found, err := w.client.Below(t.Context(), cloud.FolderResource("4002")); err != nil || len(found) != 2 || len(w.pauses) == 0 {
		t.Errorf("%v, %v after %d pauses; want both after a pause", found, err, len(w.pauses))
	}
}

func TestTheWorkloadsOfAProjectAreListed(t *testing.T) {
	w := nested(t)
	found, err := w.client.WorkloadsIn(t.Context(), project)
	must(t, err)
	if diff := cmp.Diff([]cloud.Resource{service, job, pool}, found); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	w.answer("Jobs/ListJobs", func(any) (any, error) { return nil, status.Error(codes.PermissionDenied, "no") })
	found, err = w.client.WorkloadsIn(t.Context(), project)
	wantPermission(t, err, "run.jobs.list")
	if diff := cmp.Diff([]cloud.Resource{service, pool}, found); diff != "" {
		t.Errorf("without jobs (-want +got):\n%s", diff)
	}
}

func paths(rs []cloud.Resource) (out []string) {
	for _, r := range rs {
		out = append(out, r.Path())
	}
	return out
}

func wantPermission(t *testing.T, err error, permission string) {
	t.Helper()
	var denied *remediate.PermissionError
	if !errors.As(err, &denied) || denied.Permission != permission {
		t.Errorf("error is %v, want one that names %s", err, permission)
	}
}
