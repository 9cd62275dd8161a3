package functions_test

import (
	"context"
	"encoding/base64"
	"fmt"
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

// entry is a LogEntry that auditlog.Decode takes for a change.
const entry = `{"logName":"projects/pay-prod/logs/cloudaudit.googleapis.com%2Factivity","insertId":"i1",` +
	`"timestamp":"2026-11-20T10:00:00Z","resource":{"type":"cloud_run_revision","labels":{"project_id":"pay-prod",` +
	`"location":"europe-west1","service_name":"api"}},"protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog",` +
	`"serviceName":"run.googleapis.com","methodName":"google.cloud.run.v1.Services.SetIamPolicy",` +
	`"resourceName":"projects/pay-prod/locations/europe-west1/services/api",` +
	`"authenticationInfo":{"principalEmail":"eve@example.com"},` +
	`"request":{"resource":"projects/pay-prod/locations/europe-west1/services/api","policy":{"bindings":[]}},` +
	`"response":{"etag":"BwY=","bindings":[{"role":"roles/run.invoker","members":["allUsers"]}]}}}`

// entryWith is the entry with one piece of its text replaced.
func entryWith(old, new string) string { return strings.Replace(entry, old, new, 1) }

// wrap is a Pub/Sub push of the data.
func wrap(data string) string {
	return fmt.Sprintf(`{"message":{"attributes":{"logging.googleapis.com/timestamp":"2026-11-20T10:00:00Z"},"data":%q,`+
		`"messageId":"m1","message_id":"m1","publishTime":"2026-11-20T10:00:01Z"},"subscription":"projects/ops/subscriptions/rescind"}`,
		base64.StdEncoding.EncodeToString([]byte(data)))
}

// remediator records what it is given and answers as it is told.
type remediator struct {
	got     []cloud.Change
	outcome remediate.Outcome
	err     error
}

func (r *remediator) Handle(_ context.Context, c cloud.Change) (remediate.Outcome, error) {
	r.got = append(r.got, c)
	return r.outcome, r.err
}

// receiver is a POST /events with all that can be seen of it.
type receiver struct {
	http.Handler
	remediator *remediator
	log        *strings.Builder
	counts     map[string]int
}

func newReceiver(t *testing.T, change ...func(*functions.EventsConfig)) *receiver {
	t.Helper()
	r := &receiver{remediator: &remediator{outcome: remediate.Outcome{Kind: remediate.Compliant}},
		log: &strings.Builder{}, counts: map[string]int{}}
	c := functions.EventsConfig{
		Decode:               auditlog.Decode,
		Handler:              r.remediator,
		Log:                  logTo(r.log),
		AllowUnauthenticated: true,
		Count:                func(kind string) { r.counts[kind]++ },
	}
	for _, f := range change {
		f(&c)
	}
	h, err := functions.NewEvents(c)
	if err != nil {
		t.Fatal(err)
	}
	r.Handler = h
	return r
}

// logTo writes every record as text, without its time.
func logTo(w *strings.Builder) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}}))
}

// post sends the body with headers given as "Name: value".
func (r *receiver) post(body string, headers ...string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(http.MethodPost, "/events", strings.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		req.Header.Set(name, value)
	}
	w := httptest.NewRecorder()
	r.ServeHTTP(w, req)
	return w
}

func (r *receiver) wantLog(t *testing.T, want string) {
	t.Helper()
	if got := r.log.String(); got != want+"\n" {
		t.Errorf("log:\n%s\nwant:\n%s", got, want)
	}
}

func wantStatus(t *testing.T, w *httptest.ResponseRecorder, want int) {
	t.Helper()
	if w.Code != want {
		t.Errorf("status %d, want %d", w.Code, want)
	}
}
