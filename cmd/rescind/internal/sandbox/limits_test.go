package sandbox

import (
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/grpc"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/internal/sim/push"
	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// openedWorld is a simulated Google Cloud in which people open services to
// everybody, and a rescind that hears of it through its real endpoints.
type openedWorld struct {
	*World
	t      *testing.T
	pusher *push.Pusher
	url    string

	mu      sync.Mutex
	entries [][]byte
}

func newOpenedWorld(t *testing.T, change func(*config.Config)) *openedWorld {
	t.Helper()
	w := &openedWorld{t: t, World: &World{
		clock: &clock{}, feed: &feed{}, queue: newQueue(), people: map[string]*Person{}, stop: func() {}, dir: t.TempDir(),
	}}
	t.Cleanup(func() { _ = w.Close() })
	w.Cloud = sim.NewCloud(sim.Options{Emit: w.emitted})
	w.must(seed(w.Cloud))
	w.SimAddr = listenOnLoopback(t, &w.running, w.Cloud)
	w.Slack = simslack.New(simslack.Config{Token: "xoxb-demo", SigningSecret: "demo-signing-secret", Team: team, App: "A0DEMO", Now: time.Now})
	slack := httptest.NewServer(w.Slack.Handler())
	t.Cleanup(slack.Close)
	receiver := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { w.App.Handler().ServeHTTP(rw, r) }))
	t.Cleanup(receiver.Close)
	w.url = receiver.URL
	var err error
	w.pusher, err = push.New(push.Options{URL: w.url + "/events", Audience: audience, Account: pusherAccount})
	w.must(err)
	keys := httptest.NewServer(w.pusher.JWKS())
	t.Cleanup(keys.Close)
	c, err := w.config(Policies, slack.URL, keys.URL)
	w.must(err)
	change(&c)
	w.must(c.Validate())
	w.App, err = process.NewApp(t.Context(), c, process.Options{
		Lookup: Secrets, Now: time.Now, Wait: process.Wait, Rushed: true, Notes: slack.URL + "/",
		Dial: []grpc.DialOption{grpc.WithPerRPCCredentials(Bearer(Self))}, Log: slog.New(slog.DiscardHandler),
	})
	w.must(err)
	w.must(w.App.ReadBaseline(t.Context()))
	return w
}

func listenOnLoopback(t *testing.T, running *sync.WaitGroup, c *sim.Cloud) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	running.Go(func() { _ = c.Serve(l) })
	return l.Addr().String()
}

func (w *openedWorld) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *openedWorld) emitted(entry []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.entries = append(w.entries, entry)
}

// opens has people open so many services to everybody, each in their turn, in
// regions of ten: rescind writes to one no more than twenty times a minute.
func (w *openedWorld) opens(services, people int) {
	w.t.Helper()
	for i := range services {
		region := fmt.Sprintf("europe-west%d", i/10+1)
		path := cloud.RunResource(cloud.RunService, Project, region, fmt.Sprintf("web-%02d", i)).Path()
		w.must(w.Cloud.PutService(&runpb.Service{Name: path, Template: &runpb.RevisionTemplate{ServiceAccount: APIAccount}}))
		p, err := w.as(w.t.Context(), fmt.Sprintf("mallory-%d@example.com", i%people))
		w.must(err)
		w.must(p.ServicePolicies(w.t.Context()).Grant(path, "roles/run.invoker", "allUsers"))
	}
	w.mu.Lock()
	entries := w.entries
	w.mu.Unlock()
	for i, e := range entries {
		if status, err := w.pusher.Deliver(w.t.Context(), e, fmt.Sprint("m-", i)); err != nil || status != http.StatusNoContent {
			w.t.Fatalf("event %d: HTTP %d, %v", i, status, err)
		}
	}
	w.sweep()
}

func (w *openedWorld) sweep() {
	w.t.Helper()
	token, err := w.pusher.Token()
	w.must(err)
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.url+"/sweep", http.NoBody)
	w.must(err)
	r.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(r)
	w.must(err)
	_ = res.Body.Close()
	if res.StatusCode/100 != 2 {
		w.t.Fatalf("sweep: HTTP %d", res.StatusCode)
	}
}

// wantStates compares how many findings are in each state.
func (w *openedWorld) wantStates(want map[state.State]int) {
	w.t.Helper()
	fs, err := w.App.Store().Findings(w.t.Context(), finding.Query{})
	w.must(err)
	got := map[state.State]int{}
	for _, f := range fs {
		got[f.State]++
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		w.t.Errorf("states %v, want %v", got, want)
	}
}

// messages are those in the channel, outside threads.
func (w *openedWorld) messages() (out []simslack.Message) {
	for _, m := range w.Slack.Messages() {
		if m.Thread == "" {
			out = append(out, m)
		}
	}
	return out
}

func TestWhatALimitHeldBackIsOneMessageWhoeverCausedIt(t *testing.T) {
	t.Parallel()
	w := newOpenedWorld(t, func(c *config.Config) {
		c.Guardrails.MaxReverts = config.MaxReverts{PerPolicy: 100, PerProject: 100, PerActor: 100, Total: 5}
	})
	w.opens(40, 8)
	w.wantStates(map[state.State]int{state.Reverted: 5, state.Pending: 35})
	var limited int
	ms := w.messages()
	for _, m := range ms {
		if strings.Contains(string(m.Blocks), "held back by a limit") && strings.Contains(string(m.Blocks), "Revert all 35") {
			limited++
		}
	}
	if len(ms) != 6 || limited != 1 {
		t.Errorf("%d messages, of which %d are about the limit; want a card for each of five automatic reverts and one", len(ms), limited)
		for _, m := range ms {
			t.Log(m.Text)
		}
	}
}

func TestI14WhatTheLimitOfAnActorHeldBackIsOneMessageAndOnePage(t *testing.T) {
	t.Parallel()
	w := newOpenedWorld(t, func(c *config.Config) {
		c.Guardrails.MaxReverts = config.MaxReverts{PerPolicy: 100, PerProject: 100, PerActor: 3, Total: 100, ReservePercent: 25}
		c.Approvals.Escalation.Usergroup = "S01ONCALL"
	})
	w.opens(14, 2)
	w.wantStates(map[state.State]int{state.Reverted: 6, state.Pending: 8})
	for person, limit := range map[string]string{"the first": "actor user:mallory-0@example.com", "the second": "actor user:mallory-1@example.com"} {
		var told int
		for _, m := range w.messages() {
			if strings.Contains(string(m.Blocks), limit) && strings.Contains(string(m.Blocks), "Revert all 4") {
				told++
			}
		}
		if told != 1 {
			t.Errorf("%d messages are about the limit of %s, want one", told, person)
		}
	}
	pages := 0
	for _, m := range w.Slack.Messages() {
		pages += strings.Count(m.Text+string(m.Blocks), "<!subteam^S01ONCALL>")
	}
	if pages != 2 {
		t.Errorf("on-call was mentioned %d times, want once for each of the two messages", pages)
	}
}

func TestFortyAutomaticRevertsOfOneCauseAreOneMessage(t *testing.T) {
	t.Parallel()
	w := newOpenedWorld(t, func(c *config.Config) {
		c.Guardrails.MaxReverts = config.MaxReverts{PerPolicy: 100, PerProject: 100, PerActor: 100, Total: 100}
	})
	w.opens(40, 1)
	w.wantStates(map[state.State]int{state.Reverted: 40})
	ms := w.messages()
	if len(ms) != 1 || !strings.Contains(ms[0].Text, "40 reverted") {
		t.Errorf("%d messages, want one about all forty", len(ms))
		for _, m := range ms {
			t.Log(m.Text)
		}
	}
}
