package functions_test

import (
	"context"
	"fmt"
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
)

type nothing struct{}

func (nothing) Handle(context.Context, cloud.Change) (remediate.Outcome, error) {
	return remediate.Outcome{Kind: remediate.Compliant}, nil
}

// BenchmarkEvents compares, in one run, what a wrapped push costs with what it
// costs to read its body. The token is verified once; the log line is written
// to nowhere.
func BenchmarkEvents(b *testing.B) {
	oidc := newOIDC(b, newKeyServer(b).URL, at(issued))
	events, err := functions.NewEvents(functions.EventsConfig{Decode: auditlog.Decode, Handler: nothing{},
		Verifier: oidc, Log: slog.New(slog.NewJSONHandler(io.Discard, nil))}) //nolint:sloglint // writing the log line is part of what is timed
	if err != nil {
		b.Fatal(err)
	}
	readOnly := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			b.Error(err)
		}
		w.WriteHeader(http.StatusNoContent)
	})
	authorization := "Bearer " + token(good())
	for _, bench := range []struct {
		name    string
		handler http.Handler
		body    string
	}{{"events", events, wrap(entry)}, {"read only", readOnly, wrap(entry)}, {"irrelevant", events, wrap(irrelevant())}, {"irrelevant read only", readOnly, wrap(irrelevant())}} {
		for _, way := range []struct {
			name string
			post func(*testing.B, http.Handler, string, string)
		}{{"in process", postInProcess}, {"over loopback", postOverLoopback}} {
			b.Run(bench.name+" "+way.name, func(b *testing.B) { way.post(b, bench.handler, bench.body, authorization) })
		}
	}
}

// irrelevant is an entry of a service that rescind judges nothing of, of a size that
// makes a push of 5 KB.
func irrelevant() string {
	var items []string
	for i := range 24 {
		items = append(items, fmt.Sprintf(`{"resource":"projects/pay-prod/zones/europe-west1-b/instances/vm-%d","permission":"compute.instances.get","granted":true}`, i))
	}
	return strings.NewReplacer("run.googleapis.com", "compute.googleapis.com", `"authenticationInfo"`, `"authorizationInfo":[`+strings.Join(items, ",")+`],"authenticationInfo"`).Replace(entry)
}

func postInProcess(b *testing.B, h http.Handler, body, authorization string) {
	b.ReportAllocs()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		r := httptest.NewRequest(http.MethodPost, "/events", strings.NewReader(body))
		r.Header.Set("Authorization", authorization)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		if w.Code != http.StatusNoContent {
			b.Fatalf("status %d", w.Code)
		}
	}
}

func postOverLoopback(b *testing.B, h http.Handler, body, authorization string) {
	s := httptest.NewServer(h)
	defer s.Close()
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		r, err := http.NewRequest(http.MethodPost, s.URL, strings.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		r.Header.Set("Authorization", authorization)
		resp, err := s.Client().Do(r)
		if err != nil {
			b.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != http.StatusNoContent {
			b.Fatalf("status %d", resp.StatusCode)
		}
	}
}
