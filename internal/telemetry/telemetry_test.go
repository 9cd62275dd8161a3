package telemetry_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/otel"

	"github.com/rescind-dev/rescind/internal/telemetry"
)

// started is a Telemetry of the environment, which is also the process's own, as the
// exporters read it there.
func started(t *testing.T, env map[string]string, now func() time.Time) (*telemetry.Telemetry, *bytes.Buffer) {
	t.Helper()
	for name, value := range env {
		t.Setenv(name, value)
	}
	var log bytes.Buffer
	m, err := telemetry.New(t.Context(), telemetry.Options{
		Lookup: func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		Role:   "worker", Version: "v1.2.3", Now: now, Log: slog.New(slog.NewTextHandler(&log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, stop := context.WithCancel(context.Background())
		stop() // nobody has to be told of a test's end
		_ = m.Close(ctx)
	})
	return m, &log
}

var onAnyPort = map[string]string{"OTEL_METRICS_EXPORTER": "prometheus", "OTEL_EXPORTER_PROMETHEUS_PORT": "0"}

func read(t *testing.T, m *telemetry.Telemetry, host string) (int, string) {
	t.Helper()
	stop, at, err := m.ServePage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+at+"/metrics", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Host = host
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

var noon = time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)

func TestPrometheusReadsWhatWasCountedAndHowThingsStand(t *testing.T) {
	now := noon
	m, _ := started(t, onAnyPort, func() time.Time { return now })
	m.Event("found")
	m.Event("found")
	m.Answer("answer")
	m.Begun("no-public-invoker", "violation", "high")
	m.Came("reverted")
	m.Message("notice", telemetry.Shown)
	m.Limited("read")
	m.Reverted(700*time.Millisecond, false)
	m.Reverted(-time.Second, false) // an entry from the future
	m.Called(telemetry.Call{API: "google.iam.admin.v1.IAM", Kind: "read", Code: "OK", Took: 30 * time.Millisecond})
	m.Stands(telemetry.Standing{
		At: noon, Open: map[string]telemetry.Line{"pending": telemetry.Line{}.Add(noon.Add(-time.Minute)).Add(noon.Add(-time.Hour))},
		Effects: map[string]telemetry.Line{"apply": {}}, Owed: telemetry.Line{N: 3, Since: noon.Add(-5 * time.Second)}, Paused: true, Complete: true,
	})
	now = noon.Add(10 * time.Second)
	code, page := read(t, m, "localhost:9464")
	if code != http.StatusOK {
		t.Fatalf("HTTP %d: %s", code, page)
	}
	compareDocs(t, page)
	for _, want := range []string{
		"# TYPE rescind_events_total counter\nrescind_events_total{kind=\"found\"} 2\n",
		"rescind_answers_total{kind=\"answer\"} 1\n",
		"rescind_verdicts_total{policy=\"no-public-invoker\",severity=\"high\",verdict=\"violation\"} 1\n",
		"rescind_outcomes_total{state=\"reverted\"} 1\n",
		"rescind_messages_total{result=\"shown\",what=\"notice\"} 1\n",
		"rescind_google_limited_total{kind=\"read\"} 1\n",
		"# TYPE rescind_revert_duration_seconds histogram\nrescind_revert_duration_seconds_bucket{asked=\"false\",le=\"0.25\"} 1\n",
		"rescind_revert_duration_seconds_bucket{asked=\"false\",le=\"1\"} 2\n",
		"rescind_revert_duration_seconds_bucket{asked=\"false\",le=\"+Inf\"} 2\nrescind_revert_duration_seconds_sum{asked=\"false\"} 0.7\nrescind_revert_duration_seconds_count{asked=\"false\"} 2\n",
		"rescind_google_call_duration_seconds_count{api=\"google.iam.admin.v1.IAM\",code=\"OK\",kind=\"read\"} 1\n",
		"rescind_google_held_duration_seconds_sum{kind=\"read\"} 0\n",
		"rescind_findings_open{state=\"pending\"} 2\n",
		"rescind_findings_open_age_seconds{state=\"pending\"} 3610\n",
		"rescind_effects_owed{effect=\"apply\"} 0\n", "rescind_effects_owed_age_seconds{effect=\"apply\"} 0\n",
		"rescind_changes_owed 3\n", "rescind_changes_owed_age_seconds 15\n",
		"rescind_paused 1\n", "rescind_findings_more 0\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in:\n%s", want, page)
		}
	}
}

// inDocs are the names in the table of docs/operations.md, as Prometheus reads them.
func inDocs(t *testing.T) (read []string) {
	t.Helper()
	text, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `rescind\\.[a-z.]+` \\| `(rescind_[a-z_]+)` \\|").FindAllStringSubmatch(string(text), -1) {
		read = append(read, m[1])
	}
	return read
}

func compareDocs(t *testing.T, page string) {
	t.Helper()
	var there []string
	for _, m := range regexp.MustCompile(`(?m)^# TYPE (\S+)`).FindAllStringSubmatch(page, -1) {
		there = append(there, m[1])
	}
	documented := inDocs(t)
	slices.Sort(there)
	slices.Sort(documented)
	if diff := cmp.Diff(documented, there); diff != "" {
		t.Errorf("docs/operations.md and what is measured (-docs +page):\n%s", diff)
	}
}

func TestHowThingsStoodIsNotToldForLong(t *testing.T) {
	now := noon
	m, _ := started(t, onAnyPort, func() time.Time { return now })
	m.Stands(telemetry.Standing{At: noon, Complete: true})
	if m.StandingDue() {
		t.Error("it is looked up again at once")
	}
	now = noon.Add(6 * time.Minute)
	if _, page := read(t, m, "127.0.0.1"); strings.Contains(page, "rescind_paused") || !m.StandingDue() {
		t.Errorf("what stood six minutes ago is told, or not due: %s", page)
	}
}

// A page in somebody's browser here can have its own name resolve to this machine.
func TestThePageAnswersUnderTheNamesOfThisMachineAlone(t *testing.T) {
	m, _ := started(t, onAnyPort, time.Now)
	for host, want := range map[string]int{"localhost": 200, "127.0.0.1:9464": 200, "[::1]:9464": 200, "::1": 200, "evil.example.com": 403, "localhost.evil.example.com:9464": 403, "10.0.0.1": 403} {
		if code, _ := read(t, m, host); code != want {
			t.Errorf("host %s: HTTP %d, want %d", host, code, want)
		}
	}
}

// collector takes what is posted to it.
func collector(t *testing.T, answer http.HandlerFunc) (url string, posts *atomic.Int32) {
	t.Helper()
	posts = &atomic.Int32{}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		posts.Add(1)
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL, posts
}

func TestACollectorGetsWhatWasCountedAtEachFlush(t *testing.T) {
	var body, path, key string
	url, posts := collector(t, func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		body, path, key = string(b), r.URL.Path, r.Header.Get("X-Key")
	})
	m, log := started(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": url, "OTEL_EXPORTER_OTLP_HEADERS": "x-key=k3y"}, time.Now)
	m.Event("found")
	m.Flush(t.Context())
	if posts.Load() != 1 || path != "/v1/metrics" || key != "k3y" {
		t.Errorf("%d posts, the last to %q with the key %q", posts.Load(), path, key)
	}
	for _, want := range []string{"rescind.events", "found", "service.name", "rescind.role", "worker", "v1.2.3"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q in %q", want, body)
		}
	}
	if log.Len() > 0 {
		t.Errorf("the log has %s", log)
	}
}

func TestACollectorThatIsDownIsOneLineAMinute(t *testing.T) {
	now := noon
	_, log := started(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, func() time.Time { return now })
	for range 3 {
		otel.Handle(errors.New("connection refused"))
	}
	now = noon.Add(time.Minute)
	otel.Handle(errors.New("still refused"))
	if got := strings.Count(log.String(), "metrics or traces could not be sent"); got != 2 {
		t.Errorf("%d lines, want 2:\n%s", got, log)
	}
}

func TestACloseIsCutOffWhereTheCollectorDoesNotAnswer(t *testing.T) {
	release := make(chan struct{})
	url, _ := collector(t, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	m, _ := started(t, map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": url}, time.Now)
	m.Event("found")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	began := time.Now()
	if err := m.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v, want that the time was up", err)
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("it took %v to end", took)
	}
}

func TestTheEnvironmentSaysWhatIsExported(t *testing.T) {
	for _, tt := range []struct {
		name string
		env  map[string]string
		want string // of the error; "nothing" for nothing, "" for something
	}{
		{"nothing asks for it", nil, "nothing"},
		{"an endpoint", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "https://c.example.com:4318"}, ""},
		{"an endpoint for metrics alone", map[string]string{"OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "http://127.0.0.1:4318/v1/metrics"}, ""},
		{"an endpoint, and both signals switched off", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "https://c.example.com", "OTEL_METRICS_EXPORTER": "none", "OTEL_TRACES_EXPORTER": "none"}, "nothing"},
		{"all of it switched off", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "https://c.example.com", "OTEL_SDK_DISABLED": "true"}, "nothing"},
		{"a way that there is not", map[string]string{"OTEL_METRICS_EXPORTER": "console"}, `OTEL_METRICS_EXPORTER is "console", want otlp, prometheus or none`},
		{"an endpoint that is none", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "collector:4318"}, "OTEL_EXPORTER_OTLP_ENDPOINT is no URL of a collector, want one like https://collector.example.com:4318"},
		{"an endpoint with a password", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "https://me:k3y@c.example.com"}, "OTEL_EXPORTER_OTLP_ENDPOINT has a user, a password or a query in it, which the log would show: "},
		{"an endpoint with a key", map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "https://c.example.com/v1/traces?key=k3y"}, "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT has a user, a password or a query in it, which the log would show: "},
		{"gRPC", map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "https://c.example.com:4317", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, `OTEL_EXPORTER_OTLP_PROTOCOL is "grpc", want http/protobuf: collectors listen for that on port 4318`},
		{"a page for everybody", map[string]string{"OTEL_METRICS_EXPORTER": "prometheus", "OTEL_EXPORTER_PROMETHEUS_HOST": "0.0.0.0"}, `OTEL_EXPORTER_PROMETHEUS_HOST is "0.0.0.0", want localhost, 127.0.0.1 or ::1: the page asks nobody who they are`},
		{"a page under a name", map[string]string{"OTEL_METRICS_EXPORTER": "prometheus", "OTEL_EXPORTER_PROMETHEUS_HOST": "rescind.example.com"}, `OTEL_EXPORTER_PROMETHEUS_HOST is "rescind.example.com"`},
		{"a port that is none", map[string]string{"OTEL_METRICS_EXPORTER": "prometheus", "OTEL_EXPORTER_PROMETHEUS_PORT": "http"}, `OTEL_EXPORTER_PROMETHEUS_PORT is "http", want a port such as 9464`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m, err := telemetry.New(t.Context(), telemetry.Options{
				Lookup: func(name string) (string, bool) { v, ok := tt.env[name]; return v, ok }, Now: time.Now, Log: slog.New(slog.DiscardHandler),
			})
			got := ""
			switch {
			case err != nil:
				got = err.Error()
			case m == nil:
				got = "nothing"
			}
			if strings.Contains(got, "k3y") {
				t.Errorf("the error has the secret: %s", got)
			}
			if tt.want == "" && got != "" || !strings.HasPrefix(got, tt.want) {
				t.Errorf("%q, want %q", got, tt.want)
			}
			ctx, stop := context.WithCancel(t.Context())
			stop()
			_ = m.Close(ctx)
		})
	}
}

func TestWhereNobodyReadsNothingIsDone(t *testing.T) {
	var m *telemetry.Telemetry
	allocated := testing.AllocsPerRun(100, func() {
		m.Event("found")
		m.Answer("answer")
		m.Begun("p", "violation", "high")
		m.Came("reverted")
		m.Reverted(time.Second, true)
		m.Message("notice", telemetry.Shown)
		m.Called(telemetry.Call{})
		m.Limited("read")
		m.Stands(telemetry.Standing{})
		m.Flush(context.Background())
	})
	if diff := cmp.Diff([]any{0.0, false, error(nil)}, []any{allocated, m.StandingDue(), m.Close(t.Context())}); diff != "" {
		t.Error(diff)
	}
}
