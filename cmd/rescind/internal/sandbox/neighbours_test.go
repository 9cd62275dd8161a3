//go:build soak

package sandbox_test

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/sandbox"
	"github.com/rescind-dev/rescind/internal/emulator"
	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// neighbours are two releases on one database, behind one address: the older, which is
// this one, and the next. Each request goes to the one that is first, and what comes
// again to the other, and so on.
type neighbours struct {
	*sandbox.World
	older, newer *process.App
	store        remediate.Store // as the newer has it
	later        *laterRelease
	said         *syncBuffer // the log of the older

	mu   sync.Mutex
	next int
}

func newNeighbours(t *testing.T) *neighbours {
	t.Helper()
	addr := emulator.Firestore.Addr(t)
	project := "test-" + strings.ToLower(rand.Text()[:20])
	n := &neighbours{later: &laterRelease{has: map[string]bool{}}, said: &syncBuffer{}}
	n.World = newWorld(t, "apiVersion: rescind/v1\npolicies:\n- {name: no-public-invoker, enforcement: revert}\n- {name: no-default-service-account, enforcement: approve}\n")
	n.store = database(t, addr, project, grpc.WithUnaryInterceptor(n.later.call), grpc.WithStreamInterceptor(n.later.stream))
	n.older = another(t, n.World, func(_ *config.Config, o *process.Options) {
		o.Store, o.Log, o.Rushed = database(t, addr, project), slog.New(slog.NewTextHandler(n.said, nil)), true
	})
	n.newer = another(t, n.World, func(_ *config.Config, o *process.Options) { o.Store, o.Rushed = n.store, true })
	serve(t, n.older, time.Second)
	serve(t, n.newer, time.Second)
	both := httptest.NewServer(n)
	t.Cleanup(both.Close)
	n.Pusher = n.Pusher.At(both.URL + "/events")
	n.Slack.Connect(slackURL(n.World), both.URL+"/slack/interactions")
	return n
}

func (n *neighbours) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	to := []*process.App{n.older, n.newer}[n.next%2]
	n.next++
	n.mu.Unlock()
	to.Handler().ServeHTTP(w, r)
}

const (
	olderFirst = iota
	newerFirst
)

// first has the next request go to that one first.
func (n *neighbours) first(which int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.next = which
}

// public lets anybody invoke the service, and delivers the event to that one first.
func (n *neighbours) public(t *testing.T, which int, service string) {
	t.Helper()
	n.first(which)
	err := n.Perform(t.Context(), sandbox.Act{Who: "mallory@example.com", Do: func(ctx context.Context, _ *sandbox.World, p *sandbox.Person) error {
		return p.ServicePolicies(ctx).Grant(service, "roles/run.invoker", "allUsers")
	}})
	if err != nil {
		t.Fatal(err)
	}
}

// all are the findings, once each has ended and owes nothing.
func (n *neighbours) all(t *testing.T, most int) []finding.Finding {
	t.Helper()
	var fs []finding.Finding
	eventually(t, "the end of every finding", func() bool {
		var err error
		fs, err = n.store.Findings(t.Context(), finding.Query{})
		return err == nil && !slices.ContainsFunc(fs, func(f finding.Finding) bool { return !f.State.Ended() || len(f.Outbox) > 0 })
	})
	if len(fs) != most {
		t.Errorf("%d findings, want %d", len(fs), most)
	}
	return fs
}

// During an upgrade each event and each click goes to either release. The older refuses
// what it does not know all of, and the newer does it.
func TestSoakI3TwoReleasesOnOneDatabaseDoEverythingOnceAndLoseNothing(t *testing.T) {
	t.Parallel()
	n := newNeighbours(t)
	n.public(t, olderFirst, sandbox.API)
	n.public(t, newerFirst, sandbox.API)
	n.public(t, newerFirst, sandbox.Reports)
	n.public(t, olderFirst, sandbox.Reports) // which has a finding of the newer
	for _, f := range n.all(t, 4) {
		if f.State != state.Reverted {
			t.Errorf("%s is %s: %s", f.Resource, f.State, f.Why)
		}
	}
	if !strings.Contains(n.said.String(), "a later release of rescind wrote it") {
		t.Errorf("the older release does not say that it left anything to the later one:\n%s", n.said)
	}

	n.first(newerFirst)
	act, _ := sandbox.ActOf("default")
	if err := n.Perform(t.Context(), act); err != nil {
		t.Fatal(err)
	}
	fs, err := n.store.Findings(t.Context(), finding.Query{States: []state.State{state.Pending}})
	if err != nil || len(fs) != 1 {
		t.Fatalf("%d findings are pending (%v)", len(fs), err)
	}
	if said := n.clicks(t, olderFirst, fs[0].ID); !strings.Contains(said, "Nothing was decided; please try again.") {
		t.Errorf("ada is told %q", said)
	}
	if f, err := n.store.Finding(t.Context(), fs[0].ID); err != nil || len(f.Answers) != 0 {
		t.Errorf("the older release took an answer for the finding of the newer: %v, %v", f.Answers, err)
	}
	if said := n.clicks(t, newerFirst, fs[0].ID); said != "" {
		t.Errorf("ada is told %q", said)
	}
	n.all(t, 5)
	n.wantOneWriteEach(t, 4)
	n.wantSound(t)
	n.wantUntouched(t)
}

// clicks has ada press revert, and returns what she alone is told.
func (n *neighbours) clicks(t *testing.T, which int, id string) string {
	t.Helper()
	var card simslack.Message
	eventually(t, "the card", func() (ok bool) { card, ok = n.Card(id); return ok })
	n.first(which)
	before := len(n.Slack.Notes())
	if err := n.Slack.Click(t.Context(), "U0ADA", card.Channel, card.TS, "rescind.revert"); err != nil {
		t.Fatal(err)
	}
	said := ""
	for _, note := range n.Slack.Notes()[before:] {
		said += note.Text
	}
	return said
}

// wantOneWriteEach shows that each grant was taken away once, and that the service was
// updated once more than by the seed and by bob.
func (n *neighbours) wantOneWriteEach(t *testing.T, grants int) {
	t.Helper()
	for _, e := range n.Events() {
		if e.Actor == sandbox.Self && strings.HasSuffix(e.Method, ".SetIamPolicy") {
			grants--
		}
	}
	if grants != 0 {
		t.Errorf("the grants were taken away %d times too few", grants)
	}
	for _, w := range n.Cloud.State().Workloads {
		if w.Name == sandbox.Checkout && !strings.Contains(w.Revision, "-00003-") {
			t.Errorf("checkout is at revision %s after one revert", w.Revision)
		}
	}
}

// wantUntouched shows that the older release wrote over nothing of the newer's: what it
// stores has no such field.
func (n *neighbours) wantUntouched(t *testing.T) {
	t.Helper()
	n.later.mu.Lock()
	defer n.later.mu.Unlock()
	for name, has := range n.later.has {
		if !has {
			t.Errorf("the older release wrote over %s", name)
		}
	}
	if len(n.later.has) == 0 {
		t.Error("the newer release stored nothing")
	}
}

// wantSound does what `audit verify` does of findings.
func (n *neighbours) wantSound(t *testing.T) {
	t.Helper()
	eventually(t, "the roots to hold all five", func() bool { // another process may be at the next one
		n.newer.ExtendRoots(t.Context())
		held, err := trail.NewRoots(n.store, n.newer.Ledger(), time.Now).Coverage(t.Context())
		return err == nil && len(slices.DeleteFunc(held.Chains(), func(c string) bool { return held.Heads[c].Day() != "" })) == 5
	})
	held, err := trail.NewRoots(n.store, n.newer.Ledger(), time.Now).Coverage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	findings := 0
	for _, chain := range held.Chains() {
		h := held.Heads[chain]
		if h.Day() != "" {
			continue
		}
		findings++
		f, err := n.store.Finding(t.Context(), h.Finding())
		if err == nil {
			err = errors.Join(f.VerifyTrail(), f.Timeline.Holds(f.ID, h))
		}
		if err != nil || f.Timeline.Unhashed(held.Since) > 0 {
			t.Errorf("finding %s: %v", h.Finding(), err)
		}
	}
	if findings != 5 {
		t.Errorf("the roots hold %d findings, want 5", findings)
	}
}
