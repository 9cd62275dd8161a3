package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"google.golang.org/grpc"

	"github.com/rescind-dev/rescind/functions"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/internal/sim/iap"
	"github.com/rescind-dev/rescind/internal/sim/push"
	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/remediate"
)

const (
	demoAudience = "https://rescind.example.com/events"
	demoPusher   = "push@ops.iam.gserviceaccount.com"
	demoSelf     = "rescind-worker@ops.iam.gserviceaccount.com"
	demoTeam     = "T0DEMO"
	demoChannel  = "C0SECOPS"
	demoSweep    = time.Second
)

// demo is a small world on loopback addresses: the simulated Google Cloud and
// Slack, and one rescind between them, put together as serve does it.
type demo struct {
	cloud  *sim.Cloud
	slack  *simslack.Workspace
	pusher *push.Pusher
	app    *app
	clock  *demoClock
	feed   *demoFeed
	queue  *demoQueue

	base    string     // where the page is; empty for no page
	iap     *iap.Proxy // in front of rescind's pages
	simAddr string     // of the simulated cloud
	conf    config     // that rescind was started with
	dir     string     // of the store and the policy file
	running sync.WaitGroup
	working sync.WaitGroup // rescind alone
	stop    context.CancelFunc
	servers []*http.Server
	acting  sync.Mutex
	people  map[string]*person  // guarded by acting
	played  map[string][]string // findings by the act of the script they came of
}

// newDemo builds the world and starts it: the simulated cloud at simAddr, and a
// rescind with these policies on top of the built-in ones.
func newDemo(ctx context.Context, simAddr, policies string, log *slog.Logger) (*demo, error) {
	return newDemoAt(ctx, "", simAddr, policies, log)
}

// newDemoAt is newDemo with rescind's pages at a base URL.
func newDemoAt(ctx context.Context, base, simAddr, policies string, log *slog.Logger) (d *demo, err error) {
	ctx, stop := context.WithCancel(ctx)
	d = &demo{base: base, clock: &demoClock{}, feed: &demoFeed{}, queue: newDemoQueue(), stop: stop, people: map[string]*person{}, played: map[string][]string{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, d.Close())
		}
	}()
	if d.dir, err = os.MkdirTemp("", "rescind-demo-"); err != nil {
		return d, err
	}
	d.cloud = sim.NewCloud(sim.Options{Now: d.clock.Now, Emit: d.queue.put})
	if err := seed(d.cloud); err != nil {
		return d, fmt.Errorf("seed the simulated cloud: %w", err)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", simAddr)
	if err != nil {
		return d, fmt.Errorf("serve the simulated cloud: %w", err)
	}
	d.simAddr = l.Addr().String()
	d.running.Go(func() { _ = d.cloud.Serve(l) }) // ends with Close
	if err := d.startRescind(ctx, policies, log); err != nil {
		return d, err
	}
	d.running.Go(func() { d.deliver(ctx) })
	return d, nil
}

// startRescind starts the simulated Slack, the key server and the receiver,
// and tells each where the others are.
func (d *demo) startRescind(ctx context.Context, policies string, log *slog.Logger) error {
	d.slack = simslack.New(simslack.Config{ //nolint:gosec // the secrets of a simulation
		Token: "xoxb-demo", SigningSecret: "demo-signing-secret", Team: demoTeam, App: "A0DEMO", Now: time.Now,
		Users: []simslack.User{
			{ID: "U0ADA", Name: "ada", Email: "ada@example.com"},
			{ID: "U0BOB", Name: "bob", Email: "bob@example.com"},
			{ID: "U0EVE", Name: "eve", Email: "eve@example.com"},
		},
	})
	slackURL, err := d.serve(ctx, d.slack.Handler())
	if err != nil {
		return err
	}
	receiver, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	base := "http://" + receiver.Addr().String()
	d.slack.Connect(slackURL, base+"/slack/interactions")
	d.slack.ConnectApp(base+"/slack/commands", base+"/slack/events")
	if d.pusher, err = push.New(push.Options{URL: base + "/events", Audience: demoAudience, Account: demoPusher}); err != nil {
		return err
	}
	keys, err := d.serve(ctx, d.pusher.JWKS())
	if err != nil {
		return err
	}
	c, err := d.config(policies, slackURL, keys)
	if err != nil {
		return err
	}
	if err := d.startIAP(ctx, &c); err != nil {
		return err
	}
	d.conf = c
	d.app, err = newApp(ctx, c, world{
		lookup: demoSecrets, now: time.Now, wait: pause, rushed: true, notes: slackURL + "/",
		dial: []grpc.DialOption{grpc.WithPerRPCCredentials(bearer(demoSelf))},
		saw:  d.saw, count: d.feed.counted, log: log,
	})
	if err != nil {
		return err
	}
	d.working.Go(func() { _ = d.app.serve(ctx, receiver, demoSweep) })
	return nil
}

// demoPolicies sets one built-in to each enforcement.
const demoPolicies = `# What the demo sets on top of the built-in policies, which only report.
apiVersion: rescind/v1
policies:
  - name: no-public-invoker
    enforcement: revert
  - name: no-default-service-account
    enforcement: approve
`

// config is the configuration a user would write for this world.
func (d *demo) config(policies, slackURL, keysURL string) (config, error) {
	file := filepath.Join(d.dir, "policies.yaml")
	if err := os.WriteFile(file, []byte(policies), 0o600); err != nil {
		return config{}, err
	}
	c := defaultConfig()
	c.Policies = []string{file}
	c.Scope.Include = []string{"organizations/77"}
	c.Identity = demoSelf
	c.Store = "bolt:" + filepath.Join(d.dir, "state.db")
	c.Push = pushConfig{Audience: demoAudience, ServiceAccount: demoPusher, CertsURL: keysURL}
	c.Slack = slackConfig{
		BotToken: secret{Env: "SLACK_BOT_TOKEN"}, SigningSecrets: []secret{{Env: "SLACK_SIGNING_SECRET"}},
		Mode: "http", APIURL: slackURL + "/api/", Team: demoTeam, Routes: []routeConfig{{Channel: demoChannel}},
	}
	c.Approvals.Approvers.Users = map[string]string{"U0ADA": "user:ada@example.com", "U0BOB": "user:bob@example.com"}
	c.Scan.Every = 0 // it would come before the events that the demo shows
	c.FallbackIdentity = map[string]string{"projects/pay-prod": "run-default@pay-prod.iam.gserviceaccount.com"}
	c.Google = googleConfig{Insecure: true, Endpoints: endpointsConfig{Run: d.simAddr, IAM: d.simAddr, ResourceManager: d.simAddr, OrgPolicy: d.simAddr, Asset: d.simAddr, Logging: d.simAddr}}
	return c, c.Validate()
}

func demoSecrets(name string) (string, bool) {
	v, ok := map[string]string{"SLACK_BOT_TOKEN": "xoxb-demo", "SLACK_SIGNING_SECRET": "demo-signing-secret"}[name] //nolint:gosec // the secrets of a simulation
	return v, ok
}

// serve serves h on a free loopback port and returns its base URL.
func (d *demo) serve(ctx context.Context, h http.Handler) (string, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	s := functions.NewServer("", h)
	d.servers = append(d.servers, s)
	d.running.Go(func() { _ = s.Serve(l) }) // ends with Close
	return "http://" + l.Addr().String(), nil
}

// Close stops everything and removes the store. Those who hold connections go
// before what they are connected to, which would wait for them.
func (d *demo) Close() error {
	d.stop()
	d.queue.close()
	d.working.Wait()
	var errs []error
	if d.app != nil {
		errs = append(errs, d.app.Close())
	}
	for _, p := range d.people {
		errs = append(errs, p.Close())
	}
	for _, s := range d.servers {
		errs = append(errs, s.Close())
	}
	if d.cloud != nil {
		errs = append(errs, d.cloud.Close())
	}
	d.running.Wait()
	if d.dir != "" {
		errs = append(errs, os.RemoveAll(d.dir))
	}
	return errors.Join(errs...)
}

// deliver pushes the entries to the receiver in order, as Pub/Sub would.
func (d *demo) deliver(ctx context.Context) {
	for n := 1; ; n++ {
		entry, ok := d.queue.take()
		if !ok {
			return
		}
		d.push(ctx, entry, fmt.Sprintf("m-%d", n))
		d.queue.delivered()
	}
}

// push delivers one message and shows on the feed what came of it.
func (d *demo) push(ctx context.Context, entry []byte, messageID string) {
	d.feed.begin(entry, messageID)
	status, err := d.pusher.Deliver(ctx, entry, messageID)
	d.feed.end(status, err)
}

// saw notes what the receiver made of the change being delivered.
func (d *demo) saw(c cloud.Change, out remediate.Outcome) { d.feed.became(c, out) }

// demoClock is real time, but for what is made to look old.
type demoClock struct {
	mu  sync.Mutex
	off time.Duration
}

// Now returns the time.
func (c *demoClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.off)
}

// set moves the clock by off from real time.
func (c *demoClock) set(off time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off = off
}

// bearer names the caller to the simulated cloud, which believes it.
type bearer string

// GetRequestMetadata sends the e-mail as the token.
func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

// RequireTransportSecurity is false: all of it is on this machine.
func (bearer) RequireTransportSecurity() bool { return false }
