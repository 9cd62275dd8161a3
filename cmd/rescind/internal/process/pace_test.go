package process_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/sandbox"
	"github.com/rescind-dev/rescind/remediate"
)

// alone is a rescind with a store of its own beside the world's, which serves and
// whose sweep never comes by its tick. It was told of the change that the world's
// own was told of first, Slack is connected to it, and its finding is returned.
func alone(t *testing.T, d *sandbox.World, change func(*config.Config)) (*process.App, remediate.Finding) {
	t.Helper()
	a := another(t, d, func(c *config.Config, w *process.World) {
		c.Store, w.Store = "memory:", nil
		change(c)
	})
	base := serve(t, a, time.Hour)
	if code, err := d.Pusher.At(base+"/events").Deliver(t.Context(), d.Events()[0].Entry, "m-1"); code != http.StatusNoContent || err != nil {
		t.Fatalf("the event is answered HTTP %d (%v)", code, err)
	}
	d.Slack.Connect(strings.TrimSuffix(slackURL(d), "/"), base+"/slack/interactions")
	fs, err := a.Store.Findings(t.Context(), remediate.Query{})
	if err != nil || len(fs) != 1 {
		t.Fatalf("%d findings (%v)", len(fs), err)
	}
	return a, fs[0]
}

// press has ada press a button of the finding's card, and say why if she is asked.
func press(t *testing.T, d *sandbox.World, id, action, reason string) {
	t.Helper()
	m, ok := d.Card(id)
	if !ok {
		t.Fatalf("finding %s has no card", id)
	}
	if err := d.Press(t.Context(), io.Discard, m, sandbox.Click{User: "U0ADA", Action: action, Reason: reason}); err != nil {
		t.Fatal(err)
	}
}

// eventually waits for what the worker does by itself.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for !ok() {
		if process.Wait(ctx, 20*time.Millisecond) != nil {
			t.Fatalf("%s does not come", what)
		}
	}
}

func TestACardThatWaitsForItsTurnIsRewrittenThenAndNotAtTheNextTick(t *testing.T) {
	d := newWorld(t, askAlways)
	asked(t, d)
	_, f := alone(t, d, func(*config.Config) {})
	press(t, d, f.ID, "rescind.keep", "reviewed last week")
	eventually(t, "the card without its question", func() bool {
		for _, m := range d.Slack.Messages() {
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
		configure func(*config.Approvals)
	}{
		{"the group that escalation names", func(a *config.Approvals) { a.Escalation.Usergroup = "S01ONCALL" }},
		{"without one, the group whose members may answer", func(a *config.Approvals) { a.Approvers.SlackUsergroups = []string{"@oncall", "S01ONCALL"} }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newWorld(t, askAlways)
			asked(t, d)
			_, f := alone(t, d, func(c *config.Config) { tt.configure(&c.Approvals) })
			if len(f.Surfaces) != 1 {
				t.Fatalf("%d cards", len(f.Surfaces))
			}
			card := f.Surfaces[0]
			if err := d.Slack.Click(t.Context(), "U0EVE", card.Channel, card.ID, "rescind.page"); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the page", func() bool {
				for _, m := range d.Slack.Messages() {
					if m.Thread == card.ID && strings.Contains(m.Text, "S01ONCALL") {
						return true
					}
				}
				return false
			})
		})
	}
}

func TestTheCardOfARevertIsRewrittenOnceItWasUndone(t *testing.T) {
	d := newWorld(t, askAlways)
	f, card := asked(t, d)
	press(t, d, f.ID, "rescind.revert", "")
	if err := d.WaitUntil(t.Context(), f.ID, remediate.State.Ended); err != nil {
		t.Fatal(err)
	}
	press(t, d, f.ID, "rescind.undo", "reviewed last week")
	eventually(t, "the card that says so", func() bool {
		m, _ := d.Card(f.ID)
		return m.TS == card.TS && strings.Contains(m.Text, "It was undone since") && !strings.Contains(string(m.Blocks), "rescind.undo")
	})
}
