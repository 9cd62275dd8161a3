package sim

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/logging/apiv2/loggingpb"
	"cloud.google.com/go/resourcemanager/apiv3/resourcemanagerpb"
	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/google/go-cmp/cmp"
	"github.com/rescind-dev/rescind/internal/assets"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// lists ask for one page of each list, and return the names on it.
func lists(c *Cloud) map[string]func(ctx context.Context, size int32, token string) ([]string, string, error) {
	return map[string]func(context.Context, int32, string) ([]string, string, error){
		"services": func(ctx context.Context, size int32, token string) ([]string, string, error) {
			out, err := (&services{c: c}).ListServices(ctx, &runpb.ListServicesRequest{Parent: "projects/pay-prod/locations/-", PageSize: size, PageToken: token})
			return names(out.GetServices()), out.GetNextPageToken(), err
		},
		"jobs": func(ctx context.Context, size int32, token string) ([]string, string, error) {
			out, err := (&jobs{c: c}).ListJobs(ctx, &runpb.ListJobsRequest{Parent: location, PageSize: size, PageToken: token})
			return names(out.GetJobs()), out.GetNextPageToken(), err
		},
		"worker pools": func(ctx context.Context, size int32, token string) ([]string, string, error) {
			out, err := (&workerPools{c: c}).ListWorkerPools(ctx, &runpb.ListWorkerPoolsRequest{Parent: location, PageSize: size, PageToken: token})
			return names(out.GetWorkerPools()), out.GetNextPageToken(), err
		},
		"revisions": func(ctx context.Context, size int32, token string) ([]string, string, error) {
			out, err := (&revisions{c: c}).ListRevisions(ctx, &runpb.ListRevisionsRequest{Parent: serviceName, PageSize: size, PageToken: token})
			return names(out.GetRevisions()), out.GetNextPageToken(), err
		},
		"executions": func(ctx context.Context, size int32, token string) ([]string, string, error) {
			out, err := (&executions{c: c}).ListExecutions(ctx, &runpb.ListExecutionsRequest{Parent: jobName, PageSize: size, PageToken: token})
			return names(out.GetExecutions()), out.GetNextPageToken(), err
		},
		"projects": func(ctx context.Context, size int32, token string) ([]string, string, error) {
			out, err := (&projects{c: c}).ListProjects(ctx, &resourcemanagerpb.ListProjectsRequest{Parent: "folders/4001", PageSize: size, PageToken: token})
			return names(out.GetProjects()), out.GetNextPageToken(), err
		},
		"found projects": func(ctx context.Context, size int32, token string) ([]string, string, error) {
			out, err := (&projects{c: c}).SearchProjects(ctx, &resourcemanagerpb.SearchProjectsRequest{Query: "parent:folders/4001", PageSize: size, PageToken: token})
			return names(out.GetProjects()), out.GetNextPageToken(), err
		},
		"folders": func(ctx context.Context, size int32, token string) ([]string, string, error) {
			out, err := (&folders{c: c}).ListFolders(ctx, &resourcemanagerpb.ListFoldersRequest{Parent: "organizations/77", PageSize: size, PageToken: token})
			return names(out.GetFolders()), out.GetNextPageToken(), err
		},
		"assets": func(ctx context.Context, size int32, token string) ([]string, string, error) {
			out, err := (&search{c}).SearchAssets(ctx, assets.Request{Scope: "organizations/77", Types: []string{"run.googleapis.com/Job"}, PageSize: size, PageToken: token})
			return out.Names, out.Next, err
		},
	}
}

func names[M interface{ GetName() string }](ms []M) (out []string) {
	for _, m := range ms {
		out = append(out, m.GetName())
	}
	return out
}

// crowded is a Cloud with three of everything that can be listed.
func crowded(t *testing.T) *Cloud {
	t.Helper()
	c, _ := seeded(t, Options{})
	for n := range 3 {
		if n > 0 {
			c.AddProject(fmt.Sprint("pay-", n), fmt.Sprint(n), "folders/4001")
			c.AddFolder(fmt.Sprint(5000+n), "organizations/77")
			must(t, c.PutService(&runpb.Service{Name: fmt.Sprintf("%s/services/s%d", location, n)}))
			must(t, c.PutJob(&runpb.Job{Name: fmt.Sprintf("%s/jobs/j%d", location, n)}))
			must(t, c.PutWorkerPool(&runpb.WorkerPool{Name: fmt.Sprintf("%s/workerPools/w%d", location, n)}))
			must(t, c.PutService(&runpb.Service{Name: serviceName, Template: &runpb.RevisionTemplate{ServiceAccount: fmt.Sprint(n, "@x")}}))
		}
		c.PutExecution(&runpb.Execution{Name: fmt.Sprintf("%s/executions/e%d", jobName, n)})
	}
	return c
}

// A reader that forgets to ask for the next page finds all of a small cloud, and
// half of a large one.
func TestPagesOfAnySizeMakeUpTheList(t *testing.T) {
	for list, page := range lists(crowded(t)) {
		whole, next, err := page(t.Context(), 0, "")
		if err != nil || len(whole) != 3 || next != "" {
			t.Errorf("%s: all of them are %v, next %q, %v", list, whole, next, err)
		}
		for size := int32(1); size <= 4; size++ {
			var got []string
			for token, first := "", true; first || token != ""; first = false {
				var part []string
				if part, token, err = page(t.Context(), size, token); err != nil || len(part) > int(size) {
					t.Fatalf("%s by %d: %v, %v", list, size, part, err)
				}
				got = append(got, part...)
			}
			if diff := cmp.Diff(whole, got); diff != "" {
				t.Errorf("%s by %d (-want +got):\n%s", list, size, diff)
			}
		}
		_, token, err := page(t.Context(), 1, "")
		must(t, err)
		for name, bad := range map[string]string{"made up": "x", "a number": "1", "half of one": token[:3], "one with a place before the list": token[:len(token)-1] + "-1"} {
			if _, _, err := page(t.Context(), 1, bad); status.Code(err) != codes.InvalidArgument {
				t.Errorf("%s: the token %q, %s: %v", list, bad, name, err)
			}
		}
	}
}

// "All other parameters must match": a token of one list does not continue
// another.
func TestATokenContinuesItsOwnList(t *testing.T) {
	c := crowded(t)
	s := &services{c: c}
	out, err := s.ListServices(t.Context(), &runpb.ListServicesRequest{Parent: location, PageSize: 1})
	must(t, err)
	for parent, want := range map[string]codes.Code{location: codes.OK, "projects/pay-prod/locations/-": codes.InvalidArgument} {
		if _, err := s.ListServices(t.Context(), &runpb.ListServicesRequest{Parent: parent, PageSize: 2, PageToken: out.NextPageToken}); status.Code(err) != want {
			t.Errorf("of %s: %v, want %v", parent, err, want)
		}
	}
	if _, err := s.ListServices(t.Context(), &runpb.ListServicesRequest{Parent: location, PageSize: -1}); status.Code(err) != codes.InvalidArgument {
		t.Errorf("a page of less than nothing: %v", err)
	}
}

func TestAListOfWhatIsNotThereIsAnError(t *testing.T) {
	c, _ := seeded(t, Options{})
	_, noProject := (&services{c: c}).ListServices(t.Context(), &runpb.ListServicesRequest{Parent: "projects/none/locations/-"})
	_, noParent := (&services{c: c}).ListServices(t.Context(), &runpb.ListServicesRequest{Parent: "projects/pay-prod"})
	_, noService := (&revisions{c: c}).ListRevisions(t.Context(), &runpb.ListRevisionsRequest{Parent: location + "/services/none"})
	_, ofAJob := (&revisions{c: c}).ListRevisions(t.Context(), &runpb.ListRevisionsRequest{Parent: jobName})
	_, noJob := (&executions{c: c}).ListExecutions(t.Context(), &runpb.ListExecutionsRequest{Parent: location + "/jobs/none"})
	_, noScope := (&search{c}).SearchAssets(t.Context(), assets.Request{Scope: "folders/1"})
	_, noQuery := (&projects{c: c}).SearchProjects(t.Context(), &resourcemanagerpb.SearchProjectsRequest{Query: "labels.x:y"})
	for name, got := range map[string]struct {
		err  error
		want codes.Code
	}{
		"services of no project": {noProject, codes.NotFound}, "services of a project, and no place": {noParent, codes.InvalidArgument},
		"revisions of no service": {noService, codes.NotFound}, "revisions of a job": {ofAJob, codes.InvalidArgument},
		"executions of no job": {noJob, codes.NotFound}, "assets of no folder": {noScope, codes.NotFound}, "projects by what it does not know": {noQuery, codes.InvalidArgument},
	} {
		if status.Code(got.err) != got.want {
			t.Errorf("%s: %v, want %v", name, got.err, got.want)
		}
	}
}

// Of entries Google lists fifty where nobody asks for more, and never over a
// thousand; in the order of their time, then of their ids.
func TestEntriesAreListedInOrderAndByFifty(t *testing.T) {
	now := at
	c := NewCloud(Options{Now: func() time.Time { return now }})
	c.AddProject("pay-prod", "5")
	for n := range 60 {
		now = at.Add(time.Duration(n/2) * time.Second) // two at a time
		_, err := (&projects{c: c}).SetIamPolicy(t.Context(), &iampb.SetIamPolicyRequest{Resource: "projects/pay-prod", Policy: policyOf()})
		must(t, err)
	}
	list := func(r *loggingpb.ListLogEntriesRequest) ([]*loggingpb.LogEntry, error) {
		if r.ResourceNames == nil {
			r.ResourceNames = []string{"projects/pay-prod"}
		}
		out, err := (&logs{c: c}).ListLogEntries(t.Context(), r)
		return out.GetEntries(), err
	}
	usual, err := list(&loggingpb.ListLogEntriesRequest{})
	must(t, err)
	all, err := list(&loggingpb.ListLogEntriesRequest{PageSize: 1000, OrderBy: "timestamp asc"})
	must(t, err)
	if len(usual) != 50 || len(all) != 60 || usual[49].InsertId != all[49].InsertId {
		t.Errorf("%d entries by default, %d in all", len(usual), len(all))
	}
	if !slices.IsSortedFunc(all, func(a, b *loggingpb.LogEntry) int {
		return slices.Compare([]string{a.Timestamp.AsTime().Format(time.RFC3339Nano), a.InsertId}, []string{b.Timestamp.AsTime().Format(time.RFC3339Nano), b.InsertId})
	}) {
		t.Error("they are out of order")
	}
	newest, err := list(&loggingpb.ListLogEntriesRequest{PageSize: 1, OrderBy: "timestamp desc"})
	must(t, err)
	if newest[0].InsertId != all[59].InsertId {
		t.Errorf("the newest is %v", newest[0])
	}
	for name, r := range map[string]*loggingpb.ListLogEntriesRequest{
		"over a thousand": {PageSize: 1001}, "less than nothing": {PageSize: -1}, "by what they cannot be ordered": {OrderBy: "severity"}, "of nothing": {ResourceNames: []string{}},
		"of too much": {ResourceNames: slices.Repeat([]string{"projects/pay-prod"}, 101)},
	} {
		if _, err := list(r); status.Code(err) != codes.InvalidArgument {
			t.Errorf("%s: %v", name, err)
		}
	}
}
