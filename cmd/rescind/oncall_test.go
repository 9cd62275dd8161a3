package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate"
)

// onCall is the world's configuration, with a PagerDuty and a user group to page.
func onCall(d *demo, pagerDuty string) config {
	c := d.conf
	c.AnswersTopic = "projects/ops/topics/rescind-answers"
	c.Approvals.Escalation.Usergroup = "S01ONCALL"
	c.Approvals.Escalation.PagerDuty.RoutingKey, c.Approvals.Escalation.PagerDuty.URL = secret{Env: "ROUTING_KEY"}, pagerDuty
	return c
}

func withRoutingKey(name string) (string, bool) {
	if name == "ROUTING_KEY" {
		return "R0UT1NGKEY0000000000000000000000", true
	}
	return demoSecrets(name)
}

func mentions(d *demo) (n int) {
	for _, m := range d.slack.Messages() {
		n += strings.Count(m.Text, "<!subteam^S01ONCALL>")
	}
	return n
}

func TestAClickOnPageOnCallReachesThemOnceWhicheverProcessTakesIt(t *testing.T) {
	for _, r := range []role{roleAll, roleWorker} {
		t.Run(string(r), func(t *testing.T) {
			var paged atomic.Int32
			pagerDuty := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				paged.Add(1)
				w.WriteHeader(http.StatusAccepted)
			}))
			defer pagerDuty.Close()
			d := newWorld(t, askAlways)
			c, q := onCall(d, pagerDuty.URL), &queue{}
			a := another(t, d, func(to *config, w *world) { *to, w.role, w.lookup, w.rushed = c, r, withRoutingKey, true })
			events := httptest.NewServer(a.handler())
			defer events.Close()
			entrance := events.URL
			if r == roleWorker {
				front, err := newProcess(t.Context(), c, world{role: roleSlack, lookup: withRoutingKey, now: time.Now, notes: slackURL(d), courier: q, log: slog.New(slog.DiscardHandler)})
				if err != nil {
					t.Fatal(err)
				}
				server := httptest.NewServer(front.handler())
				defer server.Close()
				entrance = server.URL
			}
			d.pusher = d.pusher.At(events.URL + "/events") // the demo's own rescind has nobody on call
			d.slack.Connect(strings.TrimSuffix(slackURL(d), "/"), entrance+"/slack/interactions")
			f, card := asked(t, d)

			for range 2 {
				if err := d.slack.Click(t.Context(), "U0EVE", card.Channel, card.TS, "rescind.page"); err != nil {
					t.Fatal(err)
				}
				for _, s := range q.taken() {
					deliver(t, d, a, s)
				}
				if _, err := a.Work(t.Context(), f.ID); err != nil {
					t.Fatal(err)
				}
			}
			if paged.Load() != 1 || mentions(d) != 1 {
				t.Errorf("PagerDuty was told %d times and the group %d times, want once each", paged.Load(), mentions(d))
			}
			notes := d.slack.Notes()
			if len(notes) != 2 || !strings.Contains(notes[0].Text, "On-call is being paged") || !strings.Contains(notes[1].Text, "Nobody was paged: on-call was paged at") {
				t.Errorf("notes %+v", notes)
			}
		})
	}
}

func slackURL(d *demo) string { return strings.TrimSuffix(d.conf.Slack.APIURL, "api/") }

// taken takes what was sent out of the queue.
func (q *queue) taken() []remediate.Signed {
	q.mu.Lock()
	defer q.mu.Unlock()
	out := q.kept
	q.kept = nil
	return out
}
