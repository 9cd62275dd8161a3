package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/remediate"
)

// alone is a rescind with a store of its own beside the world's, which serves and
// whose sweep never comes by its tick. It was told of the change that the world's
// own was told of first, Slack is connected to it, and its finding is returned.
func alone(t *testing.T, d *demo, change func(*config)) (*app, remediate.Finding) {
	t.Helper()
	a := another(t, d, func(c *config, w *world) {
		c.Store, w.store = "memory:", nil
		change(c)
	})
	base := serve(t, a, time.Hour)
	if code, err := d.pusher.At(base+"/events").Deliver(t.Context(), d.events()[0].Entry, "m-1"); code != http.StatusNoContent || err != nil {
		t.Fatalf("the event is answered HTTP %d (%v)", code, err)
	}
	d.slack.Connect(strings.TrimSuffix(slackURL(d), "/"), base+"/slack/interactions")
	fs, err := a.Store.Findings(t.Context(), remediate.Query{})
	if err != nil || len(fs) != 1 {
		t.Fatalf("%d findings (%v)", len(fs), err)
	}
	return a, fs[0]
}

// press has ada press a button of the finding's card, and say why if she is asked.
func press(t *testing.T, d *demo, id, action, reason string) {
	t.Helper()
	m, ok := d.card(id)
	if !ok {
		t.Fatalf("finding %s has no card", id)
	}
	if err := d.press(t.Context(), io.Discard, m, click{user: "U0ADA", action: action, reason: reason}); err != nil {
		t.Fatal(err)
	}
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
	d := newWorld(t, askAlways)
	asked(t, d)
	_, f := alone(t, d, func(*config) {})
	press(t, d, f.ID, "rescind.keep", "reviewed last week")
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
			d := newWorld(t, askAlways)
			asked(t, d)
			_, f := alone(t, d, func(c *config) { tt.configure(&c.Approvals) })
			if len(f.Surfaces) != 1 {
				t.Fatalf("%d cards", len(f.Surfaces))
			}
			card := f.Surfaces[0]
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
	d := newWorld(t, askAlways)
	f, card := asked(t, d)
	d.slack.SetUser(sim.SlackUser{ID: "U0BOB", Name: "bob", Email: "bob@example.com", Guest: true})
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
	d := newWorld(t, askAlways)
	f, card := asked(t, d)
	press(t, d, f.ID, "rescind.revert", "")
	if err := d.waitUntil(t.Context(), f.ID, remediate.State.Ended); err != nil {
		t.Fatal(err)
	}
	press(t, d, f.ID, "rescind.undo", "reviewed last week")
	eventually(t, "the card that says so", func() bool {
		m, _ := d.card(f.ID)
		return m.TS == card.TS && strings.Contains(m.Text, "It was undone since") && !strings.Contains(string(m.Blocks), "rescind.undo")
	})
}

func TestNobodyAnswersForARevisionThatNeverWas(t *testing.T) {
	d := newWorld(t, askAlways)
	f, _ := asked(t, d)
	_, err := d.app.Answer(t.Context(), f.ID, remediate.Answer{
		Choice: remediate.ChooseRevert, Principal: "user:ada@example.com", Via: "test", Revision: f.Revision + 50, Digest: f.Plan.Digest,
	})
	var refused *remediate.RefusedError
	if !errors.As(err, &refused) || refused.Class != remediate.ClassStale {
		t.Errorf("error %v, want a refusal of what is stale", err)
	}
}

func TestASweepScansWhatNoEventToldOf(t *testing.T) {
	d := newWorld(t, demoPolicies)
	public := &iampb.Policy{Bindings: []*iampb.Binding{{Role: "roles/run.invoker", Members: []string{"allUsers"}}}}
	if err := d.cloud.PutPolicy(demoReports, public); err != nil {
		t.Fatal(err)
	}
	a := another(t, d, func(c *config, w *world) {
		c.Store, w.store = "memory:", nil
		c.Scan.Every = defaultConfig().Scan.Every
	})
	for range 2 { // the second has nothing to do before the hour is over
		sweep(t, d, a)
	}
	fs, err := a.Store.Findings(t.Context(), remediate.Query{})
	if err != nil || len(fs) != 1 || fs[0].Resource.Path() != demoReports {
		t.Errorf("%v, %v; want the one finding", fs, err)
	}
}

// sweep asks a rescind for a sweep as Cloud Scheduler does.
func sweep(t *testing.T, d *demo, a *app) {
	t.Helper()
	token, err := d.pusher.Token()
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/sweep", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	a.handler().ServeHTTP(w, r)
	if w.Code != http.StatusNoContent {
		t.Errorf("sweep: HTTP %d", w.Code)
	}
}
