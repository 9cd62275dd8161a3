package telemetry_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	tracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/rescind-dev/rescind/internal/telemetry"
)

const (
	traceID = "4bf92f3577b34da6a3ce929d0e0e4736"
	spanID  = "00f067aa0ba902b7"
)

func TestALineOfTheLogNamesTheTraceOfItsRequest(t *testing.T) {
	for _, tt := range []struct {
		name, header, value string
		want                []any // trace, span, sampled
	}{
		{"W3C's header", "traceparent", "00-" + traceID + "-" + spanID + "-01", []any{"projects/ops/traces/" + traceID, spanID, true}},
		{"W3C's header, not sampled", "traceparent", "00-" + traceID + "-" + spanID + "-00", []any{"projects/ops/traces/" + traceID, spanID, false}},
		{"Google's header, whose span is a decimal number", "X-Cloud-Trace-Context", "4BF92F3577B34DA6A3CE929D0E0E4736/67667974448284343;o=1", []any{"projects/ops/traces/" + traceID, spanID, true}},
		{"none", "X-Other", "1", []any{nil, nil, nil}},
		{"W3C's header, made up", "traceparent", "00-" + traceID + "\n-x-01", []any{nil, nil, nil}},
		{"Google's header, with what is no number", "X-Cloud-Trace-Context", traceID + "/../../x;o=1", []any{nil, nil, nil}},
		{"Google's header, with nothing behind it", "X-Cloud-Trace-Context", traceID, []any{nil, nil, nil}},
		{"an id of zeros", "X-Cloud-Trace-Context", "00000000000000000000000000000000/1;o=1", []any{nil, nil, nil}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var out bytes.Buffer
			log := slog.New(telemetry.TracedLog(slog.NewJSONHandler(&out, nil), "ops")).With("role", "worker")
			h := (*telemetry.Telemetry)(nil).Receiving(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				log.InfoContext(r.Context(), "event handled")
			}))
			r := httptest.NewRequest(http.MethodPost, "/events", nil)
			r.Header.Set(tt.header, tt.value)
			h.ServeHTTP(httptest.NewRecorder(), r)
			var line map[string]any
			if err := json.Unmarshal(out.Bytes(), &line); err != nil {
				t.Fatal(err)
			}
			got := []any{line["logging.googleapis.com/trace"], line["logging.googleapis.com/spanId"], line["logging.googleapis.com/trace_sampled"]}
			if diff := cmp.Diff(tt.want, got); diff != "" || line["role"] != "worker" {
				t.Errorf("%s%s", diff, out.String())
			}
		})
	}
}

func TestARequestIsASpanWithThoseBelowIt(t *testing.T) {
	var got tracepb.ExportTraceServiceRequest
	url, _ := collector(t, func(_ http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if r.URL.Path != "/v1/traces" || err != nil || proto.Unmarshal(b, &got) != nil {
			t.Errorf("%s: %d bytes (%v)", r.URL.Path, len(b), err)
		}
	})
	m, _ := started(t, map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": url + "/v1/traces"}, time.Now)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /events", func(w http.ResponseWriter, r *http.Request) {
		_, end := m.Span(r.Context(), "judge")
		end(errors.New("a secret of somebody's"), "f1", "f2")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	h := m.Receiving(mux)
	for _, path := range []string{"/events", "/of/a/stranger"} {
		r := httptest.NewRequest(http.MethodPost, path, nil)
		r.Header.Set("Traceparent", "00-"+traceID+"-"+spanID+"-01")
		h.ServeHTTP(httptest.NewRecorder(), r)
	}
	m.Flush(t.Context())
	var names []string
	for _, s := range got.GetResourceSpans()[0].GetScopeSpans()[0].GetSpans() {
		names = append(names, s.GetName())
		if id := s.GetTraceId(); len(id) != 16 || id[0] != 0x4b {
			t.Errorf("%s is in the trace %x", s.GetName(), id)
		}
		if s.GetStatus().GetMessage() != "" {
			t.Errorf("%s has the text %q", s.GetName(), s.GetStatus().GetMessage())
		}
	}
	if diff := cmp.Diff([]string{"judge", "receive POST /events", "receive"}, names); diff != "" {
		t.Error(diff)
	}
	if text := got.String(); bytes.Contains([]byte(text), []byte("secret of somebody")) || !bytes.Contains([]byte(text), []byte("rescind.findings")) {
		t.Errorf("%s", text)
	}
}

func TestWithoutTracesASpanIsNothing(t *testing.T) {
	var m *telemetry.Telemetry
	ctx := context.Background()
	next := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	h, w, r := m.Receiving(next), httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/events", nil)
	if n := testing.AllocsPerRun(100, func() {
		_, end := m.Span(ctx, "judge")
		end(nil)
		h.ServeHTTP(w, r)
	}); n != 0 {
		t.Errorf("%v allocations, want none", n)
	}
}

// BenchmarkReceiving compares a handler that does nothing with one in front of which traces
// are not sent, and are.
func BenchmarkReceiving(b *testing.B) {
	next := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	sent, err := telemetry.New(b.Context(), telemetry.Options{
		Lookup: func(name string) (string, bool) { return "http://127.0.0.1:1", name == "OTEL_EXPORTER_OTLP_ENDPOINT" },
		Now:    time.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	ended, end := context.WithCancel(b.Context())
	end()
	defer func() { _ = sent.Close(ended) }()
	w := httptest.NewRecorder()
	for _, bench := range []struct {
		name, header string
		h            http.Handler
	}{
		{"bare", "", next}, {"not sent", "", (*telemetry.Telemetry)(nil).Receiving(next)},
		{"not sent, in a trace", "00-" + traceID + "-" + spanID + "-01", (*telemetry.Telemetry)(nil).Receiving(next)},
		{"sent", "", sent.Receiving(next)},
	} {
		r := httptest.NewRequest(http.MethodPost, "/events", nil)
		if bench.header != "" {
			r.Header.Set("Traceparent", bench.header)
		}
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				bench.h.ServeHTTP(w, r)
			}
		})
	}
}
