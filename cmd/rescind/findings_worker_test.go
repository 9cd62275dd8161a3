package main

import (
	"fmt"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/grpc"

	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/remediate/state"
)

// withCloud gives the bureau's rescind a simulated Google Cloud in which the
// documented findings' service is public.
func (b *bureau) withCloud() *sim.Cloud {
	b.t.Helper()
	c := sim.NewCloud(sim.Options{Now: time.Now, Emit: func([]byte) {}})
	c.AddProject("pay-prod", "264172533001", "organizations/77")
	const api = "projects/pay-prod/locations/europe-west1/services/api"
	if err := c.PutService(&runpb.Service{Name: api, Template: &runpb.RevisionTemplate{Containers: []*runpb.Container{{Image: "example.com/app:v1"}}}}); err != nil {
		b.t.Fatal(err)
	}
	if err := c.PutPolicy(api, &iampb.Policy{Bindings: []*iampb.Binding{{Role: "roles/run.invoker", Members: []string{"allUsers", "group:ours@example.com"}}}}); err != nil {
		b.t.Fatal(err)
	}
	l, err := (&net.ListenConfig{}).Listen(b.t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		b.t.Fatal(err)
	}
	go func() { _ = c.Serve(l) }() // ends with Close
	b.t.Cleanup(func() { _ = c.Close() })
	text, err := os.ReadFile(b.config)
	if err != nil {
		b.t.Fatal(err)
	}
	at := l.Addr().String()
	write(b.t, b.config, strings.Replace(string(text), "google: {", fmt.Sprintf(
		"google: {insecure: true, endpoints: {run: %q, iam: %q, resourcemanager: %q, orgpolicy: %q}, ", at, at, at, at), 1))
	return c
}

// work is one sweep of a rescind that serves with the same configuration.
func (b *bureau) work() {
	b.t.Helper()
	c, err := loadConfig(b.config)
	if err != nil {
		b.t.Fatal(err)
	}
	a, err := newApp(b.t.Context(), c, world{
		lookup: func(string) (string, bool) { return "", false }, now: time.Now, wait: pause, log: slog.New(slog.DiscardHandler),
		dial: []grpc.DialOption{grpc.WithPerRPCCredentials(bearer("rescind@ops.iam.gserviceaccount.com"))},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	if _, err := a.Sweep(b.t.Context()); err != nil {
		b.t.Error(err)
	}
	if err := a.Close(); err != nil {
		b.t.Error(err)
	}
}

func TestWhatTheCommandLineDecidesTheWorkerCarriesOut(t *testing.T) {
	b := newBureau(t, "ada@example.com")
	cloud := b.withCloud()
	b.keep(newFinding(askedID, state.Pending))
	want := func(when string, s state.State, public bool) {
		t.Helper()
		if out := b.ran("findings list", "--state", string(s)); strings.Count(out, "\n") != 2 {
			t.Errorf("%s: want one %s finding, got\n%s", when, s, b.ran("findings list"))
		}
		if got := strings.Contains(fmt.Sprint(cloud.State().Policies), "allUsers"); got != public {
			t.Errorf("%s: public is %t, want %t", when, got, public)
		}
	}
	b.ran("findings revert", askedID)
	want("decided", state.Approved, true)
	b.work()
	want("carried out", state.Reverted, false)

	b.ran("pause", "--reason", "a restore")
	b.ran("findings undo", "--reason", "the partner needs it", askedID)
	b.work()
	want("paused", state.Approved, false)
	if out := b.ran("findings list", "--state", "approved"); !strings.Contains(out, "waits for a pause to end") {
		t.Errorf("the list does not say that it waits:\n%s", out)
	}
	b.ran("resume")
	b.work()
	want("resumed", state.Undone, true)
	want("the finding that was undone", state.Reverted, true)
}
