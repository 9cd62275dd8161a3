package sandbox_test

import (
	"context"
	"encoding/json"
	"flag"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime/debug"
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
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// TestMain has more tests beside each other than there are processors: they wait for
// what their processes do next, and compute little.
func TestMain(m *testing.M) {
	flag.Parse()
	if p := flag.Lookup("test.parallel"); p.Value.String() == p.DefValue {
		_ = p.Value.Set("8")
	}
	debug.SetGCPercent(400) // they allocate much and keep little
	code := m.Run()
	emulator.Stop()
	os.Exit(code)
}

func slackURL(w *sandbox.World) string { return strings.TrimSuffix(w.Config.Slack.APIURL, "api/") }

// taken takes what was sent out of the queue.
func (q *queue) taken() []desk.Signed {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := q.kept
	q.kept = nil
	return out
}

const askAlways = "apiVersion: rescind/v1\npolicies: [{name: no-default-service-account, enforcement: approve}]\n"

func newWorld(t *testing.T, policies string) *sandbox.World {
	t.Helper()
	w, err := sandbox.New(t.Context(), "127.0.0.1:0", policies, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Errorf("close the world: %v", err)
		}
	})
	return w
}

// another starts one more rescind beside the world's own, on the same store.
func another(t *testing.T, w *sandbox.World, change func(*config.Config, *process.Options)) *process.App {
	t.Helper()
	c, o := w.Config, process.Options{
		Lookup: sandbox.Secrets, Now: time.Now, Wait: process.Wait, Notes: strings.TrimSuffix(w.Config.Slack.APIURL, "api/"), Store: w.App.Store(),
		Dial: []grpc.DialOption{grpc.WithPerRPCCredentials(sandbox.Bearer(sandbox.Self))}, Log: slog.New(slog.DiscardHandler),
	}
	change(&c, &o)
	a, err := process.NewApp(t.Context(), c, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	return a
}

// serve has a rescind serve on a free port until the test ends, and returns its
// base URL.
func serve(t *testing.T, a *process.App, sweepEvery time.Duration) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var serving sync.WaitGroup
	serving.Go(func() { _ = a.Serve(ctx, l, sweepEvery) })
	t.Cleanup(func() { stop(); serving.Wait() })
	return "http://" + l.Addr().String()
}

// asked has somebody deploy what rescind asks about, and returns the finding.
func asked(t *testing.T, w *sandbox.World) (finding.Finding, simslack.Message) {
	t.Helper()
	a, _ := sandbox.ActOf("default")
	return askedBy(t, w, a.Who)
}

// askedBy is asked, of a change that somebody else makes.
func askedBy(t *testing.T, w *sandbox.World, who string) (finding.Finding, simslack.Message) {
	t.Helper()
	a, _ := sandbox.ActOf("default")
	a.Who = who
	if err := w.Perform(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	fs, err := w.App.Store().Findings(t.Context(), finding.Query{States: []state.State{state.Pending}})
	if err != nil || len(fs) != 1 {
		t.Fatalf("%d findings are pending (%v)", len(fs), err)
	}
	card, ok := w.Card(fs[0].ID)
	if !ok {
		t.Fatal("it has no card")
	}
	return fs[0], card
}

// queue is a courier as Pub/Sub is one: it keeps what it took.
type queue struct {
	mu   sync.Mutex
	kept []desk.Signed
}

func (q *queue) Send(_ context.Context, s desk.Signed) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.kept = append(q.kept, s)
	return nil
}

// deliver pushes an answer to the worker as Pub/Sub does.
func deliver(t *testing.T, w *sandbox.World, worker *process.App, s desk.Signed) {
	t.Helper()
	server := httptest.NewServer(worker.Handler())
	defer server.Close()
	data, err := json.Marshal(s)
	if err != nil {
		t.Error(err)
		return
	}
	if code, err := w.Pusher.As(sandbox.AnswersAccount).At(server.URL+"/answers").Deliver(context.WithoutCancel(t.Context()), data, "a-1"); code != http.StatusNoContent || err != nil {
		t.Errorf("the worker answered HTTP %d (%v)", code, err)
	}
}
