package slack_test

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/notify/slack"
)

func TestS1S2RequestsSlackDidNotSignAreRefusedWithoutATrace(t *testing.T) {
	o := newOffice(t)
	body := form(clickJSON(t, "", nil))
	good := signed(stampOf(noon), body, signingSecret)
	forged := signed(stampOf(noon), body, "guess")
	old := signed(stampOf(noon.Add(-301*time.Second)), body, signingSecret)
	for name, h := range map[string]http.Header{"forged": forged, "old": old, "unsigned": {}} {
		if got := o.post(body, h, "/slack/interactions"); got != http.StatusUnauthorized {
			t.Errorf("%s: HTTP %d, want 401", name, got)
		}
	}
	for i := range body {
		changed := append([]byte(nil), body...)
		changed[i] ^= 1
		if got := o.post(changed, good, "/slack/interactions"); got != http.StatusUnauthorized {
			t.Errorf("byte %d changed: HTTP %d, want 401", i, got)
		}
	}
	if len(o.answers.got) != 0 {
		t.Errorf("answers %v", o.answers.got)
	}
	for _, h := range []http.Header{forged, old, good} {
		if s := h.Get("X-Slack-Signature"); strings.Contains(o.logs.String(), s[3:]) {
			t.Error("a signature is in the log")
		}
	}
	if sign := slack.Sign(signingSecret, stampOf(noon), body); strings.Contains(o.logs.String(), sign[3:]) {
		t.Error("the expected signature is in the log")
	}
}

func TestS4APayloadInTheQueryStringIsNotRead(t *testing.T) {
	o := newOffice(t)
	payload := strings.TrimPrefix(string(form(clickJSON(t, "", nil))), "payload=")
	if got := o.post(nil, signed(stampOf(noon), nil, signingSecret), "/slack/interactions?payload="+payload); got != http.StatusBadRequest || len(o.answers.got) != 0 {
		t.Errorf("HTTP %d, answers %v", got, o.answers.got)
	}
}

func TestOnlyAPostOfReasonableSizeIsRead(t *testing.T) {
	o := newOffice(t)
	w := httptest.NewRecorder()
	o.handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/slack/interactions", nil))
	if w.Code != http.StatusMethodNotAllowed {
		t.Errorf("GET: HTTP %d", w.Code)
	}
	big := bytes.Repeat([]byte("a"), 1<<20+1)
	if got := o.post(big, signed(stampOf(noon), big, signingSecret), "/"); got != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: HTTP %d", got)
	}
	r := httptest.NewRequest(http.MethodPost, "/", io.MultiReader(bytes.NewReader(big))) // length unknown
	r.Header = signed(stampOf(noon), big, "guess")
	w = httptest.NewRecorder()
	o.handler.ServeHTTP(w, r)
	if w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("too large, chunked: HTTP %d", w.Code)
	}
}

func TestAReceiverNamesAllThatIsMissing(t *testing.T) {
	_, err := slack.NewReceiver(slack.ReceiverConfig{Secrets: []slack.Secret{"a", ""}, Clerk: &slack.ClerkConfig{}, Courier: courier{}})
	want := strings.Join([]string{
		"slack receiver: a signing secret is empty or none is set", "slack receiver: no team", "slack receiver: the bot token is empty",
		"slack receiver: want either a courier or a clerk", "slack receiver: no clock", "slack receiver: no logger",
		"slack receiver: a clerk needs approvers, a desk, and somewhere to record answers and to look up findings",
	}, "\n")
	if err == nil || err.Error() != want {
		t.Errorf("error:\n%v\nwant:\n%s", err, want)
	}
}
