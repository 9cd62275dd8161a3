package functions_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/functions"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
)

var auditEvent = []string{"Ce-Specversion: 1.0", "Ce-Type: google.cloud.audit.log.v1.written", "Ce-Id: e1",
	"Ce-Source: //cloudaudit.googleapis.com/projects/pay-prod/logs/activity", "Ce-Methodname: google.cloud.run.v1.Services.SetIamPolicy"}

func structured(eventType, data string) string {
	return `{"specversion":"1.0","id":"e1","source":"//cloudaudit.googleapis.com/projects/p","type":"` + eventType +
		`","datacontenttype":"application/json","data":` + data + `}`
}

const structuredType = "Content-Type: application/cloudevents+json; charset=utf-8"

func TestEveryEnvelopeBecomesTheSameChange(t *testing.T) {
	for _, tc := range []struct {
		name, body string
		headers    []string
		messageID  string
	}{
		{"a wrapped Pub/Sub push", wrap(entry), nil, "m1"},
		{"a wrapped push with another content type", wrap(entry), []string{"Content-Type: text/plain"}, "m1"},
		{"an unwrapped push with metadata", entry, []string{"x-goog-pubsub-message-id: m2",
			"x-goog-pubsub-subscription-name: projects/ops/subscriptions/rescind",
			"x-goog-pubsub-publish-time: 2026-11-20T10:00:01Z"}, "m2"},
		{"an unwrapped push without metadata", entry, nil, ""},
		{"a binary CloudEvent of the audit log", entry, auditEvent, "e1"},
		{"a binary CloudEvent with a header that makes the SDK panic", entry, append([]string{"Ce-: x"}, auditEvent...), "e1"},
		{"a binary CloudEvent of Pub/Sub", wrap(entry), []string{"Ce-Specversion: 1.0", "Ce-Id: e1",
			"Ce-Type: google.cloud.pubsub.topic.v1.messagePublished", "Ce-Source: //pubsub.googleapis.com/projects/ops/topics/t"}, "m1"},
		{"a structured CloudEvent of the audit log", structured("google.cloud.audit.log.v1.written", entry), []string{structuredType}, "e1"},
		{"a structured CloudEvent of Pub/Sub", structured("google.cloud.pubsub.topic.v1.messagePublished", wrap(entry)),
			[]string{structuredType}, "m1"},
		{"a structured CloudEvent sent as application/json", structured("google.cloud.audit.log.v1.written", entry), []string{"Content-Type: application/json"}, "e1"},
		{"a structured CloudEvent without a content type", structured("google.cloud.audit.log.v1.written", entry), nil, "e1"},
		{"a batch of one CloudEvent", "[" + structured("google.cloud.audit.log.v1.written", entry) + "]", []string{"Content-Type: application/cloudevents-batch+json"}, "e1"},
		{"a batch sent as application/json", "[" + structured("google.cloud.audit.log.v1.written", entry) + "]", []string{"Content-Type: application/json"}, "e1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newReceiver(t)
			r.remediator.outcome = remediate.Outcome{Kind: remediate.Found, Findings: []finding.Finding{{ID: "f1"}, {ID: "f2"}}}
			wantStatus(t, r.post(tc.body, tc.headers...), http.StatusNoContent)
			id := tc.messageID
			if id == "" {
				id = `""`
			}
			r.wantLog(t, `level=INFO msg="event handled" message_id=`+id+` insert_id=i1`+
				` resource=//run.googleapis.com/projects/pay-prod/locations/europe-west1/services/api`+
				` method=google.cloud.run.v1.Services.SetIamPolicy outcome=found findings="[f1 f2]"`)
			if len(r.remediator.got) != 1 || r.remediator.got[0].Actor.Principal != "user:eve@example.com" {
				t.Errorf("handled %+v, want the one change of eve", r.remediator.got)
			}
			if d := cmp.Diff(map[string]int{"found": 1}, r.counts); d != "" {
				t.Errorf("counts (-want +got):\n%s", d)
			}
		})
	}
}

// Of a batch each event is told for itself, and all come again where one has to.
func TestABatchIsHandledEventByEvent(t *testing.T) {
	ok := structured("google.cloud.audit.log.v1.written", entry)
	other := structured("com.example.other", entry)
	r := newReceiver(t)
	r.remediator.outcome = remediate.Outcome{Kind: remediate.Found}
	wantStatus(t, r.post("["+other+","+ok+",7,"+ok+"]", "Content-Type: application/json"), http.StatusNoContent)
	if d := cmp.Diff(map[string]int{"found": 2, functions.KindBadMessage: 2}, r.counts); d != "" || len(r.remediator.got) != 2 {
		t.Errorf("%d handled, counts (-want +got):\n%s", len(r.remediator.got), d)
	}
	r.remediator.err = errors.New("not now")
	wantStatus(t, r.post("["+other+","+ok+"]", "Content-Type: application/json"), http.StatusServiceUnavailable)
}

// None of these may come again, and none may go without a trace.
func TestBadMessagesAreLoggedCountedAndAcknowledged(t *testing.T) {
	const none, bad = "", functions.KindBadMessage
	const dataIs = `{"message":{"messageId":"m1","data":`
	for _, tc := range []struct {
		name, body string
		headers    []string
		kind, id   string
		want       string // the error, as the log writes it
	}{
		{"empty body", " \n", nil, bad, none, `"the body is empty"`},
		{"empty body of an unwrapped push", "", []string{"X-Goog-Pubsub-Message-Id: m2"}, bad, "m2", `"the body is empty"`},
		{"body that is not JSON", "hello", nil, bad, none,
			`"the body is not JSON: invalid character 'h' looking for beginning of value"`},
		{"truncated body", wrap(entry)[:57], nil, bad, none, `"the body is cut off after 57 bytes"`},
		{"JSON with something after it", wrap(entry) + "}", nil, bad, none,
			`"the body is not JSON: invalid character '}' after top-level value"`},
		{"JSON array where a push is expected", `[` + entry + `]`, nil, bad, none, `"the body is a JSON array, want one object"`},
		{"JSON string", `"hello"`, nil, bad, none, `"the body is a JSON string, want an object"`},
		{"JSON null", `null`, nil, bad, none,
			`"the body is no Pub/Sub push (no message) and no log entry (no logName, no protoPayload)"`},
		{"object that is neither push nor entry", `{"hello":"world"}`, nil, bad, none,
			`"the body is no Pub/Sub push (no message) and no log entry (no logName, no protoPayload)"`},
		{"message that is a string", `{"message":"secret"}`, nil, bad, none, `"message is a JSON string"`},
		{"message without data", `{"message":{"messageId":"m1"}}`, nil, bad, "m1", `"message.data is missing"`},
		{"data that is a number", dataIs + `42}}`, nil, bad, none, `"message.data is a JSON number"`},
		{"data that is not base64", dataIs + `"{}"}}`, nil, bad, "m1",
			`"message.data is not base64: illegal base64 data at input byte 0"`},
		{"body over the cap", wrap(strings.Repeat("x", 1<<20)), nil, functions.KindTooLarge, none,
			`"the body is larger than 1048576 bytes"`},
		{"unwrapped push over the cap", strings.Repeat("x", 1<<20+1), []string{"X-Goog-Pubsub-Message-Id: m2"},
			functions.KindTooLarge, "m2", `"the body is larger than 1048576 bytes"`},

		{"batch of CloudEvents", `[]`, []string{"Content-Type: application/cloudevents-batch+json"}, bad, none,
			`"the batch holds no event"`},
		{"CloudEvent of another type", `{}`, []string{"Ce-Specversion: 1.0", "Ce-Id: e1", "Ce-Source: s", "Ce-Type: t"}, bad, "e1",
			`"the CloudEvent has type \"t\", want \"google.cloud.audit.log.v1.written\" or \"google.cloud.pubsub.topic.v1.messagePublished\""`},
		{"CloudEvent without id and source", `{}`, []string{"Ce-Specversion: 1.0", "Ce-Type: t"}, bad, none,
			`"the CloudEvent is not valid: id: MUST be a non-empty string; source: REQUIRED"`},
		{"CloudEvent without version", `{}`, []string{"Ce-Id: e1", "Ce-Source: s", "Ce-Type: t"}, bad, "e1",
			`"read CloudEvent headers: unknown Message encoding"`},
		{"structured CloudEvent that is cut off", `{"specversion":"1.0",`, []string{structuredType}, bad, none,
			`"the body is cut off after 21 bytes"`},
		{"structured CloudEvent that is an array", `[{}]`, []string{structuredType}, bad, none,
			`"the body is a JSON array, want one object"`},
		{"structured CloudEvent without version", `{"id":"secret"}`, []string{structuredType}, bad, none,
			`"the body is no CloudEvent: specversion or another attribute is missing or wrong"`},
		{"structured CloudEvent without data", `{"specversion":"1.0","id":"e1","source":"s","type":"t"}`,
			[]string{structuredType}, bad, "e1", `"the CloudEvent has no data"`},
		{"structured CloudEvent with blank data", `{"specversion":"1.0","id":"e1","source":"s",` +
			`"type":"google.cloud.pubsub.topic.v1.messagePublished","data_base64":"IA=="}`,
			[]string{structuredType}, bad, none, `"the body is not JSON: unexpected end of JSON input"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := newReceiver(t)
			wantStatus(t, r.post(tc.body, tc.headers...), http.StatusNoContent)
			id := tc.id
			if id == "" {
				id = `""`
			}
			r.wantLog(t, `level=ERROR msg="message dropped" kind="`+tc.kind+`" message_id=`+id+` insert_id="" resource="" error=`+tc.want)
			if d := cmp.Diff(map[string]int{tc.kind: 1}, r.counts); d != "" {
				t.Errorf("counts (-want +got):\n%s", d)
			}
			if len(r.remediator.got) != 0 {
				t.Errorf("handled %+v, want nothing", r.remediator.got)
			}
		})
	}
}

func TestABodyOfExactlyTheCapIsRead(t *testing.T) {
	body := wrap(entry)
	r := newReceiver(t, func(c *functions.EventsConfig) { c.MaxBody = int64(len(body)) })
	r.post(body)
	r.post(body + " ")
	if d := cmp.Diff(map[string]int{"compliant": 1, functions.KindTooLarge: 1}, r.counts); d != "" {
		t.Errorf("counts (-want +got):\n%s", d)
	}
}

// A server that answers and closes while the sender still sends may break the
// connection before the sender has seen the answer.
func TestAnOversizedMessageIsReadToItsEnd(t *testing.T) {
	body := strings.NewReader(strings.Repeat("x", 13<<20))
	w := httptest.NewRecorder()
	newReceiver(t).ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/events", body))
	wantStatus(t, w, http.StatusNoContent)
	if body.Len() != 0 {
		t.Errorf("%d bytes are left unread", body.Len())
	}
}

func TestAChangeThatMayBeHandledLaterComesAgain(t *testing.T) {
	r := newReceiver(t)
	r.remediator.err = errors.New("store unavailable")
	w := r.post(wrap(entry))
	wantStatus(t, w, http.StatusServiceUnavailable)
	if w.Header().Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	r.wantLog(t, `level=ERROR msg="message will come again" message_id=m1 error="handle entry i1 on `+
		`//run.googleapis.com/projects/pay-prod/locations/europe-west1/services/api: store unavailable"`)
	if d := cmp.Diff(map[string]int{functions.KindRetry: 1}, r.counts); d != "" {
		t.Errorf("counts (-want +got):\n%s", d)
	}
}

type brokenBody struct{}

func (brokenBody) Read([]byte) (int, error) { return 0, errors.New("connection reset") }
func (brokenBody) Close() error             { return nil }

func TestABodyThatStopsOnTheWayComesAgain(t *testing.T) {
	r := newReceiver(t)
	req := httptest.NewRequest(http.MethodPost, "/events", brokenBody{})
	w := httptest.NewRecorder()
	r.ServeHTTP(w, req)
	wantStatus(t, w, http.StatusServiceUnavailable)
	r.wantLog(t, `level=ERROR msg="message will come again" message_id="" error="read body: connection reset"`)
}

func TestOtherMethodsAreRefused(t *testing.T) {
	r := newReceiver(t)
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodHead, http.MethodDelete} {
		w := httptest.NewRecorder()
		r.ServeHTTP(w, httptest.NewRequest(method, "/events", strings.NewReader(wrap(entry))))
		wantStatus(t, w, http.StatusMethodNotAllowed)
		if got := w.Header().Get("Allow"); got != http.MethodPost {
			t.Errorf("%s: Allow is %q, want POST", method, got)
		}
	}
	if len(r.remediator.got) != 0 {
		t.Error("handled what was not posted")
	}
}

func TestAnIncompleteConfigIsRefusedWhole(t *testing.T) {
	_, err := functions.NewEvents(functions.EventsConfig{MaxBody: -1})
	want := "events: Decode, Handler and Log must be set\n" +
		"events: anyone could post: set Verifier, or AllowUnauthenticated on purpose\n" +
		"events: MaxBody is -1, want 0 or more"
	if err == nil || err.Error() != want {
		t.Errorf("got error:\n%v\nwant:\n%s", err, want)
	}
	c := functions.EventsConfig{Decode: func([]byte) (cloud.Change, error) { return cloud.Change{}, nil },
		Handler: &remediator{}, Log: logTo(&strings.Builder{}), Verifier: refuser{}, AllowUnauthenticated: true}
	_, err = functions.NewEvents(c)
	if want := "events: AllowUnauthenticated with a Verifier: want one of them"; err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
}
