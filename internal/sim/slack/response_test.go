package slack_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
)

// respond answers at a response URL, and returns the status and what Slack says.
func respond(t *testing.T, url any, body string) (int, string) {
	t.Helper()
	res, err := http.Post(url.(string), "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if kind := res.Header.Get("Content-Type"); res.StatusCode == http.StatusOK && kind != "" {
		t.Errorf("answered as %q: Slack's answer has no type, on which clients have stumbled", kind)
	}
	return res.StatusCode, strings.TrimSpace(string(b))
}

// https://docs.slack.dev/interactivity/handling-user-interaction
func TestAResponseURLTakesFiveAnswersInThirtyMinutes(t *testing.T) {
	o := newOffice(t)
	url := o.click(t, "U01").payload["response_url"]
	for i := range 5 {
		if code, _ := respond(t, url, `{"text":"no","response_type":"ephemeral"}`); code != http.StatusOK {
			t.Errorf("answer %d: HTTP %d", i+1, code)
		}
	}
	if code, said := respond(t, url, `{"text":"no"}`); code != http.StatusNotFound || said != "used_url" {
		t.Errorf("the sixth answer: HTTP %d %s", code, said)
	}
	if n := len(o.Notes()); n != 5 {
		t.Errorf("%d notes", n)
	}
	url = o.click(t, "U01").payload["response_url"]
	o.now = o.now.Add(30 * time.Minute)
	if code, _ := respond(t, url, `{"text":"no"}`); code != http.StatusOK {
		t.Errorf("half an hour later: HTTP %d", code)
	}
	o.now = o.now.Add(time.Second)
	if code, said := respond(t, url, `{"text":"no"}`); code != http.StatusNotFound || said != "expired_url" {
		t.Errorf("a second after that: HTTP %d %s", code, said)
	}
}

func TestWhoSeesAnAnswerIsSaidInIt(t *testing.T) {
	const blocks = `[{"type":"divider"}]`
	for _, tc := range []struct {
		sentence, body string
		notes          []simslack.Note
		messages       []string // texts
	}{
		{"whoever clicked, by default", `{"text":"x"}`, []simslack.Note{{User: "U01", Channel: "C01", Text: "x"}}, []string{"one"}},
		{"whoever clicked", `{"text":"x","response_type":"ephemeral"}`, []simslack.Note{{User: "U01", Channel: "C01", Text: "x"}}, []string{"one"}},
		{"the channel", `{"text":"x","response_type":"in_channel"}`, nil, []string{"one", "x"}},
		{"the channel, in the card's place", `{"text":"x","replace_original":true,"blocks":` + blocks + `}`, nil, []string{"x"}},
	} {
		o := newOffice(t)
		if code, said := respond(t, o.click(t, "U01").payload["response_url"], tc.body); code != http.StatusOK {
			t.Errorf("%s: HTTP %d %s", tc.sentence, code, said)
		}
		for i := range tc.notes {
			tc.notes[i].At = o.now
		}
		var texts []string
		for _, m := range o.Messages() {
			texts = append(texts, m.Text)
		}
		if diff := cmp.Diff(tc.notes, o.Notes()); diff != "" {
			t.Errorf("%s: notes (-want +got):\n%s", tc.sentence, diff)
		}
		if diff := cmp.Diff(tc.messages, texts); diff != "" {
			t.Errorf("%s: messages (-want +got):\n%s", tc.sentence, diff)
		}
	}
}

func TestAnAnswerIsHeldToAMessagesLimitsAndCountsNotWhenRefused(t *testing.T) {
	o := newOffice(t)
	url := o.click(t, "U01").payload["response_url"]
	for name, body := range map[string]string{
		"no text":               `{}`,
		"a text over the limit": `{"text":"` + letters(4001) + `"}`,
		"blocks over a limit":   `{"text":"x","blocks":[{"type":"header","text":` + plain(letters(151)) + `}]}`,
		"no JSON":               `x`,
	} {
		if code, said := respond(t, url, body); code != http.StatusBadRequest {
			t.Errorf("%s: HTTP %d %s", name, code, said)
		}
	}
	for range 5 {
		if code, said := respond(t, url, `{"text":"x"}`); code != http.StatusOK {
			t.Errorf("after the refusals: HTTP %d %s", code, said)
		}
	}
	if code, said := respond(t, o.url+"/actions/made-up", `{"text":"x"}`); code != http.StatusNotFound {
		t.Errorf("an address nobody was given: HTTP %d %s", code, said)
	}
}
