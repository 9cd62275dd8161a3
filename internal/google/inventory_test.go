package google

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/remediate/scan"

	"cloud.google.com/go/resourcemanager/apiv3/resourcemanagerpb"
	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/genproto/googleapis/cloud/location"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/fault"
)

var _ scan.Inventory = (*Client)(nil)

func nested(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, sim.Options{})
	w.AddFolder("4002", "folders/4001")
	w.AddProject("pay-dev", "264172533002", "folders/4002", "folders/4001", "organizations/77")
	w.AddProject("hooks", "264172533003", "organizations/77")
	w.AddProject("elsewhere", "264172533004", "organizations/78")
	return w
}

// listAll reads a list to its last page, and returns how many pages there were.
func (w *world) listAll(t *testing.T, in cloud.Resource, k cloud.Kind) (found []cloud.Resource, pages int, err error) {
	t.Helper()
	for page := ""; ; {
		some, next, failed := w.client.List(t.Context(), in, k, page)
		found, err, pages = append(found, some...), errors.Join(err, failed), pages+1
		if next == "" {
			return found, pages, err
		}
		page = next
	}
}

func TestWhatLiesRightInAContainerIsListed(t *testing.T) {
	w := nested(t)
	for _, tt := range []struct {
		in   cloud.Resource
		k    cloud.Kind
		want []string
	}{
		{cloud.OrganizationResource("77"), cloud.Project, []string{"projects/hooks"}},
		{cloud.OrganizationResource("77"), cloud.Folder, []string{"folders/4001"}},
		{cloud.FolderResource("4001"), cloud.Folder, []string{"folders/4002"}},
		{cloud.FolderResource("4002"), cloud.Project, []string{"projects/pay-dev"}},
		{cloud.FolderResource("4002"), cloud.Folder, nil},
		{project, cloud.RunService, []string{service.Path()}},
		{project, cloud.RunJob, []string{job.Path()}},
		{project, cloud.RunWorkerPool, []string{pool.Path()}},
	} {
		found, _, err := w.listAll(t, tt.in, tt.k)
		must(t, err)
		if diff := cmp.Diff(tt.want, paths(found)); diff != "" {
			t.Errorf("%ss of %s (-want +got):\n%s", tt.k, tt.in, diff)
		}
	}
	if _, _, err := w.client.List(t.Context(), project, cloud.Folder, ""); err == nil {
		t.Error("folders of a project were listed")
	}
}

func TestALongListComesInPages(t *testing.T) {
	w := nested(t)
	want := map[string]bool{"projects/hooks": true}
	for i := range 2*inventoryPage + 1 {
		id := fmt.Sprintf("p-%03d", i)
		w.AddProject(id, fmt.Sprint(5000+i), "organizations/77")
		want["projects/"+id] = true
	}
	found, pages, err := w.listAll(t, cloud.OrganizationResource("77"), cloud.Project)
	must(t, err)
	if len(found) != len(want) || pages != 3 {
		t.Errorf("%d projects on %d pages, want %d on 3", len(found), pages, len(want))
	}
	for _, r := range found {
		if !want[r.Path()] {
			t.Errorf("%s was not made", r)
		}
	}
}

func TestWhatIsBeingDeletedIsNotListed(t *testing.T) {
	w := nested(t)
	w.answer("Projects/ListProjects", func(any) (any, error) {
		return &resourcemanagerpb.ListProjectsResponse{Projects: []*resourcemanagerpb.Project{
			{ProjectId: "live", State: resourcemanagerpb.Project_ACTIVE}, {ProjectId: "dying", State: resourcemanagerpb.Project_DELETE_REQUESTED},
		}}, nil
	})
	found, _, err := w.listAll(t, cloud.OrganizationResource("77"), cloud.Project)
	must(t, err)
	if diff := cmp.Diff([]string{"projects/live"}, paths(found)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAListThatIsDeniedNamesThePermission(t *testing.T) {
	for _, tt := range []struct {
		method     string
		in         cloud.Resource
		k          cloud.Kind
		permission string
	}{
		{"ListProjects", cloud.FolderResource("4001"), cloud.Project, "resourcemanager.projects.list"},
		{"ListFolders", cloud.FolderResource("4001"), cloud.Folder, "resourcemanager.folders.list"},
		{"ListJobs", project, cloud.RunJob, "run.jobs.list"},
	} {
		w := nested(t)
		w.Fail(tt.method, 1, codes.PermissionDenied)
		_, _, err := w.listAll(t, tt.in, tt.k)
		wantPermission(t, err, tt.permission)
	}
}

func TestRegionsThatAListDidNotReachAreAnErrorBesideWhatItFound(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.answer("Services/ListServices", func(any) (any, error) {
		return &runpb.ListServicesResponse{Services: []*runpb.Service{{Name: service.Path()}}, Unreachable: []string{"us-east1"}}, nil
	})
	found, _, err := w.listAll(t, project, cloud.RunService)
	if err == nil || !strings.Contains(err.Error(), "regions not reached: us-east1") || len(found) != 1 {
		t.Errorf("%v, %v; want the service, and the region that was not reached", found, err)
	}
}

func TestWhereAllRegionsCannotBeListedAtOnceTheyAreOneByOne(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.answer("Services/ListServices", func(req any) (any, error) {
		r := req.(*runpb.ListServicesRequest)
		named := func(n string) []*runpb.Service { return []*runpb.Service{{Name: r.GetParent() + "/services/" + n}} }
		switch region := r.GetParent()[strings.LastIndex(r.GetParent(), "/")+1:]; {
		case region == "-":
			return nil, status.Error(codes.InvalidArgument, "location")
		case region == "us-east1" && r.GetPageToken() == "":
			return &runpb.ListServicesResponse{Services: named("a"), NextPageToken: "more"}, nil
		case region == "us-east1":
			return &runpb.ListServicesResponse{Services: named("b")}, nil
		case region == "us-west1":
			return nil, status.Error(codes.Internal, "down")
		}
		return &runpb.ListServicesResponse{}, nil
	})
	w.answer("Locations/ListLocations", func(any) (any, error) {
		return &location.ListLocationsResponse{Locations: []*location.Location{
			{LocationId: "europe-west1"}, {LocationId: "us-west1"}, {LocationId: "us-east1"},
		}}, nil
	})
	found, pages, err := w.listAll(t, project, cloud.RunService)
	want := []string{"projects/pay-prod/locations/us-east1/services/a", "projects/pay-prod/locations/us-east1/services/b"}
	if diff := cmp.Diff(want, paths(found)); diff != "" || pages != 5 {
		t.Errorf("%d pages (-want +got):\n%s", pages, diff)
	}
	if err == nil || !strings.Contains(err.Error(), "down") {
		t.Errorf("error is %v, want that of the region that is down", err)
	}
	w.answer("Locations/ListLocations", func(any) (any, error) { return nil, status.Error(codes.PermissionDenied, "no") })
	_, _, err = w.listAll(t, project, cloud.RunService)
	wantPermission(t, err, "run.locations.list")
}

func TestAProjectWithoutCloudRunHasNoWorkloads(t *testing.T) {
	for consumer, off := range map[string]bool{"projects/264172533001": true, "projects/pay-prod": true, "projects/999": false} {
		w := newWorld(t, sim.Options{})
		disabled, err := status.New(codes.PermissionDenied, "Cloud Run Admin API has not been used before or it is disabled.").
			WithDetails(&errdetails.ErrorInfo{Reason: "SERVICE_DISABLED", Domain: "googleapis.com",
				Metadata: map[string]string{"service": "run.googleapis.com", "consumer": consumer}})
		must(t, err)
		w.FailWith("ListJobs", 2, disabled.Err())
		if _, _, err := w.listAll(t, project, cloud.RunJob); (err == nil) != off {
			t.Errorf("where %s has Cloud Run off: error is %v", consumer, err)
		}
		if got := w.client.Fact(t.Context(), ask(policies.RuntimeIdentity, stranger)); got.Known != off || got.Value {
			t.Errorf("where %s has Cloud Run off: %+v", consumer, got)
		}
	}
}

func TestAListBeyondTheRateSaysWhenToComeAgain(t *testing.T) {
	w := nested(t)
	for range DefaultRates.Reads {
		_, _ = w.client.limits.reserve(place{container: "folders/4002"}, maxHold)
	}
	_, _, err := w.client.List(t.Context(), cloud.FolderResource("4002"), cloud.Project, "")
	var busy *fault.BusyError
	if !errors.As(err, &busy) {
		t.Errorf("error is %v, want one that says when to come again", err)
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
	var denied *fault.PermissionError
	if !errors.As(err, &denied) || denied.Permission != permission {
		t.Errorf("error is %v, want one that names %s", err, permission)
	}
}
