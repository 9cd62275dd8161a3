package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"cloud.google.com/go/run/apiv2/runpb"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
	"github.com/rescind-dev/rescind/internal/emulator"
	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/internal/sim/push"
	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
)

// asProgram in the environment has the binary of these tests be rescind itself: a process
// of its own, without linking a program for it.
const asProgram = "RESCIND_TEST_AS_PROGRAM"

// program is a rescind that runs as a process of its own.
type program struct {
	cmd   *exec.Cmd
	url   string // where it listens
	page  string // where Prometheus reads
	ended chan error
	log   *heard
}

// heard is what somebody wrote so far, from several goroutines.
type heard struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (h *heard) Write(p []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.b.Write(p)
}

func (h *heard) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.b.String()
}

// startProgram runs `rescind serve --log-format json` with these arguments until the test
// ends, and waits until it listens.
func startProgram(t *testing.T, env []string, args ...string) *program {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], append([]string{"serve", "--log-format", "json"}, args...)...)
	cmd.Env = append(append(os.Environ(), asProgram+"=1", "PORT=0"), env...)
	out, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	p := &program{cmd: cmd, ended: make(chan error, 1), log: &heard{}}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	listens := make(chan bool, 1)
	go func() {
		defer close(listens)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			fmt.Fprintln(p.log, lines.Text())
			p.read(lines.Bytes(), listens)
		}
		p.ended <- cmd.Wait()
	}()
	if !<-listens {
		t.Fatalf("it ended (%v):\n%s", <-p.ended, p.log)
	}
	return p
}

// read learns from a line of the log where the program can be reached.
func (p *program) read(line []byte, listens chan<- bool) {
	var l struct{ Message, Address string }
	if json.Unmarshal(line, &l) != nil {
		return
	}
	_, port, _ := net.SplitHostPort(l.Address)
	switch l.Message {
	case "Prometheus can read /metrics":
		p.page = "http://" + l.Address + "/metrics"
	case "listening":
		p.url = "http://127.0.0.1:" + port
		listens <- true
	}
}

// end tells it to stop, as Cloud Run does, and returns what came of it and how long it took.
func (p *program) end(t *testing.T) (time.Duration, error) {
	t.Helper()
	began := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	err := <-p.ended
	return time.Since(began), err
}

// until waits for what comes of itself.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for by := time.Now().Add(time.Minute); !ok(); {
		if time.Now().After(by) || process.Wait(t.Context(), 50*time.Millisecond) != nil {
			t.Fatalf("%s did not come", what)
		}
	}
}

const (
	rolePusher, roleAnswers = "push@ops.iam.gserviceaccount.com", "answers@ops.iam.gserviceaccount.com"
	roleToken, roleSecret   = "xoxb-7-of-the-two-processes", "signing-secret-of-the-two-processes"
	roleService             = "projects/pay-prod/locations/europe-west1/services/api"
	roleTrace               = "4bf92f3577b34da6a3ce929d0e0e4736"
)

// roleWorld is what two processes work in: Google's emulators of Pub/Sub and Firestore, a
// simulated cloud and Slack, who signs pushes in between, and a collector of metrics. What
// nobody may read in a log, a metric or a span is kept as it passes.
type roleWorld struct {
	t       *testing.T
	slack   *simslack.Workspace
	addr    string // of the simulated cloud
	config  string
	env     []string
	secrets *heard // a line each
	entries *heard // of the log
	sent    *heard // to the collector
	worker  *url.URL
	front   *url.URL
}

func newRoleWorld(t *testing.T) *roleWorld {
	emulator.PubSub.Use(t)
	emulator.Firestore.Use(t)
	w := &roleWorld{t: t, secrets: &heard{}, entries: &heard{}, sent: &heard{}, worker: &url.URL{Scheme: "http"}, front: &url.URL{Scheme: "http"}}
	fmt.Fprintf(w.secrets, "%s\n%s\n", roleToken, roleSecret)
	signs, err := push.New(push.Options{URL: "http://127.0.0.1:1/", Audience: serveAudience, Account: rolePusher})
	w.must(err)
	w.pubsub(signs)
	w.slack = simslack.New(simslack.Config{
		Token: roleToken, SigningSecret: roleSecret, Team: "T0TWO", App: "A0TWO", Now: time.Now,
		Users: []simslack.User{{ID: "U0ADA", Name: "ada", Email: "ada@example.com"}},
	})
	slack := w.serves(w.slack.Handler())
	w.slack.Connect(slack, w.serves(w.forward(w.front, func(r *http.Request) {
		body, err := io.ReadAll(r.Body)
		w.must(err)
		r.Body = io.NopCloser(bytes.NewReader(body))
		fmt.Fprintf(w.secrets, "%s\n%s\n", r.Header.Get("X-Slack-Signature"), body)
	}))+"/slack/interactions")
	collects := w.serves(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(w.sent, r.Body)
	}))
	w.env = []string{
		"BOT=" + roleToken, "SIGNING=" + roleSecret, "OTEL_EXPORTER_OTLP_ENDPOINT=" + collects,
		"OTEL_METRICS_EXPORTER=otlp,prometheus", "OTEL_EXPORTER_PROMETHEUS_PORT=0",
	}
	w.write(slack, w.serves(signs.JWKS()))
	return w
}

func (w *roleWorld) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *roleWorld) serves(h http.Handler) string {
	s := httptest.NewServer(h)
	w.t.Cleanup(s.Close)
	return s.URL
}

// forward takes requests to a process, which may not be there yet.
func (w *roleWorld) forward(to *url.URL, first func(*http.Request)) http.Handler {
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		first(r.Out)
	}}
}

// pubsub makes the topics, and the subscriptions that push: the emulator signs nothing, so
// that the token is added on the way. The simulated cloud logs into the first of them.
func (w *roleWorld) pubsub(signs *push.Pusher) {
	client, err := pubsub.NewClient(w.t.Context(), "ops")
	w.must(err)
	w.t.Cleanup(func() { _ = client.Close() })
	for name, account := range map[string]string{"events": rolePusher, "answers": roleAnswers} {
		signing := w.serves(w.forward(w.worker, func(r *http.Request) {
			token, err := signs.As(account).Token()
			w.must(err)
			fmt.Fprintln(w.secrets, token)
			r.Header.Set("Authorization", "Bearer "+token)
			r.Header.Set("X-Cloud-Trace-Context", roleTrace+"/1;o=1")
		}))
		topic := "projects/ops/topics/two-" + name
		_, err := client.TopicAdminClient.CreateTopic(w.t.Context(), &pubsubpb.Topic{Name: topic})
		w.must(err)
		_, err = client.SubscriptionAdminClient.CreateSubscription(w.t.Context(), &pubsubpb.Subscription{
			Name: "projects/ops/subscriptions/two-" + name, Topic: topic, PushConfig: &pubsubpb.PushConfig{PushEndpoint: signing + "/" + name},
		})
		w.must(err)
	}
	events := client.Publisher("projects/ops/topics/two-events")
	w.t.Cleanup(events.Stop)
	w.simulate(func(entry []byte) {
		_, _ = w.entries.Write(entry)
		events.Publish(w.t.Context(), &pubsub.Message{Data: entry})
	})
}

// simulate has a cloud with one service, which a group may invoke. Whoever names nobody is
// rescind, whose calls have no credentials here.
func (w *roleWorld) simulate(emit func([]byte)) {
	c := sim.NewCloud(sim.Options{Emit: emit, DefaultPrincipal: "rescind@ops.iam.gserviceaccount.com"})
	c.AddOrganization("77")
	c.SetConstraint("organizations/77", "run.managed.requireInvokerIam", true)
	c.AddProject("pay-prod", "264172530001", "organizations/77")
	w.must(c.PutService(&runpb.Service{Name: roleService, Template: &runpb.RevisionTemplate{
		ServiceAccount: "api@pay-prod.iam.gserviceaccount.com", Containers: []*runpb.Container{{Image: "europe-docker.pkg.dev/pay-prod/api/api:1"}},
	}}))
	w.must(c.PutPolicy(roleService, &iampb.Policy{Bindings: []*iampb.Binding{{Role: "roles/run.invoker", Members: []string{"group:frontend@example.com"}}}}))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	w.must(err)
	w.addr = l.Addr().String()
	go func() { _ = c.Serve(l) }()
	w.t.Cleanup(func() { _ = c.Close() })
}

func (w *roleWorld) write(slack, keys string) {
	dir := w.t.TempDir()
	w.config = filepath.Join(dir, "rescind.yaml")
	write(w.t, filepath.Join(dir, "own.yaml"), "apiVersion: rescind/v1\npolicies: [{name: no-public-invoker, enforcement: approve}]\n")
	write(w.t, w.config, fmt.Sprintf(`policies: [own.yaml]
scope: {include: [organizations/77]}
scan: {every: 0s}
identity: rescind@ops.iam.gserviceaccount.com
store: firestore://two-processes/rescind
push: {audience: %q, service_account: %q, answers_account: %q, certs_url: %q}
answers_topic: projects/ops/topics/two-answers
slack: {bot_token: {env: BOT}, signing_secrets: [{env: SIGNING}], api_url: %q, team: T0TWO, routes: [{channel: C0SECOPS}]}
approvals: {approvers: {users: {U0ADA: user:ada@example.com, U0BOB: user:bob@example.com}}}
google: {insecure: true, endpoints: {run: %q, iam: %[6]q, resourcemanager: %[6]q, orgpolicy: %[6]q, asset: %[6]q, logging: %[6]q, functions: %[6]q}}
`, serveAudience, rolePusher, roleAnswers, keys, slack+"/api/", w.addr))
}

// start runs a process of that role.
func (w *roleWorld) start(role string) *program {
	w.t.Helper()
	return startProgram(w.t, w.env, "--config", w.config, "--role", role)
}

// gcloud runs Google's own command as alice, with the simulated cloud as its proxy.
func (w *roleWorld) gcloud(args ...string) string {
	w.t.Helper()
	host, port, err := net.SplitHostPort(w.addr)
	w.must(err)
	cmd := exec.CommandContext(w.t.Context(), "gcloud", append(args, "--region=europe-west1")...)
	cmd.Env = append(os.Environ(),
		"CLOUDSDK_CONFIG="+w.t.TempDir(), "CLOUDSDK_CORE_PROJECT=pay-prod", "CLOUDSDK_AUTH_ACCESS_TOKEN=alice@example.com",
		"CLOUDSDK_CORE_DISABLE_PROMPTS=1", "CLOUDSDK_CORE_DISABLE_USAGE_REPORTING=1", "CLOUDSDK_COMPONENT_MANAGER_DISABLE_UPDATE_CHECK=1",
		"CLOUDSDK_API_ENDPOINT_OVERRIDES_RUN=http://run.test/", "CLOUDSDK_PROXY_TYPE=http", "CLOUDSDK_PROXY_ADDRESS="+host, "CLOUDSDK_PROXY_PORT="+port)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		w.t.Fatalf("gcloud %s: %v\n%s", strings.Join(args, " "), err, errs.String())
	}
	return strings.TrimSpace(string(out))
}
