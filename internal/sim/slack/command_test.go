package slack_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
)

// https://docs.slack.dev/interactivity/implementing-slash-commands
func TestACommandIsAForm(t *testing.T) {
	o := newOffice(t)
	if err := o.Command(t.Context(), "U01", "C01", "/rescind", "list open & more"); err != nil {
		t.Fatal(err)
	}
	told := o.last(t)
	got, err := url.ParseQuery(told.body)
	if err != nil {
		t.Fatal(err)
	}
	want := url.Values{
		"token": {"legacy"}, "team_id": {"T01"}, "team_domain": {"sim"}, "channel_id": {"C01"}, "channel_name": {"sim"},
		"user_id": {"U01"}, "user_name": {"ada"}, "command": {"/rescind"}, "text": {"list open & more"}, "api_app_id": {"A01"},
		"is_enterprise_install": {"false"}, "response_url": got["response_url"], "trigger_id": got["trigger_id"],
	}
	if diff := cmp.Diff(want, got); diff != "" || told.path != "/commands" {
		t.Errorf("%s (-want +got):\n%s", told.path, diff)
	}
	if code, _ := respond(t, got.Get("response_url"), `{"text":"later"}`); code != http.StatusOK || len(o.Notes()) != 1 {
		t.Errorf("an answer later: HTTP %d, notes %v", code, o.Notes())
	}
	if got := o.call(t, "views.open", "trigger_id", got.Get("trigger_id"), "view", form); got["ok"] != true {
		t.Errorf("a form for whoever wrote it: %v", got)
	}
}

func TestWhatTheAppAnswersAtOnceIsAPrivateNote(t *testing.T) {
	for _, tc := range []struct {
		sentence, answer string
		status           int
		note             string
		fails            bool
	}{
		{"nothing", "", 200, "", false},
		{"a private note", `{"response_type":"ephemeral","text":"two are open"}`, 200, "two are open", false},
		{"a note to everybody", `{"response_type":"in_channel","text":"x"}`, 200, "", true},
		{"an empty note", `{"response_type":"ephemeral","text":""}`, 200, "", true},
		{"a note over the limit", `{"response_type":"ephemeral","text":"` + letters(4001) + `"}`, 200, "", true},
		{"what is no JSON", "fine", 200, "", true},
		{"a refusal", "", 500, "", true},
	} {
		o := newOffice(t)
		o.answer, o.status = tc.answer, tc.status
		err := o.Command(t.Context(), "U01", "C01", "/rescind", "list")
		var want []simslack.Note
		if tc.note != "" {
			want = []simslack.Note{{User: "U01", Channel: "C01", Text: tc.note, At: o.now}}
		}
		if diff := cmp.Diff(want, o.Notes()); diff != "" || (err != nil) != tc.fails {
			t.Errorf("%s: %v, notes (-want +got):\n%s", tc.sentence, err, diff)
		}
	}
	if err := newOffice(t).Command(t.Context(), "U99", "C01", "/rescind", "list"); err == nil {
		t.Error("somebody there is not wrote a command")
	}
}

// https://docs.slack.dev/reference/events/app_home_opened
func TestTheAppHearsThatItsHomeTabWasOpened(t *testing.T) {
	o := newOffice(t)
	for range 2 {
		if err := o.OpenHome(t.Context(), "U02"); err != nil {
			t.Fatal(err)
		}
	}
	told := o.last(t)
	want := map[string]any{
		"type": "event_callback", "team_id": "T01", "api_app_id": "A01", "event_time": 1795348800.0, "event_id": told.payload["event_id"],
		"event": map[string]any{"type": "app_home_opened", "user": "U02", "channel": "DU02", "tab": "home", "event_ts": dig(told.payload, "event", "event_ts")},
	}
	if diff := cmp.Diff(want, told.payload); diff != "" || told.path != "/events" || told.header.Get("Content-Type") != "application/json" {
		t.Errorf("%s as %s (-want +got):\n%s", told.path, told.header.Get("Content-Type"), diff)
	}
	if first := o.told[0].payload["event_id"]; first == told.payload["event_id"] {
		t.Errorf("two events are both %v", first)
	}
	o.status = http.StatusInternalServerError
	if err := o.OpenHome(t.Context(), "U02"); err == nil || !strings.Contains(err.Error(), "HTTP 500") {
		t.Errorf("an app that is broken: %v", err)
	}
}

// https://docs.slack.dev/reference/events/url_verification
func TestTheAppSaysTheChallengeItWasTold(t *testing.T) {
	for answer, good := range map[string]bool{`{"challenge":"challenge-1"}`: true, `{"challenge":"challenge-2"}`: false, `challenge-1`: false, ``: false} {
		o := newOffice(t)
		o.answer = answer
		if err := o.VerifyURL(t.Context()); (err == nil) != good {
			t.Errorf("answered %q: %v", answer, err)
		}
		if p := o.last(t).payload; p["type"] != "url_verification" || p["challenge"] != "challenge-1" {
			t.Errorf("told %v", p)
		}
	}
}
