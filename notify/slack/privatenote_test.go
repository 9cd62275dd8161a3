package slack_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/remediate/finding"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/notify/slack"
)

func TestAPrivateNoteFindsAnotherWayWhenTheFirstFails(t *testing.T) {
	foreign := func(c *slack.ReceiverConfig) { c.ResponseURLs = "" } // Slack's own: the simulated one is not it
	for _, row := range []struct {
		name string
		down []string
		want []string // notes in the channel
		dm   string
	}{
		{"in the channel, outside of any thread", nil, []string{"U02: " + "Not recorded: you are not among those who may answer."}, ""},
		{"in a conversation of their own", []string{"chat.postEphemeral"}, nil, "Not recorded: you are not among those who may answer."},
	} {
		o := newOffice(t, foreign)
		f := o.show(t, publicService())
		o.fail(500, row.down...)
		o.click(t, "U02", f, "rescind.revert")
		if d := cmp.Diff(row.want, o.notes()); d != "" {
			t.Errorf("%s: notes (-want +got):\n%s", row.name, d)
		}
		last := o.Messages()[len(o.Messages())-1]
		if row.dm != "" && (last.Channel != "DU02" || last.Text != row.dm) {
			t.Errorf("%s: last message %+v", row.name, last)
		}
	}
}

func TestAClickThatCanBeNeitherRecordedNorAnsweredFailsInTheOpen(t *testing.T) {
	o := newOffice(t, func(c *slack.ReceiverConfig) { c.ResponseURLs = "" }) // Slack's own: the simulated one is not it
	f := o.show(t, publicService())
	o.fail(500, "chat.postEphemeral", "conversations.open")
	err := o.Click(t.Context(), "U02", "C01PAY", f.Surfaces[0].ID, "rescind.revert")
	if err == nil || !strings.Contains(err.Error(), "HTTP 500") || len(o.notes()) != 0 {
		t.Errorf("click: %v, notes %v", err, o.notes())
	}
}

func TestAButtonFromAnotherVersionIsExplained(t *testing.T) {
	var got string
	srv := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		got = string(b)
	}))
	defer srv.Close()
	o := newOffice(t, func(c *slack.ReceiverConfig) { c.ResponseURLs = srv.URL + "/" })
	body := strings.ReplaceAll(clickJSON(t, "action/value", "v9.x"), "https://hooks.slack.com/", srv.URL+"/")
	if status := o.post(form(body), signed(stampOf(noon), form(body), signingSecret), "/"); status != http.StatusOK {
		t.Errorf("HTTP %d", status)
	}
	if !strings.Contains(got, "another version of rescind") || !strings.Contains(got, `"response_type":"ephemeral"`) {
		t.Errorf("note %s", got)
	}
}

func TestS13NotesGoToSlackAloneAndFollowNoRedirect(t *testing.T) {
	reached := false
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer elsewhere.Close()
	redirect := httptest.NewServer(http.RedirectHandler(elsewhere.URL, http.StatusTemporaryRedirect))
	defer redirect.Close()
	for name, row := range map[string]struct{ prefix, to string }{
		"another host":                     {"", elsewhere.URL + "/x"},
		"a host that begins like Slack's":  {"", "https://hooks.slack.com.evil.example/x"},
		"a user that looks like the host":  {"", "https://hooks.slack.com@evil.example/x"},
		"plain HTTP":                       {"", "http://hooks.slack.com/x"},
		"a redirect from the allowed host": {redirect.URL + "/", redirect.URL + "/x"},
	} {
		o := newOffice(t, func(c *slack.ReceiverConfig) { c.ResponseURLs = row.prefix })
		body := form(clickJSON(t, "response_url", row.to))
		o.answers.fail = &finding.RefusedError{Why: "no"}
		o.fail(500, "chat.postEphemeral", "conversations.open")
		if status := o.post(body, signed(stampOf(noon), body, signingSecret), "/"); status != http.StatusInternalServerError || reached {
			t.Errorf("%s: HTTP %d, reached %t", name, status, reached)
		}
		if strings.Contains(o.logs.String(), row.to) {
			t.Errorf("%s: the response URL is in the log", name)
		}
	}
}
