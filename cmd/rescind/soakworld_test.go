//go:build soak

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	cloudrun "cloud.google.com/go/run/apiv2"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/api/option"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/internal/sim/push"
)

const (
	soakSelf = "rescind@ops.iam.gserviceaccount.com"
	soakPush = "push@ops.iam.gserviceaccount.com"
	// soakLatency is how long every call to the simulated cloud takes, as those
	// of Google's do.
	soakLatency = 50 * time.Millisecond
)

// soakWorld is a simulated Google Cloud that takes its time, what somebody did
// there, and a rescind serve beside it, in a process of its own.
type soakWorld struct {
	t       *testing.T
	cloud   *sim.Cloud
	addr    string
	pusher  *push.Pusher
	port    string
	dir     string
	program string
	latency time.Duration // of each call to the cloud
	env     []string      // added to that of serve
	core    string        // the core that serve may use alone; empty for any
	serve   *exec.Cmd
	log     *bytes.Buffer

	mu      sync.Mutex
	entries [][]byte
	opened  []string               // services, by path
	written map[string][]time.Time // by project and region
	effects map[string]int         // writes of rescind that succeeded, by service
	done    map[string]time.Time   // when the last one did
}

func newSoakWorld(t *testing.T, guardrails string) *soakWorld {
	t.Helper()
	return soakWorldOf(t, buildBinary(t, "."), soakLatency, guardrails)
}

// soakWorldOf is newSoakWorld with a program that is built already, and a cloud
// that takes as long as said.
func soakWorldOf(t *testing.T, program string, latency time.Duration, guardrails string) *soakWorld {
	t.Helper()
	w := &soakWorld{t: t, dir: t.TempDir(), program: program, latency: latency, written: map[string][]time.Time{}, effects: map[string]int{}, done: map[string]time.Time{}}
	// Whoever names nobody is rescind, whose calls have no credentials here.
	w.cloud = sim.NewCloud(sim.Options{DefaultPrincipal: soakSelf, Emit: w.emitted})
	w.cloud.AddOrganization("77")
	w.cloud.SetConstraint("organizations/77", "run.managed.requireInvokerIam", true)
	w.addr = listenOn(t, func(l net.Listener) {
		server := grpc.NewServer(grpc.UnaryInterceptor(w.slowly))
		w.cloud.RegisterGRPC(server)
		t.Cleanup(server.Stop)
		_ = server.Serve(l)
	})
	w.port = freePort(t)
	var err error
	w.pusher, err = push.New(push.Options{
		URL: "http://127.0.0.1:" + w.port + "/events", Audience: serveAudience, Account: soakPush, Attempts: 1000,
		Client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}, Timeout: time.Minute},
	})
	w.must(err)
	keys := httptest.NewServer(w.pusher.JWKS())
	t.Cleanup(keys.Close)
	write(t, filepath.Join(w.dir, "own.yaml"), "apiVersion: rescind/v1\npolicies:\n  - {name: no-public-invoker, enforcement: revert}\n")
	write(t, w.config(), fmt.Sprintf(`policies: [own.yaml]
scope: {include: [organizations/77]}
identity: %s
store: bolt:state.db
push: {audience: %s, service_account: %s, certs_url: %q}
guardrails: {max_reverts: %s}
google: {insecure: true, endpoints: {run: %q, iam: %[6]q, resourcemanager: %[6]q, orgpolicy: %[6]q}}
`, soakSelf, serveAudience, soakPush, keys.URL, guardrails, w.addr))
	return w
}

func (w *soakWorld) config() string { return filepath.Join(w.dir, "rescind.yaml") }

func (w *soakWorld) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func listenOn(t *testing.T, serve func(net.Listener)) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go serve(l)
	return l.Addr().String()
}

// freePort is one that the kernel does not give to anybody else soon.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// slowly makes calls of rescind take their time, and takes down its writes as
// they arrive. Those of mallory, who makes the mess, are free.
func (w *soakWorld) slowly(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	if len(md.Get("authorization")) > 0 {
		return next(ctx, req)
	}
	set, isWrite := req.(*iampb.SetIamPolicyRequest)
	if isWrite {
		at := strings.Join(strings.Split(set.GetResource(), "/")[:4], "/")
		w.mu.Lock()
		w.written[at] = append(w.written[at], time.Now())
		w.mu.Unlock()
	}
	if err := process.Wait(ctx, w.latency); err != nil {
		return nil, err
	}
	out, err := next(ctx, req)
	if isWrite && err == nil {
		w.mu.Lock()
		w.effects[set.GetResource()]++
		w.done[set.GetResource()] = time.Now()
		w.mu.Unlock()
	}
	return out, err
}

func (w *soakWorld) emitted(entry []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.entries = append(w.entries, entry)
}

// mess has mallory open services in so many projects to everybody, and returns
// the entries that tell of it.
func (w *soakWorld) mess(projects, services int) [][]byte {
	w.t.Helper()
	for p := range projects {
		project := fmt.Sprintf("shop-%03d", p)
		w.cloud.AddProject(project, fmt.Sprint(264172530000+p), "organizations/77")
		for s := range services {
			path := cloud.RunResource(cloud.RunService, project, "europe-west1", fmt.Sprintf("web-%03d", s)).Path()
			w.must(w.cloud.PutService(&runpb.Service{Name: path, Template: &runpb.RevisionTemplate{ServiceAccount: "web@" + project + ".iam.gserviceaccount.com"}}))
			w.opened = append(w.opened, path)
		}
	}
	return w.open()
}

// open has mallory open all services to everybody, and returns the entries so far.
func (w *soakWorld) open() [][]byte {
	w.t.Helper()
	conn, err := grpc.NewClient(w.addr, grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithPerRPCCredentials(mallory{}))
	w.must(err)
	defer conn.Close()
	client, err := cloudrun.NewServicesClient(w.t.Context(), option.WithGRPCConn(conn))
	w.must(err)
	everybody := &iampb.Policy{Bindings: []*iampb.Binding{{Role: "roles/run.invoker", Members: []string{"allUsers"}}}}
	for _, path := range w.opened {
		_, err := client.SetIamPolicy(w.t.Context(), &iampb.SetIamPolicyRequest{Resource: path, Policy: everybody})
		w.must(err)
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.entries)
}

type mallory struct{}

func (mallory) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer mallory@example.com"}, nil
}

func (mallory) RequireTransportSecurity() bool { return false }

// start starts rescind serve and waits until it is ready.
func (w *soakWorld) start() {
	w.t.Helper()
	w.serve, w.log = w.run(w.program, w.port)
}

// run starts a program as rescind serve on that port and waits until it is ready.
func (w *soakWorld) run(program, port string) (*exec.Cmd, *bytes.Buffer) {
	w.t.Helper()
	log := &bytes.Buffer{}
	serve := exec.Command(program, "serve", "--config", w.config())
	if w.core != "" {
		serve = exec.Command("taskset", append([]string{"-c", w.core}, serve.Args...)...)
	}
	serve.Env = append(append(os.Environ(), "PORT="+port), w.env...)
	serve.Stderr = log
	w.must(serve.Start())
	ctx, stop := context.WithTimeout(w.t.Context(), 30*time.Second)
	defer stop()
	for !ready(ctx, "http://127.0.0.1:"+port+"/ready") {
		if err := process.Wait(ctx, 10*time.Millisecond); err != nil {
			_ = serve.Process.Kill()
			_ = serve.Wait()
			w.t.Fatalf("serve is not ready: %v\n%s", err, log)
		}
	}
	return serve, log
}

// end ends serve by the signal, and returns the most memory it held, in bytes.
func (w *soakWorld) end(signal os.Signal) (peak int64) {
	peak = w.peak()
	_ = w.serve.Process.Signal(signal)
	_ = w.serve.Wait()
	return peak
}

// peak is the VmHWM of proc(5): the resident memory at its highest, pages of the
// store's file included.
func (w *soakWorld) peak() int64 { return status(w.serve.Process.Pid, "VmHWM") }

// push delivers all entries as Pub/Sub does: many at once, each again until it
// is taken.
func (w *soakWorld) push(entries [][]byte, atOnce int) {
	w.t.Helper()
	var wg sync.WaitGroup
	for first := range atOnce {
		wg.Go(func() {
			for n := first; n < len(entries); n += atOnce {
				if _, err := w.pusher.Deliver(w.t.Context(), entries[n], fmt.Sprint(n)); err != nil {
					w.t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// ahead is an app on the store of a serve that ended, with a clock that runs
// ahead: what a dead process had claimed is free at once.
func (w *soakWorld) ahead(by time.Duration) *process.App {
	w.t.Helper()
	c, err := config.Load(w.config())
	w.must(err)
	a, err := process.NewWithoutRoutes(w.t.Context(), c, process.Options{
		Lookup: func(string) (string, bool) { return "", false },
		Now:    func() time.Time { return time.Now().Add(by) }, Wait: process.Wait, Log: slog.New(slog.DiscardHandler),
	})
	w.must(err)
	w.t.Cleanup(func() {
		if err := a.Close(); err != nil && !errors.Is(err, context.Canceled) {
			w.t.Error(err)
		}
	})
	return a
}
