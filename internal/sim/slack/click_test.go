package slack_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
)

// app takes interactions and keeps the last one.
func app(t *testing.T, c *chat, status int) (last func() (http.Header, map[string]any)) {
	t.Helper()
	var h http.Header
	var payload map[string]any
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		form, _ := url.ParseQuery(string(body))
		h, payload = r.Header, nil
		_ = json.Unmarshal([]byte(form.Get("payload")), &payload)
		w.WriteHeader(status)
	}))
	t.Cleanup(srv.Close)
	c.Connect(c.url, srv.URL)
	return func() (http.Header, map[string]any) { return h, payload }
}

func TestAClickIsSignedAndComesFromTheStoredButton(t *testing.T) {
	c := newChat(t)
	last := app(t, c, http.StatusOK)
	ts := c.call(t, "chat.postMessage", "channel", "C01", "text", "one", "blocks", card)["ts"].(string)
	if err := c.Click(t.Context(), "U01", "C01", ts, "app.yes"); err != nil {
		t.Fatal(err)
	}
	h, p := last()
	action := p["actions"].([]any)[0].(map[string]any)
	if action["value"] != "v" || action["block_id"] != "a" || p["user"].(map[string]any)["team_id"] != "T01" {
		t.Errorf("payload %v", p)
	}
	if h.Get("X-Slack-Request-Timestamp") != "1795348800" || len(h.Get("X-Slack-Signature")) != 67 {
		t.Errorf("headers %v", h)
	}
	c.call(t, "chat.update", "channel", "C01", "ts", ts, "text", "done")
	for name, err := range map[string]error{
		"a button that is gone":   c.Click(t.Context(), "U01", "C01", ts, "app.yes"),
		"a message that is gone":  c.Click(t.Context(), "U01", "C01", "1.1", "app.yes"),
		"another channel's stamp": c.Click(t.Context(), "U01", "C02", ts, "app.yes"),
	} {
		if !errors.Is(err, simslack.ErrNoButton) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAClickThatTheAppRefusesIsAnError(t *testing.T) {
	c := newChat(t)
	app(t, c, http.StatusUnauthorized)
	ts := c.call(t, "chat.postMessage", "channel", "C01", "text", "one", "blocks", card)["ts"].(string)
	want := "click app.yes on " + ts + " in C01: the app answered HTTP 401"
	if err := c.Click(t.Context(), "U01", "C01", ts, "app.yes"); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestAResponseURLTakesFiveNotesInThirtyMinutes(t *testing.T) {
	c := newChat(t)
	last := app(t, c, http.StatusOK)
	ts := c.call(t, "chat.postMessage", "channel", "C01", "text", "one", "blocks", card)["ts"].(string)
	answer := func(url string) int {
		t.Helper()
		res, err := http.Post(url, "application/json", strings.NewReader(`{"text":"no","response_type":"ephemeral"}`))
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		return res.StatusCode
	}
	if err := c.Click(t.Context(), "U01", "C01", ts, "app.yes"); err != nil {
		t.Fatal(err)
	}
	_, p := last()
	for i := range 6 {
		if got := answer(p["response_url"].(string)); (got == 200) != (i < 5) {
			t.Errorf("note %d: HTTP %d", i+1, got)
		}
	}
	if n := c.Notes(); len(n) != 5 || n[0].User != "U01" || n[0].Text != "no" {
		t.Errorf("notes %+v", n)
	}
	if err := c.Click(t.Context(), "U01", "C01", ts, "app.yes"); err != nil {
		t.Fatal(err)
	}
	_, p = last()
	c.now = c.now.Add(31 * time.Minute)
	if got := answer(p["response_url"].(string)); got == 200 {
		t.Errorf("half an hour later: HTTP %d", got)
	}
}
