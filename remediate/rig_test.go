package remediate_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/google"
	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/internal/store/memory"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/owed"
	"github.com/rescind-dev/rescind/remediate/scope"
	"github.com/rescind-dev/rescind/remediate/state"
)

// TestMain collects garbage less often: these tests allocate much and keep little, and
// spent a fifth of their time on it.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	os.Exit(m.Run())
}

const (
	self           = "rescind@ops.iam.gserviceaccount.com"
	apiAccount     = "api@pay-prod.iam.gserviceaccount.com"
	defaultAccount = "264172533001-compute@developer.gserviceaccount.com"
	apiPath        = "projects/pay-prod/locations/europe-west1/services/api"
	jobPath        = "projects/pay-prod/locations/europe-west1/jobs/nightly"
	poolPath       = "projects/pay-prod/locations/europe-west1/workerPools/queue"
	mallory        = "mallory@example.com"
)

// rig is a Remediator between the real Google clients over a simulated cloud
// and a store in memory, with a clock that only moves when someone waits.
type rig struct {
	*engine
	t      *testing.T
	cloud  *sim.Cloud
	conn   *grpc.ClientConn // as mallory
	google *google.Client
	told   *notice
	// between is told of each call of rescind's clients, and may have it fail; nil for
	// nobody.
	between func(method string) error

	mu      sync.Mutex
	now     time.Time
	entries [][]byte
	sent    []string // to Google Cloud by rescind: methods, without their package
}

// set is what a test sets on top of the built-in policies: enforcement by name.
type set map[string]policies.Enforcement

func newRig(t *testing.T, enforce set, change ...func(*setup)) *rig {
	return newRigWith(t, func(*google.Options) {}, enforce, change...)
}

// newRigWith is newRig with what a test changes of how Google Cloud is reached.
func newRigWith(t *testing.T, options func(*google.Options), enforce set, change ...func(*setup)) *rig {
	t.Helper()
	g := &rig{t: t, now: time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC), told: &notice{}}
	reach := g.serveCloud()
	g.connectMallory(reach)
	st := memory.New()
	g.connectRescind(reach, st, options)
	c := setup{Notifier: g.told, Config: g.config(enforce, st)}
	for _, f := range change {
		f(&c)
	}
	g.engine = newEngine(t, c)
	return g
}

// rigAddr stands for the cloud's address. It is reached in memory: for a thousand rigs,
// sockets took a third of the time.
const rigAddr = "127.0.0.1:1"

// serveCloud starts the simulated cloud, with what stands in it, and returns how to
// reach it.
func (g *rig) serveCloud() grpc.DialOption {
	g.cloud = sim.NewCloud(sim.Options{Now: g.Clock, Emit: g.keep})
	g.seed()
	l, server := bufconn.Listen(8<<10), grpc.NewServer()
	g.cloud.RegisterGRPC(server)
	go func() { _ = server.Serve(l) }()
	g.t.Cleanup(server.Stop)
	return grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) })
}

func (g *rig) connectMallory(reach grpc.DialOption) {
	var err error
	g.conn, err = grpc.NewClient(rigAddr, reach, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithPerRPCCredentials(caller(mallory)))
	g.must(err)
	g.t.Cleanup(func() { g.conn.Close() })
}

func (g *rig) connectRescind(reach grpc.DialOption, st *memory.Store, options func(*google.Options)) {
	o := google.Options{
		Endpoints: google.Endpoints{Run: rigAddr, IAM: rigAddr, ResourceManager: rigAddr, OrgPolicy: rigAddr, Logging: rigAddr, Functions: rigAddr}, Insecure: true,
		DialOptions: []grpc.DialOption{reach, grpc.WithPerRPCCredentials(caller(self)), grpc.WithChainUnaryInterceptor(g.intercept)},
		Identities:  st, Now: g.Clock, Wait: g.wait, Domains: map[string][]string{"organizations/77": {"example.com"}},
	}
	options(&o)
	client, err := google.New(g.t.Context(), o)
	g.must(err)
	g.google = client
	g.t.Cleanup(func() { g.google.Close() })
}

func (g *rig) intercept(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, next grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	g.mu.Lock()
	g.sent = append(g.sent, method[strings.LastIndex(method, ".")+1:])
	g.mu.Unlock()
	if g.between != nil {
		if err := g.between(method); err != nil {
			return err
		}
	}
	return next(ctx, method, req, reply, cc, opts...)
}

// config is that of a rescind which may touch the whole organization, and of which
// two people are approvers.
func (g *rig) config(enforce set, st *memory.Store) remediate.Config {
	queue, err := owed.New(owed.Config{Store: st, Cells: st, Most: 1000, Now: g.Clock, NewID: sequence("process-"), Log: slog.New(slog.DiscardHandler)})
	g.must(err)
	return remediate.Config{
		Owed: queue, Facts: g.google, Store: st, IAM: g.google, Workloads: g.google, Constraints: g.google,
		Judge: judge.Judge{Policies: g.load(enforce), MaxEventAge: 15 * time.Minute,
			Fallback: map[string]string{"pay-prod": "fallback@pay-prod.iam.gserviceaccount.com"}},
		Scope:     scope.Scope{Include: []cloud.Resource{cloud.OrganizationResource("77")}},
		Authority: authority.Authority{Approvers: map[string]bool{"user:ada@example.com": true, "user:" + mallory: true}},
		Limits:    remediate.Limits{PerPolicyHour: 20, PerProjectHour: 10, TotalHour: 50, SameChange: 3, FightWindow: 24 * time.Hour},
		Self:      "serviceAccount:" + self, ExpiresIn: time.Hour, OnExpiry: remediate.LeaveOnExpiry, VerifyFor: 10 * time.Second,
		Now: g.Clock, Wait: g.wait, NewID: sequence("id-"), Log: slog.New(slog.DiscardHandler),
	}
}

func (g *rig) load(enforce set) *policies.Set {
	g.t.Helper()
	if len(enforce) == 0 {
		s, err := policies.Load()
		g.must(err)
		return s
	}
	var b strings.Builder
	b.WriteString("apiVersion: rescind/v1\npolicies:\n")
	for name, e := range enforce {
		fmt.Fprintf(&b, "  - {name: %s, enforcement: %s}\n", name, e)
	}
	s, err := policies.Load(policies.File{Name: "test.yaml", Data: []byte(b.String())})
	g.must(err)
	return s
}

func (g *rig) must(err error) {
	g.t.Helper()
	if err != nil {
		g.t.Fatal(err)
	}
}

// Clock is the rig's time.
func (g *rig) Clock() time.Time {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.now
}

func (g *rig) pass(d time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.now = g.now.Add(d)
}

func (g *rig) wait(ctx context.Context, d time.Duration) error {
	g.pass(d)
	return ctx.Err()
}

// sentBy is what rescind sends to Google Cloud meanwhile.
func (g *rig) sentBy(handle func()) []string {
	g.mu.Lock()
	g.sent = nil
	g.mu.Unlock()
	handle()
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.sent)
}

func (g *rig) keep(entry []byte) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.entries = append(g.entries, entry)
}

// events returns the changes logged since the last call, decoded; those that
// rescind does not decode are left out.
func (g *rig) events() []cloud.Change {
	g.t.Helper()
	g.mu.Lock()
	entries := g.entries
	g.entries = nil
	g.mu.Unlock()
	var out []cloud.Change
	for _, e := range entries {
		c, err := auditlog.Decode(e)
		switch {
		case err == nil:
			out = append(out, c)
		case errors.Is(err, auditlog.ErrUnreadable):
			g.t.Fatalf("the simulated cloud wrote an entry that cannot be read: %v\n%s", err, e)
		}
	}
	return out
}

// deliver handles what was logged since the last call and returns the
// findings, as they are stored at the end.
func (g *rig) deliver() []finding.Finding {
	g.t.Helper()
	var out []finding.Finding
	for _, c := range g.events() {
		o, err := g.Handle(g.t.Context(), c)
		g.must(err)
		for _, f := range o.Findings {
			f := g.stored(f.ID)
			out = slices.DeleteFunc(out, func(o finding.Finding) bool { return o.ID == f.ID })
			out = append(out, f)
		}
	}
	return out
}

// one is deliver where exactly one finding is expected.
func (g *rig) one() finding.Finding {
	g.t.Helper()
	fs := g.deliver()
	if len(fs) != 1 {
		g.t.Fatalf("%d findings, want one: %+v", len(fs), fs)
	}
	return fs[0]
}

func (g *rig) stored(id string) finding.Finding {
	g.t.Helper()
	f, err := g.Store.Finding(g.t.Context(), id)
	g.must(err)
	return f
}

// want checks where a finding stands.
func (g *rig) want(f finding.Finding, s state.State, says string) {
	g.t.Helper()
	if f.State != s {
		g.t.Errorf("finding is %s (%s), want %s; reasons:\n%s", f.State, f.Why, s, strings.Join(f.Reasons, "\n"))
	}
	all := f.Why + "\n" + strings.Join(f.Reasons, "\n")
	if !strings.Contains(all, says) {
		g.t.Errorf("finding says\n%s\nwant it to say %q", all, says)
	}
}
