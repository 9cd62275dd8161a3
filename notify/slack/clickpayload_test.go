package slack_test

import (
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/notify/slack"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// clickJSON is a click in the shape Slack sends, with one part replaced.
func clickJSON(t testing.TB, path string, v any) string {
	t.Helper()
	p := map[string]any{
		"type": "block_actions", "api_app_id": "A01", "trigger_id": "1.abc", "response_url": "https://hooks.slack.com/actions/T01/1/x",
		"team": map[string]any{"id": "T01"}, "user": map[string]any{"id": "U01", "team_id": "T01"}, "channel": map[string]any{"id": "C01"},
		"container": map[string]any{"type": "message", "message_ts": "1795348800.000001", "channel_id": "C01"},
		"message":   map[string]any{"text": "never read", "blocks": []any{map[string]any{"type": "new_kind", "block_id": 7}}},
		"actions": []any{map[string]any{
			"type": "button", "action_id": "rescind.revert", "value": "v1." + findingID + ".3.7f3a9c21", "action_ts": "1795348801.000001",
		}},
	}
	keys := strings.Split(path, "/")
	at := p
	for _, k := range keys[:len(keys)-1] {
		if k == "action" {
			at = p["actions"].([]any)[0].(map[string]any)
		} else {
			at = at[k].(map[string]any)
		}
	}
	if path != "" {
		at[keys[len(keys)-1]] = v
	}
	b, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func form(payloads ...string) []byte { return []byte(url.Values{"payload": payloads}.Encode()) }

func TestParseReadsAClick(t *testing.T) {
	got, err := slack.Parse(form(clickJSON(t, "", nil)))
	if err != nil {
		t.Fatal(err)
	}
	want := slack.Interaction{
		Source: slack.FromButton, TeamID: "T01", AppID: "A01", UserID: "U01", UserTeamID: "T01", Channel: "C01", MessageTS: "1795348800.000001",
		Choice: finding.ChooseRevert, FindingID: findingID, Revision: 3, Digest8: "7f3a9c21",
		ResponseURL: "https://hooks.slack.com/actions/T01/1/x", TriggerID: "1.abc", ActionTS: "1795348801.000001",
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("interaction (-want +got):\n%s", d)
	}
}

func TestParseRefusesWhatIsNotExactlyOneClick(t *testing.T) {
	one := map[string]any{"type": "button", "action_id": "rescind.keep", "value": "v1." + findingID + ".3.7f3a9c21", "action_ts": "1"}
	for _, row := range []struct {
		name, path, want string
		v                any
	}{
		{name: "another type", path: "type", v: "shortcut", want: "read interaction: neither a click nor a form"},
		{name: "a form without a view", path: "type", v: "view_submission", want: "read interaction: not a form of ours"},
		{name: "a click in a view", path: "container/type", v: "view", want: "read interaction: not a click on a message"},
		{name: "no action", path: "actions", v: []any{}, want: "read interaction: 0 actions, want 1"},
		{name: "two actions", path: "actions", v: []any{one, one}, want: "read interaction: 2 actions, want 1"},
		{name: "no team", path: "team", v: nil, want: "read interaction: no team"},
		{name: "no user", path: "user/id", v: "", want: "read interaction: no user"},
		{name: "no app", path: "api_app_id", v: "", want: "read interaction: no app"},
		{name: "no message", path: "container/message_ts", v: "", want: "read interaction: no message"},
		{name: "no action time", path: "action/action_ts", v: "", want: "read interaction: no action time"},
		{name: "two channels", path: "container/channel_id", v: "C02", want: "read interaction: two channels"},
		{name: "a number where a name belongs", path: "user/id", v: 7, want: "read interaction: the payload is not the JSON of a click"},
	} {
		if _, err := slack.Parse(form(clickJSON(t, row.path, row.v))); err == nil || err.Error() != row.want {
			t.Errorf("%s: %v, want %s", row.name, err, row.want)
		}
	}
}

func TestParseRefusesOtherBodies(t *testing.T) {
	good := clickJSON(t, "", nil)
	for name, row := range map[string]struct {
		body []byte
		want string
	}{
		"no payload":    {[]byte("a=b"), "read interaction: 0 payloads in the body, want 1"},
		"two payloads":  {form(good, good), "read interaction: 2 payloads in the body, want 1"},
		"no form":       {[]byte("%zz"), "read interaction: the body is not a form"},
		"no JSON":       {form("{"), "read interaction: the payload is not the JSON of a click"},
		"trailing data": {form(good + "{}"), "read interaction: the payload is not the JSON of a click"},
		"null":          {form("null"), "read interaction: no team"},
	} {
		if _, err := slack.Parse(row.body); err == nil || err.Error() != row.want {
			t.Errorf("%s: %v, want %s", name, err, row.want)
		}
	}
}

func TestParseKnowsWhoClickedAButtonThatIsNotOurs(t *testing.T) {
	for name, row := range map[string]struct{ path, v string }{
		"of a later version":   {"action/value", "v2." + findingID + ".3.7f3a9c21"},
		"without a value":      {"action/value", ""},
		"with more after it":   {"action/value", "v1." + findingID + ".3.7f3a9c21\n"},
		"with a signed number": {"action/value", "v1." + findingID + ".+3.7f3a9c21"},
		"with another id":      {"action/value", "v1.ABCDEFGHIJKLMNOPQRSTUVWX27.3.7f3a9c21"},
		"with another action":  {"action/action_id", "rescind.explode"},
		"that is no button":    {"action/type", "static_select"},
	} {
		got, err := slack.Parse(form(clickJSON(t, row.path, row.v)))
		if !errors.Is(err, slack.ErrButton) {
			t.Errorf("a button %s: %v, want ErrButton", name, err)
		}
		if got.UserID != "U01" || got.ResponseURL == "" || got.FindingID != "" || got.Choice != "" {
			t.Errorf("a button %s: %+v", name, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(string(form(clickJSON(f, "", nil))))
	f.Add("payload=null")
	f.Add("payload=%7B%22actions%22%3A%5Bnull%5D%7D")
	f.Fuzz(func(t *testing.T, body string) {
		i, err := slack.Parse([]byte(body))
		if err != nil {
			return
		}
		if len(i.FindingID) != 26 || len(i.Digest8) != 8 || i.Revision < 0 || i.UserID == "" || i.TeamID == "" ||
			i.Source == slack.FromForm && (i.Choice == finding.ChooseRevert || len(i.Reason) < 10 || i.Choice == finding.ChooseExempt && i.For <= 0) {
			t.Errorf("accepted %+v", i)
		}
	})
}
