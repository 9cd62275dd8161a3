package google

import (
	"bytes"
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/genproto/googleapis/cloud/location"
	"google.golang.org/genproto/googleapis/type/expr"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// The interfaces that a Client is for.
var (
	_ remediate.PolicyClient   = (*Client)(nil)
	_ remediate.WorkloadClient = (*Client)(nil)
	_ remediate.FactsClient    = (*Client)(nil)
)

const (
	apiAccount     = "api@pay-prod.iam.gserviceaccount.com"
	defaultAccount = "264172533001-compute@developer.gserviceaccount.com"
	constraint     = "run.managed.requireInvokerIam"
)

var (
	service = cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "api")
	job     = cloud.RunResource(cloud.RunJob, "pay-prod", "europe-west1", "nightly")
	pool    = cloud.RunResource(cloud.RunWorkerPool, "pay-prod", "europe-west1", "crunch")
	project = cloud.ProjectResource("pay-prod")
)

// world is a simulated Google Cloud behind a real gRPC server on loopback, and
// a Client of it.
type world struct {
	*sim.Cloud
	client *Client
	pauses []time.Duration // what the Client waited
	now    time.Time
	log    *bytes.Buffer // nil unless a test reads it

	mu      sync.Mutex
	calls   []string                               // methods, in order, without their package
	answers map[string]func(any) (any, error)      // by method, in place of the simulator
	seen    map[string]proto.Message               // the last request by method
	waiting func(ctx context.Context, n int) error // in place of a pause, when set
	updates []bool                                 // of workloads, whether it was a rehearsal
}

// newWorld holds the project pay-prod under folders/4001 and organizations/77,
// with a service, a job and a worker pool that all run as apiAccount.
func newWorld(t *testing.T, o sim.Options) *world {
	t.Helper()
	w := &world{
		now:     time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC),
		answers: map[string]func(any) (any, error){}, seen: map[string]proto.Message{},
	}
	o.Now = func() time.Time { return w.now }
	w.Cloud = sim.NewCloud(o)
	w.AddProject("pay-prod", "264172533001", "folders/4001", "organizations/77")
	must(t, w.PutService(&runpb.Service{Name: service.Path(), Template: &runpb.RevisionTemplate{ServiceAccount: apiAccount}}))
	must(t, w.PutJob(&runpb.Job{Name: job.Path(), Template: &runpb.ExecutionTemplate{Template: &runpb.TaskTemplate{ServiceAccount: apiAccount}}}))
	must(t, w.PutWorkerPool(&runpb.WorkerPool{Name: pool.Path(), Template: &runpb.WorkerPoolRevisionTemplate{ServiceAccount: apiAccount}}))

	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	server := grpc.NewServer(grpc.UnaryInterceptor(w.intercept))
	w.RegisterGRPC(server)
	location.RegisterLocationsServer(server, &location.UnimplementedLocationsServer{})
	go func() { _ = server.Serve(l) }()
	t.Cleanup(server.Stop)
	w.client = w.connect(t, l.Addr().String(), nil)
	return w
}

func (w *world) connect(t *testing.T, addr string, seen remediate.IdentityStore) *Client {
	t.Helper()
	return w.connectWith(t, addr, func(o *Options) { o.Identities = seen })
}

func (w *world) connectWith(t *testing.T, addr string, change func(*Options)) *Client {
	t.Helper()
	o := Options{
		Endpoints: Endpoints{Run: addr, IAM: addr, ResourceManager: addr, OrgPolicy: addr, Functions: addr},
		Insecure:  true,
		Now:       func() time.Time { return w.now },
		Wait: func(ctx context.Context, d time.Duration) error {
			w.pauses = append(w.pauses, d)
			if w.waiting != nil {
				return w.waiting(ctx, len(w.pauses))
			}
			return ctx.Err()
		},
	}
	change(&o)
	c, err := New(t.Context(), o)
	must(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func (w *world) intercept(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	called.Store(info.FullMethod, true)
	method := info.FullMethod[strings.LastIndex(info.FullMethod, ".")+1:]
	w.mu.Lock()
	w.calls = append(w.calls, method)
	w.seen[method] = req.(proto.Message)
	answer := w.answers[method]
	if u, ok := req.(interface{ GetValidateOnly() bool }); ok {
		w.updates = append(w.updates, u.GetValidateOnly())
	}
	w.mu.Unlock()
	if answer != nil {
		return answer(req)
	}
	return next(ctx, req)
}

// answer puts an answer in place of the simulator's; nil gives it back.
func (w *world) answer(method string, f func(any) (any, error)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.answers[method] = f
}

func (w *world) count(method string) (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, c := range w.calls {
		if c == method {
			n++
		}
	}
	return n
}

// deploy changes the service behind the Client's back.
func (w *world) deploy(t *testing.T, account, revision string) {
	t.Helper()
	w.now = w.now.Add(time.Minute)
	must(t, w.PutService(&runpb.Service{
		Name: service.Path(), Template: &runpb.RevisionTemplate{ServiceAccount: account, Revision: revision},
	}))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wantError(t *testing.T, err, target error) {
	t.Helper()
	if !errors.Is(err, target) {
		t.Errorf("error is %v, want one that matches %v", err, target)
	}
}

func binding(role string, condition *expr.Expr, members ...string) *iampb.Binding {
	return &iampb.Binding{Role: role, Condition: condition, Members: members}
}

func policyOf(bindings ...*iampb.Binding) *iampb.Policy { return &iampb.Policy{Bindings: bindings} }

// sightings is an IdentityStore that only reads.
type sightings map[string]remediate.Sighting

func (s sightings) LearnIdentity(context.Context, remediate.Sighting) error {
	return errors.ErrUnsupported
}

func (s sightings) Identity(_ context.Context, email string) (remediate.Sighting, error) {
	if found, ok := s[email]; ok {
		return found, nil
	}
	return remediate.Sighting{}, fault.ErrNotFound
}

func ask(k policies.FactKind, name string) policies.Question {
	return policies.Question{Kind: k, Name: name, Project: "pay-prod"}
}
