package sim

import (
	"testing"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/genproto/googleapis/type/expr"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
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

func mask(paths ...string) *fieldmaskpb.FieldMask { return &fieldmaskpb.FieldMask{Paths: paths} }

func getService(t *testing.T, g google) *runpb.Service {
	t.Helper()
	s, err := g.services.GetService(t.Context(), &runpb.GetServiceRequest{Name: serviceName})
	must(t, err)
	return s
}

func updateService(t *testing.T, g google, s *runpb.Service, paths ...string) (*runpb.Service, error) {
	t.Helper()
	s.Name = serviceName
	op, err := g.services.UpdateService(t.Context(), &runpb.UpdateServiceRequest{Service: s, UpdateMask: mask(paths...)})
	if err != nil {
		return nil, err
	}
	return op.Wait(t.Context())
}

func policyOf(bs ...*iampb.Binding) *iampb.Policy { return &iampb.Policy{Version: 3, Bindings: bs} }

func bind(role string, members ...string) *iampb.Binding {
	return &iampb.Binding{Role: role, Members: members}
}

var untilNoon = &expr.Expr{Title: "until noon", Expression: "request.time < timestamp('2026-11-20T12:00:00Z')"}

func v3(resource string) *iampb.GetIamPolicyRequest {
	return &iampb.GetIamPolicyRequest{Resource: resource, Options: &iampb.GetPolicyOptions{RequestedPolicyVersion: 3}}
}

func identities(s State) []string {
	var out []string
	for _, w := range s.Workloads {
		out = append(out, lastSegment(w.Name)+" "+w.Identity)
	}
	return out
}
