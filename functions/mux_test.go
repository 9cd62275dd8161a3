package functions_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/functions"
	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/desk"
)

func named(name string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, name) })
}

func TestRoutes(t *testing.T) {
	all := functions.Routes{Events: named("events"), Interactions: named("interactions"), Sweep: named("sweep"),
		Commands: named("commands"), Home: named("home"), Answers: named("answers")}
	unready := functions.Routes{Ready: func() error { return errors.New("the password is hunter2") }, Log: logTo(&strings.Builder{})}
	for _, tc := range []struct {
		name, method, path string
		routes             functions.Routes
		status             int
		body               string
	}{
		{"events", "POST", "/events", all, 200, "events"},
		{"interactions", "POST", "/slack/interactions", all, 200, "interactions"},
		{"sweep", "POST", "/sweep", all, 200, "sweep"},
		{"commands", "POST", "/slack/commands", all, 200, "commands"},
		{"what Slack tells", "POST", "/slack/events", all, 200, "home"},
		{"answers", "POST", "/answers", all, 200, "answers"},
		{"health", "GET", "/health", all, 200, "ok\n"},
		{"ready when nobody says otherwise", "GET", "/ready", all, 200, "ready\n"},
		{"ready when asked", "GET", "/ready", functions.Routes{Ready: func() error { return nil }}, 200, "ready\n"},
		{"not ready, without saying why to anyone", "GET", "/ready", unready, 503, "not ready\n"},
		{"healthy though not ready", "GET", "/health", unready, 200, "ok\n"},
		{"another method", "GET", "/events", all, 405, "Method Not Allowed\n"},
		{"a route that is not there", "POST", "/sweep", functions.Routes{Events: named("events")}, 404, "404 page not found\n"},
		{"an unknown path", "GET", "/", all, 404, "404 page not found\n"},
		{"a path below a route", "POST", "/events/1", all, 404, "404 page not found\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			w := httptest.NewRecorder()
			functions.NewMux(tc.routes).ServeHTTP(w, httptest.NewRequest(tc.method, tc.path, nil))
			wantStatus(t, w, tc.status)
			if w.Body.String() != tc.body {
				t.Errorf("body %q, want %q", w.Body, tc.body)
			}
		})
	}
}

func TestWhyItIsNotReadyIsLogged(t *testing.T) {
	var log strings.Builder
	mux := functions.NewMux(functions.Routes{Ready: func() error { return errors.New("store is closed") }, Log: logTo(&log)})
	mux.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/ready", nil))
	if want := "level=WARN msg=\"not ready\" error=\"store is closed\"\n"; log.String() != want {
		t.Errorf("log %q, want %q", log.String(), want)
	}
}

func TestTheServerWaitsForNobodyForEver(t *testing.T) {
	s := functions.NewServer("127.0.0.1:0", http.NotFoundHandler())
	if s.ReadHeaderTimeout <= 0 || s.ReadTimeout <= 0 || s.WriteTimeout <= 0 || s.IdleTimeout <= 0 || s.MaxHeaderBytes <= 0 {
		t.Errorf("a limit is missing: %+v", s)
	}
}

// hangsUp is a handler of whatever comes, under which its sender hangs up.
type hangsUp struct {
	cancel context.CancelFunc
	after  error // of the context, once the sender has gone
}

func (h *hangsUp) Handle(ctx context.Context, _ cloud.Change) (remediate.Outcome, error) {
	h.cancel()
	h.after = ctx.Err()
	return remediate.Outcome{Kind: remediate.Compliant}, nil
}

func TestASenderThatHangsUpCancelsNothingThatWasBegun(t *testing.T) {
	h := &hangsUp{}
	discard := slog.New(slog.DiscardHandler)
	events, err := functions.NewEvents(functions.EventsConfig{Decode: auditlog.Decode, Handler: h, Log: discard, AllowUnauthenticated: true})
	if err != nil {
		t.Fatal(err)
	}
	answers, err := functions.NewAnswers(functions.AnswersConfig{Log: discard, AllowUnauthenticated: true, Takes: map[string]functions.Take{
		desk.SignedBySlack: func(ctx context.Context, _ desk.Signed) error {
			_, err := h.Handle(ctx, cloud.Change{})
			return err
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		to   http.Handler
		body string
	}{"events": {events, wrap(entry)}, "answers": {answers, pushed(answerJSON())}} {
		ctx, cancel := context.WithCancel(t.Context())
		h.cancel, h.after = cancel, errors.New("it was never asked")
		w := httptest.NewRecorder()
		tc.to.ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodPost, "/", strings.NewReader(tc.body)))
		if h.after != nil || w.Code != http.StatusNoContent {
			t.Errorf("%s: HTTP %d, what was begun ends with %v", name, w.Code, h.after)
		}
	}
}
