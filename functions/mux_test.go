package functions_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/functions"
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
