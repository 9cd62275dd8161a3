package slack_test

import (
	"context"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/notify/slack"
	"github.com/rescind-dev/rescind/remediate/desk"
)

// Slack signs the body and not the path, so what was signed for one endpoint
// must mean nothing to another.
func TestS1WhatWasSignedForOnePathDecidesNothingOnAnother(t *testing.T) {
	click := string(form(clickJSON(t, "", nil)))
	command := url.Values{
		"command": {"/rescind"}, "text": {"pause for 1h payload=" + clickJSON(t, "", nil)}, "team_id": {"T01"}, "api_app_id": {"A01"},
		"user_id": {"U01"}, "channel_id": {"C01"}, "response_url": {"https://hooks.slack.com/x"},
	}.Encode()
	event := `{"type":"event_callback","team_id":"T01","api_app_id":"A01","event":{"type":"message","user":"U01","text":"payload=` + url.QueryEscape(clickJSON(t, "", nil)) + `&command=/rescind"}}`
	own := map[string]string{slack.InteractionsPath: click, slack.CommandsPath: command, slack.EventsPath: event}
	for of, body := range own {
		for path := range own {
			if path == of {
				continue
			}
			l, keeps := book()
			tr := newTravelling(t, keeps)
			tr.show(t, publicService())
			header := map[string]string{}
			for k, v := range signed(stampOf(noon), []byte(body), signingSecret) {
				header[k] = v[0]
			}
			s := desk.Signed{Kind: desk.SignedBySlack, Path: path, Header: header, Body: []byte(body), At: noon}
			if err := tr.take(t, s); err != nil || len(tr.answers.got) != 0 || len(entries(t, l)) != 0 || len(tr.notes()) != 0 {
				t.Errorf("%s as %s: %v; answers %v, ledger %v, notes %v", of, path, err, tr.answers.got, entries(t, l), tr.notes())
			}
		}
	}
}

func TestAFormThatArrivesBeforeTheClickThatOpenedItCountsOnce(t *testing.T) {
	tr := newTravelling(t)
	v := tr.opened(t, "U01", tr.show(t, publicService()), "rescind.keep")
	if err := tr.Submit(t.Context(), "U01", v.ID, map[string]string{"reason": why}); err != nil {
		t.Fatal(err)
	}
	slices.Reverse(tr.sent)
	if err := tr.take(t, tr.sent...); err != nil || len(tr.sent) != 2 || len(tr.answers.got) != 1 || len(tr.notes()) != 0 {
		t.Errorf("%v: of %d sent came the answers %v, notes %v", err, len(tr.sent), tr.answers.got, tr.notes())
	}
}

func TestAnEnvelopeThatSaysItIsSomethingElseDecidesNothing(t *testing.T) {
	p := newPlugged(t)
	p.connected(t)
	p.show(t, publicService())
	for name, body := range map[string]string{
		"a click as an event":          clickJSON(t, "", nil),
		"a command as an interaction":  url.Values{"payload": {`{"command":"/rescind","text":"pause a release","team_id":"T01","api_app_id":"A01","user_id":"U01","channel_id":"C01"}`}}.Encode(),
		"a click as a command's field": url.Values{"command": {"/other"}, "text": {clickJSON(t, "", nil)}, "team_id": {"T01"}}.Encode(),
	} {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		err := p.Send(ctx, body)
		cancel()
		if err == nil || len(p.answers.got) != 0 || len(p.notes()) != 0 {
			t.Errorf("%s: acknowledged (%v), answers %v, notes %v", name, err, p.answers.got, p.notes())
		}
	}
}
