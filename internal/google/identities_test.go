package google

import (
	"context"
	"errors"
	"strings"
	"testing"

	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/genproto/googleapis/cloud/location"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
)

const stranger = "stranger@pay-prod.iam.gserviceaccount.com"

func TestAnAccountThatAnyWorkloadRunsAsIsARuntimeIdentity(t *testing.T) {
	for _, tt := range []struct {
		name string
		put  func(*world) error
	}{
		{"projects/pay-prod/locations/europe-west1/services/api", func(w *world) error {
			return w.PutService(&runpb.Service{Name: service.Path(), Template: &runpb.RevisionTemplate{ServiceAccount: stranger}})
		}},
		{"projects/pay-prod/locations/europe-west1/jobs/nightly", func(w *world) error {
			return w.PutJob(&runpb.Job{Name: job.Path(), Template: &runpb.ExecutionTemplate{Template: &runpb.TaskTemplate{ServiceAccount: stranger}}})
		}},
		{"projects/pay-prod/locations/europe-west1/workerPools/crunch", func(w *world) error {
			return w.PutWorkerPool(&runpb.WorkerPool{Name: pool.Path(), Template: &runpb.WorkerPoolRevisionTemplate{ServiceAccount: stranger}})
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, sim.Options{})
			must(t, tt.put(w))
			got := w.client.Fact(t.Context(), ask(policies.RuntimeIdentity, stranger))
			if !got.Known || !got.Value || got.Source != "listed: //run.googleapis.com/"+tt.name {
				t.Errorf("%+v, want yes, by %s", got, tt.name)
			}
		})
	}
}

func TestAnAccountIsLookedForAtHomeAndWhereTheChangeIs(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.AddProject("shop", "5")
	must(t, w.PutService(&runpb.Service{
		Name: "projects/shop/locations/us-east1/services/cart", Template: &runpb.RevisionTemplate{ServiceAccount: stranger},
	}))
	if got := w.client.Fact(t.Context(), policies.Question{Kind: policies.RuntimeIdentity, Name: stranger, Project: "shop"}); !got.Value {
		t.Errorf("in the project of the change: %+v", got)
	}
	got := w.client.Fact(t.Context(), policies.Question{Kind: policies.RuntimeIdentity, Name: apiAccount, Project: "shop"})
	if !got.Value {
		t.Errorf("in its own project: %+v", got)
	}
	got = w.client.Fact(t.Context(), policies.Question{Kind: policies.RuntimeIdentity, Name: "idle@pay-prod.iam.gserviceaccount.com", Project: "shop"})
	want := "no service, job or worker pool of projects pay-prod, shop runs as it"
	if !got.Known || got.Value || got.Source != want {
		t.Errorf("nowhere: %+v, want no, because %s", got, want)
	}
}

func TestAnAccountThatWasSeenNeedsNoList(t *testing.T) {
	w := newWorld(t, sim.Options{})
	seen := remediate.Sighting{Email: stranger, Workload: job, At: w.now.AddDate(0, -1, 0)}
	c := w.connect(t, w.client.connections[0].Target(), sightings{stranger: seen})
	got := c.Fact(t.Context(), ask(policies.RuntimeIdentity, stranger))
	if !got.Known || !got.Value || got.Source != "seen on "+job.String() || got.At != seen.At {
		t.Errorf("%+v, want the sighting", got)
	}
	if n := w.count("Services/ListServices"); n != 0 {
		t.Errorf("%d lists were read", n)
	}
	if got := c.Fact(t.Context(), ask(policies.RuntimeIdentity, apiAccount)); !got.Value {
		t.Errorf("%+v: one that was not seen is looked for", got)
	}
}

func TestAListThatFailedDoesNotHideAMatchInAnother(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.Fail("ListServices", 1, codes.PermissionDenied)
	if got := w.client.Fact(t.Context(), ask(policies.RuntimeIdentity, apiAccount)); !got.Known || !got.Value {
		t.Errorf("%+v, want yes: a job runs as it", got)
	}
}

func TestAWorkloadThatNamesNoAccountRunsAsItsProjectsDefault(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.answer("Jobs/ListJobs", func(any) (any, error) {
		return &runpb.ListJobsResponse{Jobs: []*runpb.Job{{Name: job.Path()}}}, nil
	})
	q := ask(policies.RuntimeIdentity, defaultAccount)
	w.Fail("GetProject", 2, codes.PermissionDenied) // once by number, once by id
	if got := w.client.Fact(t.Context(), q); got.Known {
		t.Errorf("%+v, want unknown: the project's number could not be read", got)
	}
	if got := w.client.Fact(t.Context(), q); !got.Known || !got.Value {
		t.Errorf("%+v, want yes", got)
	}
	if got := w.client.Fact(t.Context(), ask(policies.RuntimeIdentity, "1-compute@developer.gserviceaccount.com")); got.Value {
		t.Errorf("%+v: another project's default", got)
	}
}

func TestRegionsThatWereNotReachedLeaveItUnknown(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.answer("Services/ListServices", func(any) (any, error) {
		return &runpb.ListServicesResponse{Unreachable: []string{"us-east1"}}, nil
	})
	got := w.client.Fact(t.Context(), ask(policies.RuntimeIdentity, stranger))
	if got.Known || !strings.Contains(got.Why, "regions not reached: us-east1") {
		t.Errorf("%+v, want unknown, naming the region", got)
	}
}

func TestWhereAllRegionsCannotBeListedAtOnceEachIs(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.answer("Services/ListServices", func(req any) (any, error) {
		switch parent := req.(*runpb.ListServicesRequest).GetParent(); parent {
		case "projects/pay-prod/locations/europe-west1":
			return &runpb.ListServicesResponse{}, nil
		case "projects/pay-prod/locations/us-east1":
			return &runpb.ListServicesResponse{Services: []*runpb.Service{{
				Name: parent + "/services/far", Template: &runpb.RevisionTemplate{ServiceAccount: stranger},
			}}}, nil
		default:
			return nil, status.Errorf(codes.InvalidArgument, "location of %s", parent)
		}
	})
	q := ask(policies.RuntimeIdentity, stranger)
	w.answer("Locations/ListLocations", func(any) (any, error) { return nil, status.Error(codes.PermissionDenied, "no") })
	denied := w.client.Fact(t.Context(), q)
	if want := "permission run.locations.list missing on " + project.String(); denied.Known || denied.Why != want {
		t.Errorf("%+v, want unknown, because %s", denied, want)
	}
	w.answer("Locations/ListLocations", func(req any) (any, error) {
		if req.(*location.ListLocationsRequest).GetPageToken() == "" {
			return &location.ListLocationsResponse{
				Locations: []*location.Location{{LocationId: "europe-west1"}}, NextPageToken: "more",
			}, nil
		}
		return &location.ListLocationsResponse{Locations: []*location.Location{{LocationId: "us-east1"}}}, nil
	})
	got := w.client.Fact(t.Context(), q)
	if want := "listed: //run.googleapis.com/projects/pay-prod/locations/us-east1/services/far"; !got.Known || got.Source != want {
		t.Errorf("%+v, want %s", got, want)
	}
}

func TestAnAccountWithNoProjectToLookInIsUnknown(t *testing.T) {
	w := newWorld(t, sim.Options{})
	got := w.client.Fact(t.Context(), policies.Question{Kind: policies.RuntimeIdentity, Name: "someone@example.com"})
	if got.Known || got.Why != "no project to look in is known" {
		t.Errorf("%+v", got)
	}
}

func TestNoAccountAtAllIsNoRuntimeIdentity(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.answer("Jobs/ListJobs", func(any) (any, error) {
		return &runpb.ListJobsResponse{Jobs: []*runpb.Job{{Name: job.Path()}}}, nil
	})
	if got := w.client.Fact(t.Context(), ask(policies.RuntimeIdentity, "")); got.Known {
		t.Errorf("%+v, want unknown", got)
	}
}

func TestASightingThatCannotBeReadTurnsNoIntoUnknown(t *testing.T) {
	w := newWorld(t, sim.Options{})
	c := w.connect(t, w.client.connections[0].Target(), brokenStore{})
	got := c.Fact(t.Context(), ask(policies.RuntimeIdentity, stranger))
	if want := "sighting of " + stranger + ": store is down"; got.Known || got.Why != want {
		t.Errorf("%+v, want unknown, because %s", got, want)
	}
	if got := c.Fact(t.Context(), ask(policies.RuntimeIdentity, apiAccount)); !got.Value {
		t.Errorf("%+v, want yes: it is listed", got)
	}
}

type brokenStore struct{ sightings }

func (brokenStore) Identity(context.Context, string) (remediate.Sighting, error) {
	return remediate.Sighting{}, errors.New("store is down")
}
