package main

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/remediate"
)

// alone is a rescind with a store of its own beside the demo, whose worker runs
// and whose sweep never comes by its tick.
func alone(t *testing.T, d *demo, change func(*config)) *app {
	t.Helper()
	a := another(t, d, func(c *config, w *world) {
		c.Store, w.store = "memory:", nil
		change(c)
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); a.work(ctx, time.Hour) }()
	t.Cleanup(func() { stop(); <-ended })
	return a
}

// eventually waits for what the worker does by itself.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for !ok() {
		if pause(ctx, 20*time.Millisecond) != nil {
			t.Fatalf("%s does not come", what)
		}
	}
}

func TestACardThatWaitsForItsTurnIsRewrittenThenAndNotAtTheNextTick(t *testing.T) {
	d := newTestDemo(t, askAlways)
	f, _ := asked(t, d)
	a := alone(t, d, func(*config) {})
	out, err := watched{a, nil}.Handle(t.Context(), f.Change)
	if err != nil || len(out.Findings) != 1 {
		t.Fatalf("%d findings (%v)", len(out.Findings), err)
	}
	f = out.Findings[0]
	if _, err := a.waking().Answer(t.Context(), f.ID, remediate.Answer{
		Choice: remediate.ChooseKeep, Principal: "user:ada@example.com", Via: "test", Reason: "reviewed last week", Revision: f.Revision, Digest: f.Plan.Digest,
	}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the card without its question", func() bool {
		for _, m := range d.slack.Messages() {
			if strings.HasPrefix(m.Text, "Kept by ada@example.com") {
				return true
			}
		}
		return false
	})
}

func TestTheButtonThatPagesOnCallPagesOnCall(t *testing.T) {
	for _, tt := range []struct {
		name      string
		configure func(*approvalsConfig)
	}{
		{"the group that escalation names", func(a *approvalsConfig) { a.Escalation.Usergroup = "S01ONCALL" }},
		{"without one, the group whose members may answer", func(a *approvalsConfig) { a.Approvers.SlackUsergroups = []string{"@oncall", "S01ONCALL"} }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newTestDemo(t, askAlways)
			f, _ := asked(t, d)
			a := alone(t, d, func(c *config) { tt.configure(&c.Approvals) })
			out, err := watched{a, nil}.Handle(t.Context(), f.Change)
			if err != nil || len(out.Findings) != 1 || len(out.Findings[0].Surfaces) != 1 {
				t.Fatalf("%d findings (%v)", len(out.Findings), err)
			}
			card := out.Findings[0].Surfaces[0]
			server := httptest.NewServer(a.routes)
			defer server.Close()
			d.slack.Connect(strings.TrimSuffix(d.conf.Slack.APIURL, "/api/"), server.URL+"/slack/interactions")
			if err := d.slack.Click(t.Context(), "U0EVE", card.Channel, card.ID, "rescind.page"); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the page", func() bool {
				for _, m := range d.slack.Messages() {
					if m.Thread == card.ID && strings.Contains(m.Text, "S01ONCALL") {
						return true
					}
				}
				return false
			})
		})
	}
}

func TestS17WhoIsTurnedAwayBeforeTheDeskIsInTheLedgerToo(t *testing.T) {
	d := newTestDemo(t, askAlways)
	f, card := asked(t, d)
	d.slack.SetUser(simslack.User{ID: "U0BOB", Name: "bob", Email: "bob@example.com", Guest: true})
	for _, u := range []string{"U0BOB", "U0EVE"} {
		if err := d.slack.Click(t.Context(), u, card.Channel, card.TS, "rescind.revert"); err != nil {
			t.Fatal(err)
		}
	}
	got := map[string]string{}
	eventually(t, "both refusals", func() bool {
		for e, err := range d.app.Ledger.Entries(t.Context(), time.Now().Add(-time.Hour), time.Now().Add(time.Hour)) {
			if err == nil && e.Kind == remediate.EntryRefused && e.Finding == f.ID {
				got[e.Via] = e.Class
			}
		}
		return len(got) == 2
	})
	want := map[string]string{"slack:T0DEMO/U0BOB": "identity", "slack:T0DEMO/U0EVE": "not-approver"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("class by who was refused (-want +got):\n%s", diff)
	}
}

func TestTheCardOfARevertIsRewrittenOnceItWasUndone(t *testing.T) {
	d := newTestDemo(t, askAlways)
	f, card := asked(t, d)
	answer := func(c remediate.Choice, digest string) {
		t.Helper()
		if _, err := d.app.waking().Answer(t.Context(), f.ID, remediate.Answer{
			Choice: c, Principal: "user:ada@example.com", Via: "test", Reason: "reviewed last week", Digest: digest,
		}); err != nil {
			t.Fatal(err)
		}
	}
	answer(remediate.ChooseRevert, f.Plan.Digest)
	if err := d.waitFor(t.Context(), f.ID); err != nil {
		t.Fatal(err)
	}
	f, err := d.app.Store.Finding(t.Context(), f.ID)
	if err != nil {
		t.Fatal(err)
	}
	answer(remediate.ChooseUndo, f.UndoPlan().Digest)
	eventually(t, "the card that says so", func() bool {
		m, _ := d.card(f.ID)
		return m.TS == card.TS && strings.Contains(m.Text, "It was undone since") && !strings.Contains(string(m.Blocks), "rescind.undo")
	})
}

func TestNobodyAnswersForARevisionThatNeverWas(t *testing.T) {
	d := newTestDemo(t, askAlways)
	f, _ := asked(t, d)
	_, err := d.app.Answer(t.Context(), f.ID, remediate.Answer{
		Choice: remediate.ChooseRevert, Principal: "user:ada@example.com", Via: "test", Revision: f.Revision + 50, Digest: f.Plan.Digest,
	})
	var refused *remediate.RefusedError
	if !errors.As(err, &refused) || refused.Class != remediate.ClassStale {
		t.Errorf("error %v, want a refusal of what is stale", err)
	}
}
