package sim

import (
	"context"
	"encoding/json"
	"net"
	"sync"
	"testing"
	"time"

	iamadmin "cloud.google.com/go/iam/admin/apiv1"
	orgpolicy "cloud.google.com/go/orgpolicy/apiv2"
	rm "cloud.google.com/go/resourcemanager/apiv3"
	run "cloud.google.com/go/run/apiv2"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const (
	location    = "projects/pay-prod/locations/europe-west1"
	serviceName = location + "/services/api"
	jobName     = location + "/jobs/nightly"
	poolName    = location + "/workerPools/crunch"
	apiIdentity = "api@pay-prod.iam.gserviceaccount.com"
	computeSA   = "264172533001-compute@developer.gserviceaccount.com"
)

// at is the one time of these tests.
var at = time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)

// journal collects emitted entries.
type journal struct {
	mu      sync.Mutex
	entries []map[string]any
}

func (j *journal) emit(b []byte) {
	j.mu.Lock()
	defer j.mu.Unlock()
	var e map[string]any
	if err := json.Unmarshal(b, &e); err != nil {
		e = map[string]any{"unreadable": string(b)}
	}
	j.entries = append(j.entries, e)
}

// take returns what was emitted since the last take.
func (j *journal) take() []map[string]any {
	j.mu.Lock()
	defer j.mu.Unlock()
	out := j.entries
	j.entries = nil
	return out
}

// dig follows keys into decoded JSON; nil where there is nothing.
func dig(v any, keys ...string) any {
	for _, k := range keys {
		m, _ := v.(map[string]any)
		v = m[k]
	}
	return v
}

func methods(es []map[string]any) []string {
	var out []string
	for _, e := range es {
		out = append(out, dig(e, "protoPayload", "methodName").(string))
	}
	return out
}

// seeded is a Cloud with one project in one folder of one organization, and
// one workload of each kind.
func seeded(t *testing.T, o Options) (*Cloud, *journal) {
	t.Helper()
	j := &journal{}
	o.Now, o.Emit = func() time.Time { return at }, j.emit
	c := NewCloud(o)
	c.AddProject("pay-prod", "264172533001", "folders/4001", "organizations/77")
	must(t, c.PutService(&runpb.Service{Name: serviceName, Template: &runpb.RevisionTemplate{
		ServiceAccount: apiIdentity, Containers: []*runpb.Container{{Image: "gcr.io/x/api"}},
	}}))
	must(t, c.PutJob(&runpb.Job{Name: jobName, Template: &runpb.ExecutionTemplate{Template: &runpb.TaskTemplate{ServiceAccount: apiIdentity}}}))
	must(t, c.PutWorkerPool(&runpb.WorkerPool{Name: poolName, Template: &runpb.WorkerPoolRevisionTemplate{ServiceAccount: apiIdentity}}))
	if got := j.take(); len(got) != 0 {
		t.Fatalf("seeding was logged: %v", got)
	}
	return c, j
}

// google holds the real clients.
type google struct {
	services  *run.ServicesClient
	jobs      *run.JobsClient
	pools     *run.WorkerPoolsClient
	revisions *run.RevisionsClient
	projects  *rm.ProjectsClient
	folders   *rm.FoldersClient
	orgs      *rm.OrganizationsClient
	policies  *orgpolicy.Client
	roles     *iamadmin.IamClient
}

// dial serves a Cloud on loopback and returns the real clients of it.
func dial(t *testing.T, c *Cloud) google {
	t.Helper()
	addr := serve(t, c)
	o := []option.ClientOption{
		option.WithEndpoint(addr), option.WithoutAuthentication(),
		option.WithGRPCDialOption(grpc.WithTransportCredentials(insecure.NewCredentials())),
	}
	ctx := t.Context()
	return google{
		services:  client(t, run.NewServicesClient, ctx, o),
		jobs:      client(t, run.NewJobsClient, ctx, o),
		pools:     client(t, run.NewWorkerPoolsClient, ctx, o),
		revisions: client(t, run.NewRevisionsClient, ctx, o),
		projects:  client(t, rm.NewProjectsClient, ctx, o),
		folders:   client(t, rm.NewFoldersClient, ctx, o),
		orgs:      client(t, rm.NewOrganizationsClient, ctx, o),
		policies:  client(t, orgpolicy.NewClient, ctx, o),
		roles:     client(t, iamadmin.NewIamClient, ctx, o),
	}
}

func client[C interface{ Close() error }](t *testing.T, open func(context.Context, ...option.ClientOption) (C, error), ctx context.Context, o []option.ClientOption) C {
	t.Helper()
	c, err := open(ctx, o...)
	must(t, err)
	t.Cleanup(func() { c.Close() })
	return c
}

func serve(t *testing.T, c *Cloud) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	done := make(chan error, 1)
	go func() { done <- c.Serve(l) }()
	t.Cleanup(func() {
		must(t, c.Close())
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return l.Addr().String()
}

// as makes calls under a principal.
func as(t *testing.T, email string) context.Context {
	return metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+email)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantCode(t *testing.T, err error, want codes.Code) {
	t.Helper()
	if got := status.Code(err); got != want {
		t.Fatalf("got %v (%v), want %v", got, err, want)
	}
}
