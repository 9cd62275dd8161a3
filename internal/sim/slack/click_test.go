package slack_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
)

// signature is what Slack says of a request's body.
// https://docs.slack.dev/authentication/verifying-requests-from-slack
func signature(secret, stamp, body string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte("v0:" + stamp + ":" + body))
	return "v0=" + hex.EncodeToString(mac.Sum(nil))
}

func TestWhatSlackSendsIsSigned(t *testing.T) {
	o := newOffice(t)
	o.click(t, "U01")
	for _, send := range []func() error{
		func() error { return o.Command(t.Context(), "U01", "C01", "/rescind", "list") },
		func() error { return o.OpenHome(t.Context(), "U01") },
		func() error { return o.Send(t.Context(), "payload=%7B%7D") },
	} {
		if err := send(); err != nil {
			t.Fatal(err)
		}
	}
	for _, r := range o.told {
		stamp := r.header.Get("X-Slack-Request-Timestamp")
		if want := signature("s", stamp, r.body); stamp != "1795348800" || r.header.Get("X-Slack-Signature") != want {
			t.Errorf("%s: signed %s at %s, want %s", r.path, r.header.Get("X-Slack-Signature"), stamp, want)
		}
	}
}

// https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
func TestAClickTellsTheStoredButtonAndWhoPressedIt(t *testing.T) {
	o := newOffice(t)
	o.SetUser(simslack.User{ID: "U03", Name: "eve", Team: "T99"})
	told := o.click(t, "U03")
	ts := o.Messages()[0].TS
	want := map[string]any{
		"type": "block_actions", "api_app_id": "A01", "enterprise": nil, "is_enterprise_install": false,
		"team":      map[string]any{"id": "T01", "domain": "sim"},
		"user":      map[string]any{"id": "U03", "username": "eve", "team_id": "T99"},
		"channel":   map[string]any{"id": "C01", "name": "sim"},
		"container": map[string]any{"type": "message", "message_ts": ts, "channel_id": "C01", "is_ephemeral": false},
		"actions": []any{map[string]any{
			"type": "button", "action_id": "app.yes", "block_id": "a", "value": "v",
			"text": map[string]any{"type": "plain_text", "text": "Yes"}, "action_ts": dig(told.payload["actions"].([]any)[0], "action_ts"),
		}},
	}
	got := map[string]any{}
	for k := range want {
		got[k] = told.payload[k]
	}
	if diff := cmp.Diff(want, got); diff != "" || told.path != "/interactions" || told.header.Get("Content-Type") != "application/x-www-form-urlencoded" {
		t.Errorf("%s as %s (-want +got):\n%s", told.path, told.header.Get("Content-Type"), diff)
	}
	if url, _ := told.payload["response_url"].(string); !strings.HasPrefix(url, o.url+"/actions/") || told.payload["trigger_id"] == "" {
		t.Errorf("response_url %s, trigger %v", url, told.payload["trigger_id"])
	}
}

// Two clicks on one button are two: an app that tells them apart does so by
// action_ts.
func TestEachClickIsOneOfItsOwn(t *testing.T) {
	o := newOffice(t)
	ts := o.post(t)
	seen := map[any]bool{}
	for range 3 {
		if err := o.Click(t.Context(), "U01", "C01", ts, "app.yes"); err != nil {
			t.Fatal(err)
		}
		p := o.last(t).payload
		for _, once := range []any{dig(p["actions"].([]any)[0], "action_ts"), p["trigger_id"], p["response_url"]} {
			if seen[once] {
				t.Errorf("%v comes twice", once)
			}
			seen[once] = true
		}
	}
}

func TestAButtonIsPressedOnlyWhereItStands(t *testing.T) {
	o := newOffice(t)
	ts := o.post(t)
	press := func(user, channel, ts, action string) error { return o.Click(t.Context(), user, channel, ts, action) }
	for name, err := range map[string]error{
		"another button":          press("U01", "C01", ts, "app.no"),
		"a message there is not":  press("U01", "C01", "1.1", "app.yes"),
		"another channel's stamp": press("U01", "C02", ts, "app.yes"),
	} {
		if !errors.Is(err, simslack.ErrNoButton) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if err := press("U99", "C01", ts, "app.yes"); err == nil || errors.Is(err, simslack.ErrNoButton) {
		t.Errorf("a person there is not: %v", err)
	}
	o.call(t, "chat.update", "channel", "C01", "ts", ts, "text", "done")
	if err := press("U01", "C01", ts, "app.yes"); !errors.Is(err, simslack.ErrNoButton) {
		t.Errorf("a button that an update took away: %v", err)
	}
	if len(o.told) != 0 {
		t.Errorf("the app was told %v", o.told)
	}
}

func TestAClickThatTheAppRefusesIsAnError(t *testing.T) {
	o := newOffice(t)
	o.status = http.StatusUnauthorized
	ts := o.post(t)
	want := "click app.yes on " + ts + " in C01: the app answered HTTP 401"
	if err := o.Click(t.Context(), "U01", "C01", ts, "app.yes"); err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}
