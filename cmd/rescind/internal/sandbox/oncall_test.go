package sandbox_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/sandbox"
)

// onCall is the world's configuration, with a PagerDuty and a user group to page.
func onCall(w *sandbox.World, pagerDuty string) config.Config {
	c := w.Config
	c.AnswersTopic = "projects/ops/topics/rescind-answers"
	c.Approvals.Escalation.Usergroup = "S01ONCALL"
	c.Approvals.Escalation.PagerDuty.RoutingKey, c.Approvals.Escalation.PagerDuty.URL = config.Secret{Env: "ROUTING_KEY"}, pagerDuty
	return c
}

func withRoutingKey(name string) (string, bool) {
	if name == "ROUTING_KEY" {
		return "R0UT1NGKEY0000000000000000000000", true
	}
	return sandbox.Secrets(name)
}

func mentions(w *sandbox.World) (n int) {
	for _, m := range w.Slack.Messages() {
		n += strings.Count(m.Text, "<!subteam^S01ONCALL>")
	}
	return n
}

func TestAClickOnPageOnCallReachesThemOnceWhicheverProcessTakesIt(t *testing.T) {
	t.Parallel()
	for _, r := range []process.Role{process.All, process.Worker} {
		t.Run(string(r), func(t *testing.T) {
			var paged atomic.Int32
			pagerDuty := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				paged.Add(1)
				w.WriteHeader(http.StatusAccepted)
			}))
			defer pagerDuty.Close()
			w := newWorld(t, askAlways)
			c, q := onCall(w, pagerDuty.URL), &queue{}
			a := another(t, w, func(to *config.Config, o *process.Options) {
				*to, o.Role, o.Lookup, o.Rushed = c, r, withRoutingKey, true
			})
			events := httptest.NewServer(a.Handler())
			defer events.Close()
			entrance := events.URL
			if r == process.Worker {
				front, err := process.New(t.Context(), c, process.Options{Role: process.SlackFront, Lookup: withRoutingKey, Now: time.Now, Notes: slackURL(w), Courier: q, Log: slog.New(slog.DiscardHandler)})
				if err != nil {
					t.Fatal(err)
				}
				server := httptest.NewServer(front.Handler())
				defer server.Close()
				entrance = server.URL
			}
			w.Pusher = w.Pusher.At(events.URL + "/events") // the world's own rescind has nobody on call
			w.Slack.Connect(strings.TrimSuffix(slackURL(w), "/"), entrance+"/slack/interactions")
			f, card := asked(t, w)

			for range 2 {
				if err := w.Slack.Click(t.Context(), "U0EVE", card.Channel, card.TS, "rescind.page"); err != nil {
					t.Fatal(err)
				}
				for _, s := range q.taken() {
					deliver(t, w, a, s)
				}
				if _, err := a.Work(t.Context(), f.ID); err != nil {
					t.Fatal(err)
				}
			}
			if paged.Load() != 1 || mentions(w) != 1 {
				t.Errorf("PagerDuty was told %d times and the group %d times, want once each", paged.Load(), mentions(w))
			}
			notes := w.Slack.Notes()
			if len(notes) != 2 || !strings.Contains(notes[0].Text, "On-call is being paged") || !strings.Contains(notes[1].Text, "Nobody was paged: on-call was paged at") {
				t.Errorf("notes %+v", notes)
			}
		})
	}
}
