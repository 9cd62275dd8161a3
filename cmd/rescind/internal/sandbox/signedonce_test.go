package sandbox_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/sandbox"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// travels has Ada write a command to a Slack front, and returns it as it travels.
func travels(t *testing.T, w *sandbox.World, text string) desk.Signed {
	t.Helper()
	q := &queue{}
	c := w.Config
	c.AnswersTopic = "projects/ops/topics/rescind-answers"
	front, err := process.New(t.Context(), c, process.Options{Role: process.SlackFront, Lookup: sandbox.Secrets, Now: time.Now, Notes: slackURL(w), Courier: q, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(front.Handler())
	defer server.Close()
	w.Slack.ConnectApp(server.URL+"/slack/commands", server.URL+"/slack/events")
	if err := w.Slack.Command(t.Context(), "U0ADA", sandbox.Channel, "/rescind", text); err != nil {
		t.Fatal(err)
	}
	sent := q.taken()
	if len(sent) != 1 {
		t.Fatalf("%d sent", len(sent))
	}
	return sent[0]
}

// workerAt is a worker beside the world's own rescind, whose clock is ahead.
func workerAt(t *testing.T, w *sandbox.World, ahead time.Duration) *process.App {
	t.Helper()
	return another(t, w, func(c *config.Config, o *process.Options) {
		c.AnswersTopic, o.Role = "projects/ops/topics/rescind-answers", process.Worker
		o.Now = func() time.Time { return time.Now().Add(ahead) }
	})
}

// recorded counts the records of a kind in the ledger.
func recorded(t *testing.T, w *sandbox.World, kind trail.Kind) (n int) {
	t.Helper()
	for r, err := range w.App.Ledger().Records(t.Context(), time.Now().Add(-time.Hour), time.Now().Add(24*time.Hour)) {
		if err != nil {
			t.Fatal(err)
		}
		if r.Kind == kind {
			n++
		}
	}
	return n
}

func TestS22TwoWorkersThatGetOnePauseAtOnceTakeItOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t, askAlways)
	pause := travels(t, w, "pause for 4h a release")
	workers := []*process.App{workerAt(t, w, 0), workerAt(t, w, time.Second)}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() { deliver(t, w, workers[i%2], pause) }) // comes again until it is acknowledged
	}
	all.Wait()
	if p, err := w.App.Store().Pause(t.Context()); err != nil || !p.On || recorded(t, w, trail.Paused) != 1 {
		t.Errorf("paused %t (%v), recorded %d times, want once", p.On, err, recorded(t, w, trail.Paused))
	}
	deliver(t, w, workers[1], travels(t, w, "resume it is done"))
	deliver(t, w, workers[0], pause)
	if p, err := w.App.Store().Pause(t.Context()); err != nil || p.On {
		t.Errorf("a pause that comes again after its end: paused %t (%v)", p.On, err)
	}
}

func TestS22AnOldPauseIsRefusedAndEveryChannelIsTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t, askAlways)
	pause := travels(t, w, "pause for 4h a release")
	worker := workerAt(t, w, 5*time.Minute+2*time.Second)
	deliver(t, w, worker, pause)
	deliver(t, w, worker, pause)
	if p, err := w.App.Store().Pause(t.Context()); err != nil || p.On || recorded(t, w, trail.Alarm) != 1 {
		t.Errorf("paused %t (%v), %d alarms in the trail, want one", p.On, err, recorded(t, w, trail.Alarm))
	}
	told := 0
	for _, m := range w.Slack.Messages() {
		if m.Channel == sandbox.Channel && strings.Contains(m.Text, "a pause by user:ada@example.com (slack:T0DEMO/U0ADA) was refused") {
			told++
		}
	}
	if told != 1 {
		t.Errorf("the channel was told %d times, want once", told)
	}
}

func TestS22ThePushAccountOfEventsCannotPushAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, askAlways)
	pause := travels(t, w, "pause for 4h a release")
	worker := workerAt(t, w, 0)
	data, err := json.Marshal(pause)
	if err != nil {
		t.Fatal(err)
	}
	token, err := w.Pusher.Token()
	if err != nil {
		t.Fatal(err)
	}
	body, err := json.Marshal(map[string]any{"message": map[string]any{"data": data, "messageId": "1", "publishTime": time.Now().UTC().Format(time.RFC3339)}})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]int{"/answers": http.StatusUnauthorized, "/events": http.StatusNoContent} {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(string(body)))
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		rec := httptest.NewRecorder()
		worker.Handler().ServeHTTP(rec, r)
		if rec.Code != want {
			t.Errorf("%s with the token of push.service_account: HTTP %d, want %d", path, rec.Code, want)
		}
	}
	if p, err := w.App.Store().Pause(t.Context()); err != nil || p.On {
		t.Errorf("paused %t (%v)", p.On, err)
	}
}
