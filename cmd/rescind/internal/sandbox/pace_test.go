package sandbox_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/sandbox"
	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// alone is a rescind with a store of its own beside the world's, which serves and
// whose sweep never comes by its tick. It was told of the change that the world's
// own was told of first, Slack is connected to it, and its finding is returned.
func alone(t *testing.T, w *sandbox.World, change func(*config.Config)) (*process.App, finding.Finding) {
	t.Helper()
	a := another(t, w, func(c *config.Config, o *process.Options) {
		c.Store, o.Store = "memory:", nil
		change(c)
	})
	base := serve(t, a, time.Hour)
	if code, err := w.Pusher.At(base+"/events").Deliver(t.Context(), w.Events()[0].Entry, "m-1"); code != http.StatusNoContent || err != nil {
		t.Fatalf("the event is answered HTTP %d (%v)", code, err)
	}
	w.Slack.Connect(strings.TrimSuffix(slackURL(w), "/"), base+"/slack/interactions")
	fs, err := a.Store().Findings(t.Context(), finding.Query{})
	if err != nil || len(fs) != 1 {
		t.Fatalf("%d findings (%v)", len(fs), err)
	}
	return a, fs[0]
}

// press has ada press a button of the finding's card, and say why if she is asked.
func press(t *testing.T, w *sandbox.World, id, action, reason string) {
	t.Helper()
	m, ok := w.Card(id)
	if !ok {
		t.Fatalf("finding %s has no card", id)
	}
	if err := w.Press(t.Context(), io.Discard, m, sandbox.Click{User: "U0ADA", Action: action, Reason: reason}); err != nil {
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
	t.Parallel()
	w := newWorld(t, askAlways)
	asked(t, w)
	_, f := alone(t, w, func(*config.Config) {})
	press(t, w, f.ID, "rescind.keep", "reviewed last week")
	eventually(t, "the card without its question", func() bool {
		for _, m := range w.Slack.Messages() {
			if strings.HasPrefix(m.Text, "Kept by ada@example.com") {
				return true
			}
		}
		return false
	})
}

func TestTheButtonThatPagesOnCallPagesOnCall(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name      string
		configure func(*config.Approvals)
	}{
		{"the group that escalation names", func(a *config.Approvals) { a.Escalation.Usergroup = "S01ONCALL" }},
		{"without one, the group whose members may answer", func(a *config.Approvals) { a.Approvers.SlackUsergroups = []string{"@oncall", "S01ONCALL"} }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, askAlways)
			asked(t, w)
			_, f := alone(t, w, func(c *config.Config) { tt.configure(&c.Approvals) })
			if len(f.Surfaces) != 1 {
				t.Fatalf("%d cards", len(f.Surfaces))
			}
			card := f.Surfaces[0]
			if err := w.Slack.Click(t.Context(), "U0EVE", card.Channel, card.ID, "rescind.page"); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the page", func() bool {
				for _, m := range w.Slack.Messages() {
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
	t.Parallel()
	w := newWorld(t, askAlways)
	f, card := asked(t, w)
	press(t, w, f.ID, "rescind.revert", "")
	if err := w.WaitUntil(t.Context(), f.ID, state.State.Ended); err != nil {
		t.Fatal(err)
	}
	press(t, w, f.ID, "rescind.undo", "reviewed last week")
	eventually(t, "the card that says so", func() bool {
		m, _ := w.Card(f.ID)
		return m.TS == card.TS && strings.Contains(m.Text, "It was undone since") && !strings.Contains(string(m.Blocks), "rescind.undo")
	})
}

func TestGoogleIsAskedNoFasterThanIsConfigured(t *testing.T) {
	t.Parallel()
	w := newWorld(t, askAlways)
	asked(t, w)
	change, err := auditlog.Decode(w.Events()[0].Entry)
	if err != nil {
		t.Fatal(err)
	}
	at := time.Now()
	a := another(t, w, func(c *config.Config, o *process.Options) {
		c.Google.Rates.Reads = 10
		o.Now = func() time.Time { return at }
		o.Wait = func(context.Context, time.Duration) error { return context.Canceled }
	})
	for i := range 11 {
		change.ID = fmt.Sprint("again ", i)
		if _, err = a.Handle(t.Context(), change); err != nil {
			break
		}
	}
	if err == nil || !strings.Contains(err.Error(), "10 reads a minute") {
		t.Errorf("after 11 changes in a moment: %v, want it told to come again", err)
	}
}
