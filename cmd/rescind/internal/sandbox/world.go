package sandbox

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/internal/sim/iap"
	"github.com/rescind-dev/rescind/internal/sim/push"
	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
)

// Who rescind is in this world, and the one channel of its workspace.
const (
	Self    = "rescind-worker@ops.iam.gserviceaccount.com"
	Channel = "C0SECOPS"
	// AnswersAccount pushes the answers that travel, where there is a topic for them.
	AnswersAccount = "answers@ops.iam.gserviceaccount.com"
)

const (
	audience      = "https://rescind.example.com/events"
	pusherAccount = "push@ops.iam.gserviceaccount.com"
	team          = "T0DEMO"
	sweepEvery    = time.Second
)

// World is a small world on loopback addresses: the simulated Google Cloud and
// Slack, and one rescind between them, put together as serve does it.
type World struct {
	Cloud   *sim.Cloud
	SimAddr string // of the cloud, over gRPC and REST
	Slack   *simslack.Workspace
	Pusher  *push.Pusher
	IAP     *iap.Proxy // in front of rescind's pages; nil where there are none
	App     *process.App
	Config  config.Config // that rescind was started with
	Log     *slog.Logger

	clock   *clock
	feed    *feed
	queue   *queue
	base    string       // where the page is; empty for no page
	signer  *push.Pusher // signs as Google does, at SimAddr too
	dir     string       // of the store and the policy file
	running sync.WaitGroup
	working sync.WaitGroup // rescind alone
	stop    context.CancelFunc
	servers []*http.Server
	acting  sync.Mutex
	people  map[string]*Person // guarded by acting
}

// New builds the world and starts it: the simulated cloud at simAddr, and a
// rescind with these policies on top of the built-in ones.
func New(ctx context.Context, simAddr, policies string, log *slog.Logger) (*World, error) {
	return NewAt(ctx, "", simAddr, policies, log)
}

// NewAt is New with rescind's pages at a base URL.
func NewAt(ctx context.Context, base, simAddr, policies string, log *slog.Logger) (w *World, err error) {
	ctx, stop := context.WithCancel(ctx)
	w = &World{base: base, Log: log, clock: &clock{}, feed: &feed{}, queue: newQueue(), stop: stop, people: map[string]*Person{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.Close())
		}
	}()
	if w.dir, err = os.MkdirTemp("", "rescind-demo-"); err != nil {
		return w, err
	}
	if w.signer, err = push.New(push.Options{URL: "http://" + simAddr, Audience: audience, Account: pusherAccount}); err != nil {
		return w, err
	}
	w.Cloud = sim.NewCloud(sim.Options{Now: w.clock.Now, Emit: w.queue.put, Also: map[string]http.Handler{
		push.CredentialsPath: w.signer.Credentials(), push.KeysPath: w.signer.JWKS(),
	}})
	if err := seed(w.Cloud); err != nil {
		return w, fmt.Errorf("seed the simulated cloud: %w", err)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", simAddr)
	if err != nil {
		return w, fmt.Errorf("serve the simulated cloud: %w", err)
	}
	w.SimAddr = l.Addr().String()
	w.running.Go(func() { _ = w.Cloud.Serve(l) }) // ends with Close
	if err := w.startRescind(ctx, policies, log); err != nil {
		return w, err
	}
	w.running.Go(func() { w.deliver(ctx) })
	return w, nil
}

// Meanwhile runs do until it ends, which Close waits for.
func (w *World) Meanwhile(do func()) { w.running.Go(do) }

// Close stops everything and removes the store. Those who hold connections go
// before what they are connected to, which would wait for them.
func (w *World) Close() error {
	w.stop()
	w.queue.close()
	w.working.Wait()
	var errs []error
	if w.App != nil {
		errs = append(errs, w.App.Close())
	}
	for _, p := range w.people {
		errs = append(errs, p.Close())
	}
	for _, s := range w.servers {
		errs = append(errs, s.Close())
	}
	if w.Cloud != nil {
		errs = append(errs, w.Cloud.Close())
	}
	w.running.Wait()
	if w.dir != "" {
		errs = append(errs, os.RemoveAll(w.dir))
	}
	return errors.Join(errs...)
}

// clock is real time, but for what is made to look old.
type clock struct {
	mu  sync.Mutex
	off time.Duration
}

// Now returns the time.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.off)
}

// set moves the clock by off from real time.
func (c *clock) set(off time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off = off
}
