package sandbox_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/measured"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/sandbox"
)

// lines is a log that may be read while it is written.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// counted starts one more rescind, which Prometheus can read and all events reach from
// now on. It returns where each is.
func counted(t *testing.T, w *sandbox.World, log *lines) (events, page string) {
	t.Helper()
	a := another(t, w, func(_ *config.Config, o *process.Options) {
		o.Log = slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		o.Lookup = func(name string) (string, bool) {
			if v, ok := map[string]string{"OTEL_METRICS_EXPORTER": "prometheus", "OTEL_EXPORTER_PROMETHEUS_PORT": "0"}[name]; ok {
				return v, true
			}
			return sandbox.Secrets(name)
		}
		m, end, err := measured.Start(t.Context(), measured.Options{Role: "all", Lookup: o.Lookup, Now: time.Now, Log: o.Log})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(end)
		o.Telemetry = m
	})
	at := regexp.MustCompile(`"Prometheus can read /metrics","address":"([^"]+)"`).FindStringSubmatch(log.String())
	if at == nil {
		t.Fatalf("the log does not say where the page is: %s", log)
	}
	return serve(t, a, time.Second), "http://" + at[1] + "/metrics"
}

func get(t *testing.T, url string) string {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("GET %s: %s (%v)", url, res.Status, err)
	}
	return string(b)
}

func TestARevertIsCountedTimedAndSeenInTheStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Policies)
	log := &lines{}
	base, page := counted(t, w, log)
	w.Pusher = w.Pusher.At(base + "/events")
	for _, key := range []string{"public", "default"} {
		act, _ := sandbox.ActOf(key)
		if err := w.Perform(t.Context(), act); err != nil {
			t.Fatal(err)
		}
	}
	w.Settle()
	var got string
	defer func() {
		if t.Failed() {
			t.Log(got, log)
		}
	}()
	for _, want := range []string{
		`rescind_events_total{kind="found"} 3`, // both halves of the deploy
		`rescind_events_total{kind="own change"} `,
		`rescind_verdicts_total{policy="no-public-invoker",severity="high",verdict="violation"} 1`,
		`rescind_outcomes_total{state="reverted"} 1`,
		`rescind_outcomes_total{state="pending"} 1`,
		`rescind_revert_duration_seconds_count{asked="false"} 1`,
		`rescind_messages_total{result="shown",what="notice"} `,
		`rescind_google_call_duration_seconds_count{api="google.cloud.run.v2.Services",code="OK",kind="write"} `,
		`rescind_google_held_duration_seconds_count{kind="read"} `,
		`rescind_findings_open{state="pending"} 1`,
		`rescind_findings_open{state="applying"} 0`,
		`rescind_changes_owed 0`,
		`rescind_paused 0`,
	} {
		eventually(t, want, func() bool { got = get(t, page); return strings.Contains(got, "\n"+want) })
	}
}

// An instance that begins after all were scaled to zero has seen nothing.
func TestHowThingsStandIsKnownToAProcessThatSawNoEvent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, askAlways)
	asked(t, w)
	_, page := counted(t, w, &lines{})
	var got string
	eventually(t, "the question that another process asked", func() bool {
		got = get(t, page)
		return strings.Contains(got, `rescind_findings_open{state="pending"} 1`)
	})
	if strings.Contains(got, "rescind_events_total") {
		t.Errorf("it counts events, and got none:\n%s", got)
	}
}

// What strangers can write into a log has no end: a label of it would be as many series.
func TestNoLabelIsFromWhatStrangersWrite(t *testing.T) {
	t.Parallel()
	w := newWorld(t, sandbox.Policies)
	log := &lines{}
	base, page := counted(t, w, log)
	const marker = "zq7stranger"
	made := w.Pusher.At(base + "/events")
	act, _ := sandbox.ActOf("public")
	var entries [][]byte
	if err := w.Perform(t.Context(), act); err != nil {
		t.Fatal(err)
	}
	for _, e := range w.Events() {
		entries = append(entries, e.Entry)
	}
	entries = append(entries, []byte(`{"`+marker+`":1}`), []byte(marker))
	for i, e := range entries {
		for _, old := range []string{"mallory@example.com", sandbox.Project, "run.invoker", "SetIamPolicy", "run.googleapis.com", "api"} {
			made2 := bytes.ReplaceAll(e, []byte(old), []byte(marker+old))
			if _, err := made.Deliver(t.Context(), made2, marker+string(rune('a'+i))); err != nil {
				t.Logf("an entry with another %s: %v", old, err)
			}
		}
	}
	text := get(t, page)
	if strings.Contains(text, marker) || !strings.Contains(text, "rescind_events_total") {
		t.Errorf("the page has what a stranger wrote, or nothing:\n%s", text)
	}
	var names []string
	for _, m := range regexp.MustCompile(`[{,]([a-z_]+)="`).FindAllStringSubmatch(text, -1) {
		names = append(names, m[1])
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if !slices.Contains([]string{"api", "asked", "code", "effect", "kind", "le", "policy", "result", "severity", "state", "verdict", "what"}, name) {
			t.Errorf("the label %s is none of those that are known to have few values", name)
		}
	}
}
