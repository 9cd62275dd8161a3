package remediate_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/notify/slack"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// hall is a burst whose people answer in Slack, by a click that Slack signs and
// an endpoint that takes it.
type hall struct {
	*burst
	receiver *slack.Receiver
	later    []func(context.Context)
}

func newHall(t *testing.T, change ...func(*setup)) *hall {
	t.Helper()
	h := &hall{burst: newBurst(t, append([]func(*setup){func(c *setup) {
		c.Authority.Quorum = nil
		c.Ledger = trail.NewLedger(c.Store, c.Now, c.Log)
	}}, change...)...)}
	h.postAtOnce()
	h.letIn()
	h.receive()
	h.connect()
	return h
}

// postAtOnce has the engine tell in a channel that takes any number of messages.
func (h *hall) postAtOnce() {
	c := h.setup
	var err error
	c.Notifier, err = slack.NewNotifier(slack.Config{
		Token: "xoxb-sim", APIURL: h.url, Card: notify.Options{BaseURL: "https://rescind.example.com"}, Now: h.Clock,
		Route: func(finding.Finding) string { return "C01PAY" }, Channels: []string{"C01PAY"},
	})
	h.must(err)
	h.engine = newEngine(h.t, c)
}

// letIn has three approvers in Slack, one who is none, and a guest.
func (h *hall) letIn() {
	for _, u := range []simslack.User{
		{ID: "U0ADA", Email: "Ada@Example.com"}, {ID: "U0BOB", Email: "bob@example.com"}, {ID: "U0JO", Email: "JO@example.com"},
		{ID: "U0EVE", Email: "eve@example.com"}, {ID: "U0GUEST", Email: "ada@example.com", Guest: true},
	} {
		u.Team = "T01"
		h.slack.SetUser(u)
	}
}

// receive makes the endpoints that take what people do.
func (h *hall) receive() {
	people, err := slack.NewPeople(slack.PeopleConfig{Token: "xoxb-sim", APIURL: h.url, Team: "T01", ByMail: true})
	h.must(err)
	h.receiver, err = slack.NewReceiver(slack.ReceiverConfig{
		Secrets: []slack.Secret{"s"}, Team: "T01", AppID: "A01", Token: "xoxb-sim", APIURL: h.url, ResponseURLs: h.site() + "/",
		Clerk: &slack.ClerkConfig{
			Approvers: people.Principal, Answers: h.Remediator, Findings: h.Store, Previews: h.Desk(), Desk: h.Desk(), Channels: []string{"C01PAY"},
		},
		Later: func(do func(context.Context)) { h.later = append(h.later, do) },
		Now:   h.Clock, Log: slog.New(slog.DiscardHandler),
	})
	h.must(err)
}

// connect has Slack send what people do to the endpoints.
func (h *hall) connect() {
	srv := httptest.NewServer(h.receiver.Interactions())
	h.t.Cleanup(srv.Close)
	commands := httptest.NewServer(h.receiver.Commands())
	h.t.Cleanup(commands.Close)
	h.slack.Connect(h.site(), srv.URL)
	h.slack.ConnectApp(commands.URL, "")
}

func (h *hall) site() string { return strings.TrimSuffix(h.url, "/api") }

// press clicks a button of the message, and has the form filled in that it opens.
func (h *hall) press(user string, m simslack.Message, action string) {
	h.t.Helper()
	h.must(h.slack.Click(h.t.Context(), user, m.Channel, m.TS, action))
	h.fillIn()
}

// fillIn does what was left for after the answer to the click.
func (h *hall) fillIn() {
	for _, do := range h.later {
		do(h.t.Context())
	}
	h.later = nil
}

// form is the form that the user's click opened.
func (h *hall) form(user string, m simslack.Message, action string) simslack.View {
	h.t.Helper()
	h.press(user, m, action)
	views := h.slack.Views()
	if len(views) == 0 || views[len(views)-1].User != user {
		h.t.Fatalf("%s opened no form for %s: notes %v", action, user, h.slack.Notes())
	}
	return views[len(views)-1]
}

// said is what people were told in private, in order.
func (h *hall) said() (out []string) {
	for _, n := range h.slack.Notes() {
		out = append(out, n.User+": "+n.Text)
	}
	return out
}

// refusals are the classes of the refusals in the ledger.
func (h *hall) refusals() (out []string) {
	h.t.Helper()
	for e, err := range h.Ledger.Records(h.t.Context(), h.Clock().Add(-24*time.Hour), h.Clock().Add(time.Minute)) {
		h.must(err)
		if e.Kind == trail.Refused {
			out = append(out, e.Class)
		}
	}
	return out
}

func TestKeepAllAsksForAReasonAndSaysWhatItAnswers(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	h.several(3)
	v := h.form("U0ADA", h.card(), "rescind.keep_all")
	if v.Title != "Keep all changes?" || v.Submit != "Keep all changes" {
		t.Errorf("the form is %q with %q", v.Title, v.Submit)
	}
	for _, want := range []string{"Of the 3 findings on this card 3 wait for an answer.", "service api-1", "service api-2", "service api-3"} {
		if !strings.Contains(string(v.Blocks), want) {
			t.Errorf("no %q in:\n%s", want, v.Blocks)
		}
	}
	h.must(h.slack.Submit(t.Context(), "U0ADA", v.ID, map[string]string{"reason": "agreed with the payments team"}))
	h.settle()
	h.wantStates(map[state.State]int{state.Kept: 3})
	for _, f := range h.every() {
		if len(f.Answers) != 1 || f.Answers[0].Principal != ada || f.Answers[0].Reason != "agreed with the payments team" {
			t.Errorf("finding %s has the answers %+v", f.ID, f.Answers)
		}
	}
}

func (h *hall) every() []finding.Finding {
	h.t.Helper()
	fs, err := h.Store.Findings(h.t.Context(), finding.Query{})
	h.must(err)
	return fs
}

func TestKeepAllByWhoeverMadeOneOfThemIsRefusedForAll(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	h.several(3)
	v := h.form("U0JO", h.card(), "rescind.keep_all")
	h.must(h.slack.Submit(t.Context(), "U0JO", v.ID, map[string]string{"reason": "it is fine, I made it"}))
	if v = h.slack.Views()[0]; !strings.Contains(fmt.Sprint(v.Errors), "user:jo@example.com made this change and cannot keep it") {
		t.Errorf("the form says %v", v.Errors)
	}
	h.settle()
	h.wantStates(map[state.State]int{state.Pending: 3})
	if got := h.refusals(); len(got) != 1 || got[0] != string(finding.ClassActor) {
		t.Errorf("the ledger has the refusals %v", got)
	}
	h.press("U0JO", h.card(), "rescind.revert_all") // which lowers the exposure
	h.settle()
	h.wantStates(map[state.State]int{state.Reverted: 3})
}

func TestAFormForAllSaysThatTheListHasGrown(t *testing.T) {
	t.Parallel()
	h := newHall(t)
	h.several(2)
	card := h.card()
	h.must(h.slack.Click(t.Context(), "U0ADA", card.Channel, card.TS, "rescind.keep_all"))
	h.opens() // before the worker has looked up what the form is about
	h.fillIn()
	v := h.slack.Views()[0]
	h.settle()
	if !strings.Contains(string(v.Blocks), "This will be refused: findings were added") {
		t.Errorf("the form:\n%s", v.Blocks)
	}
	h.must(h.slack.Submit(t.Context(), "U0ADA", v.ID, map[string]string{"reason": "agreed with the payments team"}))
	if v = h.slack.Views()[0]; !strings.Contains(fmt.Sprint(v.Errors), "findings were added since this card was made") {
		t.Errorf("the form says %v", v.Errors)
	}
	h.wantStates(map[state.State]int{state.Pending: 3})
}

func TestAVoteOnAGroupThatTakesMoreIsInTheLedger(t *testing.T) {
	t.Parallel()
	h := newHall(t, func(c *setup) { c.Authority.Quorum = map[finding.Choice]int{finding.ChooseKeep: 2} })
	fs := h.several(2)
	v := h.form("U0ADA", h.card(), "rescind.keep_all")
	h.must(h.slack.Submit(t.Context(), "U0ADA", v.ID, map[string]string{"reason": "agreed with the payments team"}))
	h.settle()
	h.wantStates(map[state.State]int{state.Pending: 2})
	var last trail.Record
	for e, err := range h.Ledger.Records(t.Context(), h.Clock().Add(-time.Hour), h.Clock().Add(time.Minute)) {
		h.must(err)
		last = e
	}
	if last.Kind != trail.Voted || last.Who != ada || last.Via != "slack:T01/U0ADA" || last.Finding != h.stored(fs[0]).Group ||
		last.What != "keep of all 2 ("+fs[0].ID+", "+fs[1].ID+"): agreed with the payments team" {
		t.Errorf("the last entry is %+v", last)
	}
}
