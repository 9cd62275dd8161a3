package remediate_test

import (
	"context"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/internal/store/memory"
	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/notify/slack"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/scope"
)

const jo = "user:jo@example.com"

// burst is a Remediator between a simulated Slack and one allow policy for each
// resource, with a clock that moves only when someone waits.
type burst struct {
	*engine
	t     *testing.T
	slack *simslack.Workspace
	iam   *policyOfEach
	url   string // of the Web API
	made  int

	mu  sync.Mutex
	now time.Time
	// calls are the messages that Slack was sent, posted or rewritten, with
	// the time of each.
	calls []time.Time
	fault func(method string) *simslack.Fault
}

func newBurst(t *testing.T, change ...func(*setup)) *burst {
	t.Helper()
	b := &burst{t: t, now: time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC), iam: &policyOfEach{taken: map[cloud.Resource]int{}}}
	b.serveSlack()
	st := &indexed{Store: memory.New(), of: map[string]finding.Finding{}}
	c := setup{Notifier: b.notifier(st), Config: b.config(st)}
	for _, f := range change {
		f(&c)
	}
	b.engine = newEngine(t, c)
	return b
}

func (b *burst) serveSlack() {
	b.slack = simslack.New(simslack.Config{Token: "xoxb-sim", SigningSecret: "s", Team: "T01", App: "A01", Now: b.Clock})
	b.slack.Inject(b.called)
	srv := httptest.NewServer(b.slack.Handler())
	b.t.Cleanup(srv.Close)
	b.url = srv.URL + "/api"
}

// config is that of a rescind of one project, of which three people are
// approvers, two of whom it takes to keep something.
func (b *burst) config(st remediate.Store) remediate.Config {
	set, err := policies.Load()
	b.must(err)
	return remediate.Config{
		Facts: nothingKnown{}, Judge: judge.Judge{Policies: set}, Store: st, IAM: b.iam, Workloads: noWorkloads{}, Constraints: noConstraints{},
		Scope: scope.Scope{Include: []cloud.Resource{cloud.ProjectResource("pay-prod")}},
		Authority: authority.Authority{
			Approvers: map[string]bool{ada: true, bob: true, jo: true}, Quorum: map[finding.Choice]int{finding.ChooseKeep: 2},
		},
		Self: "serviceAccount:" + self, ExpiresIn: time.Hour, OnExpiry: remediate.LeaveOnExpiry, VerifyFor: time.Second,
		Now: b.Clock, Wait: b.wait, NewID: sequence("id-"), Log: slog.New(slog.DiscardHandler),
	}
}

func (b *burst) notifier(cells cells.Store) *slack.Notifier {
	b.t.Helper()
	n, err := slack.NewNotifier(slack.Config{
		Token: "xoxb-sim", APIURL: b.url, Card: notify.Options{BaseURL: "https://rescind.example.com"},
		Route: func(finding.Finding) string { return "C01PAY" }, Channels: []string{"C01PAY"},
		Turns: slack.NewTurns(cells, b.Clock),
	})
	b.must(err)
	return n
}

// twin is a second process on the same store.
func (b *burst) twin() *engine {
	b.t.Helper()
	c := b.setup
	c.Notifier = b.notifier(c.Store)
	r := newEngine(b.t, c)
	return r
}

func (b *burst) must(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// Clock is the burst's time.
func (b *burst) Clock() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.now
}

func (b *burst) pass(d time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.now = b.now.Add(d)
}

func (b *burst) wait(ctx context.Context, d time.Duration) error {
	b.pass(d)
	return ctx.Err()
}

func (b *burst) called(method string) *simslack.Fault {
	b.mu.Lock()
	defer b.mu.Unlock()
	if strings.HasPrefix(method, "chat.") {
		b.calls = append(b.calls, b.now)
	}
	if b.fault == nil {
		return nil
	}
	return b.fault(method)
}

func (b *burst) failing(fault func(method string) *simslack.Fault) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.fault = fault
}
