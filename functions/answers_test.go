package functions_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/desk"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/functions"
)

// counter is a POST /answers and what came of it.
type counter struct {
	http.Handler
	took []desk.Signed
	fail error
	log  strings.Builder
	kind []string
}

func newDesk(t testing.TB) *counter {
	t.Helper()
	d := &counter{}
	h, err := functions.NewAnswers(functions.AnswersConfig{
		Takes: map[string]functions.Take{"slack": func(_ context.Context, s desk.Signed) error {
			d.took = append(d.took, s)
			return d.fail
		}},
		Log: logTo(&d.log), AllowUnauthenticated: true, Count: func(k string) { d.kind = append(d.kind, k) },
	})
	if err != nil {
		t.Fatal(err)
	}
	d.Handler = h
	return d
}

func (d *counter) post(body string, headers ...string) int {
	r := httptest.NewRequest(http.MethodPost, "/answers", strings.NewReader(body))
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Add(name, value)
	}
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w.Code
}

var answer = desk.Signed{
	Kind: "slack", Path: "/slack/interactions", Header: map[string]string{"X-Slack-Signature": "v0=5ec2e7"}, Body: []byte("payload=5ec2e7"),
}

func answerJSON() string {
	b, _ := json.Marshal(answer)
	return string(b)
}

func pushed(data string) string {
	return `{"message":{"data":"` + base64.StdEncoding.EncodeToString([]byte(data)) + `","messageId":"m1","publishTime":"2026-11-22T12:00:00.5Z"},"subscription":"s"}`
}

func TestAnAnswerIsTakenAsItWasSignedAndWhenItWasPublished(t *testing.T) {
	want := answer
	want.At = time.Date(2026, 11, 22, 12, 0, 0, 5e8, time.UTC)
	for name, post := range map[string]func(*counter) int{
		"wrapped": func(d *counter) int { return d.post(pushed(answerJSON())) },
		"unwrapped": func(d *counter) int {
			return d.post(answerJSON(), "x-goog-pubsub-message-id: m1", "x-goog-pubsub-publish-time: 2026-11-22T12:00:00.5Z")
		},
	} {
		d := newDesk(t)
		if code := post(d); code != http.StatusNoContent {
			t.Errorf("%s: HTTP %d", name, code)
		}
		if diff := cmp.Diff([]desk.Signed{want}, d.took); diff != "" || d.kind[0] != functions.KindAnswer {
			t.Errorf("%s: %v (-want +got):\n%s", name, d.kind, diff)
		}
		if strings.Contains(d.log.String(), "5ec2e7") {
			t.Errorf("%s: the log holds the request: %s", name, &d.log)
		}
	}
}

func TestAnAnswerThatCanNeverBeReadIsDroppedAndCounted(t *testing.T) {
	for _, row := range []struct {
		name, body, kind string
		headers          []string
	}{
		{"nothing", "", functions.KindBadAnswer, nil},
		{"no push", `{"kind":"slack"}`, functions.KindBadAnswer, nil},
		{"data that is not base64", `{"message":{"data":"%","messageId":"m1","publishTime":"2026-11-22T12:00:00Z"}}`, functions.KindBadAnswer, nil},
		{"no time of publishing", strings.Replace(pushed(answerJSON()), "publishTime", "published", 1), functions.KindBadAnswer, nil},
		{"unwrapped, no time of publishing", answerJSON(), functions.KindBadAnswer, []string{"x-goog-pubsub-message-id: m1"}},
		{"data that is not JSON", pushed("5ec2e7"), functions.KindBadAnswer, nil},
		{"data with a key there is not", pushed(strings.Replace(answerJSON(), "{", `{"at":"5ec2e7",`, 1)), functions.KindBadAnswer, nil},
		{"two requests", pushed(answerJSON() + answerJSON()), functions.KindBadAnswer, nil},
		{"a bracket after the request", pushed(answerJSON() + "}"), functions.KindBadAnswer, nil},
		{"no kind", pushed(strings.Replace(answerJSON(), `"slack"`, `""`, 1)), functions.KindBadAnswer, nil},
		{"a kind that nobody verifies", pushed(strings.Replace(answerJSON(), `"slack"`, `"nobody"`, 1)), functions.KindUnsigned, nil},
		{"more than any request can be", strings.Repeat("a", 3<<20), functions.KindTooLarge, nil},
	} {
		d := newDesk(t)
		if code := d.post(row.body, row.headers...); code != http.StatusNoContent || len(d.took) != 0 || len(d.kind) != 1 || d.kind[0] != row.kind {
			t.Errorf("%s: HTTP %d, took %v, counted %v", row.name, code, d.took, d.kind)
		}
		if strings.Contains(d.log.String(), "5ec2e7") || !strings.Contains(d.log.String(), "answer dropped") {
			t.Errorf("%s: log %s", row.name, &d.log)
		}
	}
}

// Attributes of an unwrapped push are headers, and its data is the body: whoever may
// publish writes all but what Pub/Sub says itself.
func TestS3APublisherCannotChooseWhenAnAnswerWasPublished(t *testing.T) {
	const published = "x-goog-pubsub-publish-time: 2026-11-28T14:00:00Z"
	atPubSub := time.Date(2026, 11, 28, 14, 0, 0, 0, time.UTC)
	metadata := []string{"x-goog-pubsub-message-id: m1", published}
	inHeaders := []string{"Ce-Id: e1", "Ce-Source: /x", "Ce-Specversion: 1.0", "Ce-Type: google.cloud.pubsub.topic.v1.messagePublished"}
	event := structured("google.cloud.pubsub.topic.v1.messagePublished", pushed(answerJSON()))
	for _, row := range []struct {
		name, body string
		headers    []string
		want       time.Time // zero: the answer is not taken
	}{
		{"attributes of a CloudEvent, and a push in the data", pushed(answerJSON()), slices.Concat(metadata, inHeaders), time.Time{}},
		{"attributes of a CloudEvent, and no message id", pushed(answerJSON()), append([]string{published}, inHeaders...), time.Time{}},
		{"attributes of a CloudEvent, and an empty message id", pushed(answerJSON()),
			append([]string{"x-goog-pubsub-message-id: "}, inHeaders...), time.Time{}},
		{"an attribute that says the data is a CloudEvent", event, append([]string{structuredType}, metadata...), time.Time{}},
		{"a push in the data", pushed(answerJSON()), metadata, time.Time{}},
		{"an attribute named like the time of publishing", answerJSON(), append([]string{"x-goog-pubsub-publish-time: 2026-01-01T00:00:00Z"}, metadata...), time.Time{}},
		{"a CloudEvent in headers, whoever wrote it", pushed(answerJSON()), inHeaders, time.Time{}},
		{"a CloudEvent in the body, whoever wrote it", event, []string{structuredType}, time.Time{}},
		{"attributes of a CloudEvent on an honest answer", answerJSON(), slices.Concat(metadata, inHeaders), atPubSub},
	} {
		d := newDesk(t)
		d.post(row.body, row.headers...)
		switch {
		case row.want.IsZero() && (len(d.took) != 0 || !slices.Equal(d.kind, []string{functions.KindBadAnswer})):
			t.Errorf("%s: took %v, counted %v", row.name, d.took, d.kind)
		case !row.want.IsZero() && (len(d.took) != 1 || !d.took[0].At.Equal(row.want)):
			t.Errorf("%s: took %v, want one of %v", row.name, d.took, row.want)
		}
	}
}

func TestAnAnswerThatCouldNotBeTakenComesAgain(t *testing.T) {
	d := newDesk(t)
	d.fail = errors.New("store: unavailable")
	if code := d.post(pushed(answerJSON())); code != http.StatusServiceUnavailable || d.kind[0] != functions.KindRetry {
		t.Errorf("HTTP %d, counted %v", code, d.kind)
	}
}

func TestAnswersTakeATokenOrSayThatTheyTakeNone(t *testing.T) {
	takes := map[string]functions.Take{"slack": func(context.Context, desk.Signed) error { return nil }}
	for name, c := range map[string]functions.AnswersConfig{
		"no token and no word of it": {Takes: takes, Log: logTo(&strings.Builder{})},
		"nobody who takes them":      {Log: logTo(&strings.Builder{}), AllowUnauthenticated: true},
		"nowhere to log":             {Takes: takes, AllowUnauthenticated: true},
	} {
		if _, err := functions.NewAnswers(c); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
	d := newDesk(t)
	w := httptest.NewRecorder()
	d.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/answers", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: HTTP %d", w.Code)
	}
}

func FuzzAnswers(f *testing.F) {
	for _, s := range []string{pushed(answerJSON()), answerJSON(), "", "null", `{"message":null}`, pushed("null")} {
		f.Add(s, "")
		f.Add(s, "m1")
	}
	f.Fuzz(func(t *testing.T, body, id string) {
		d := newDesk(t)
		var headers []string
		if id != "" {
			headers = []string{"x-goog-pubsub-message-id: " + strings.Map(printableASCII, id), "x-goog-pubsub-publish-time: 2026-11-22T12:00:00Z"}
		}
		code := d.post(body, headers...)
		if code != http.StatusNoContent || len(d.kind) != 1 || len(d.took) == 1 && (d.took[0].At.IsZero() || len(d.took[0].Body) == 0) {
			t.Errorf("HTTP %d, counted %v, took %v", code, d.kind, d.took)
		}
	})
}

func printableASCII(r rune) rune {
	if r < 0x21 || r > 0x7e {
		return -1
	}
	return r
}
