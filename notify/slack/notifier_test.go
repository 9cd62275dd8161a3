package slack_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/notify/slack"
	"github.com/rescind-dev/rescind/remediate"
)

// workspace is a simulated Slack and a notifier that posts to it.
type workspace struct {
	*simslack.Workspace
	url string
	now time.Time
	*slack.Notifier
}

func newWorkspace(t *testing.T) *workspace {
	t.Helper()
	w := &workspace{now: noon}
	w.Workspace = simslack.New(simslack.Config{
		Token: "xoxb-sim", AppToken: "xapp-sim", SigningSecret: string(signingSecret), Team: "T01", App: "A01", Now: func() time.Time { return w.now },
		Users: []simslack.User{{ID: "U01", Name: "ada"}, {ID: "U02", Name: "mallory"}, {ID: "U03", Name: "guest", Team: "T99"}},
	})
	srv := httptest.NewServer(w.Handler())
	t.Cleanup(srv.Close)
	w.url = srv.URL
	w.Connect(w.url, "")
	w.Notifier = notifier(t, w.url+"/api", "xoxb-sim")
	return w
}

func notifier(t *testing.T, apiURL string, token slack.Secret) *slack.Notifier {
	t.Helper()
	n, err := slack.NewNotifier(slack.Config{
		Token: token, APIURL: apiURL, Card: options, Now: func() time.Time { return noon },
		Route: func(f remediate.Finding) string { return map[string]string{"pay-prod": "C01PAY"}[f.Resource.Project] },
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// show notifies and keeps the surfaces, as the worker does.
func (w *workspace) show(t *testing.T, f remediate.Finding) remediate.Finding {
	t.Helper()
	s, err := w.Notify(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	f.Surfaces = s
	return f
}

func TestNotifyPostsOnceAndThenUpdatesTheSameMessage(t *testing.T) {
	w := newWorkspace(t)
	f := w.show(t, publicService())
	posted := w.Messages()
	if len(posted) != 1 || posted[0].Channel != "C01PAY" || !strings.Contains(string(posted[0].Blocks), "rescind.revert") {
		t.Fatalf("posted %+v", posted)
	}
	want := []remediate.Surface{{Kind: "slack", Channel: "C01PAY", ID: posted[0].TS, Rendered: 3, Told: 1}}
	if d := cmp.Diff(want, f.Surfaces); d != "" {
		t.Errorf("surfaces (-want +got):\n%s", d)
	}
	f = w.show(t, decided(f, remediate.Kept))
	now := w.Messages()
	if len(now) != 2 || now[0].TS != posted[0].TS || now[0].Edits != 1 || strings.Contains(string(now[0].Blocks), "rescind.revert") {
		t.Errorf("after the decision: %+v", now)
	}
	if now[1].Thread != now[0].TS || now[1].Text != "12:01:00 UTC kept: as decided (ada@example.com)" {
		t.Errorf("thread: %+v", now[1])
	}
	w.show(t, f)
	if again := w.Messages(); len(again) != 2 || again[0].Edits != 1 {
		t.Errorf("the same revision was shown again: %+v", again)
	}
}

func TestNotifyNeverReplacesALaterRevisionByAnEarlierOne(t *testing.T) {
	w := newWorkspace(t)
	first := w.show(t, publicService())
	late := w.show(t, decided(first, remediate.Kept))
	first.Surfaces = late.Surfaces
	w.show(t, first)
	if m := w.Messages()[0]; !strings.HasPrefix(m.Text, "Kept") {
		t.Errorf("the card shows %q", m.Text)
	}
}

func TestNotifyLeavesOtherSurfacesAndFindingsWithoutARouteAlone(t *testing.T) {
	w := newWorkspace(t)
	f := publicService()
	f.Resource.Project = "elsewhere"
	f.Surfaces = []remediate.Surface{{Kind: "page", ID: "p1"}}
	if d := cmp.Diff(f.Surfaces, w.show(t, f).Surfaces); d != "" || len(w.Messages()) > 0 {
		t.Errorf("surfaces (-want +got):\n%s\nmessages %v", d, w.Messages())
	}
}

func TestNotifyPostsAnewWhereTheMessageIsGone(t *testing.T) {
	w := newWorkspace(t)
	f := w.show(t, publicService())
	w.Remove("C01PAY", f.Surfaces[0].ID)
	f = w.show(t, decided(f, remediate.Kept))
	m := w.Messages()
	if len(m) != 1 || len(f.Surfaces) != 1 || f.Surfaces[0].ID != m[0].TS || f.Surfaces[0].Rendered != f.Revision {
		t.Errorf("messages %+v\nsurfaces %+v", m, f.Surfaces)
	}
}

func TestNotifyKeepsWhatWasShownWhenTheThreadFails(t *testing.T) {
	w := newWorkspace(t)
	f := decided(w.show(t, publicService()), remediate.Kept)
	w.Inject(func(method string) *simslack.Fault {
		if method == "chat.postMessage" {
			return &simslack.Fault{Status: 503}
		}
		return nil
	})
	s, err := w.Notify(t.Context(), f)
	if err == nil || len(s) != 1 || s[0].Rendered != f.Revision || s[0].Told != 1 {
		t.Fatalf("error %v, surfaces %+v", err, s)
	}
	w.Inject(nil)
	f.Surfaces = s
	w.show(t, f)
	if m := w.Messages(); len(m) != 2 || m[0].Edits != 1 {
		t.Errorf("after the second try: %+v", m)
	}
}

func TestFailuresSayWhatToDoNext(t *testing.T) {
	for _, row := range []struct {
		name  string
		fault simslack.Fault
		want  slack.Error
	}{
		{"a rate limit with its wait", simslack.Fault{Status: 429, RetryAfter: "7"}, slack.Error{Kind: slack.RateLimited, RetryAfter: 7 * time.Second}},
		{"a rate limit without a wait", simslack.Fault{Status: 429}, slack.Error{Kind: slack.RateLimited, Code: "HTTP 429", RetryAfter: 30 * time.Second}},
		{"a rate limit with a fraction", simslack.Fault{Status: 429, RetryAfter: "1.5"}, slack.Error{Kind: slack.RateLimited, RetryAfter: 30 * time.Second}},
		{"a rate limit in JSON", simslack.Fault{Status: 200, Body: `{"ok":false,"error":"ratelimited"}`}, slack.Error{Kind: slack.RateLimited, Code: "ratelimited", RetryAfter: 30 * time.Second}},
		{"an outage", simslack.Fault{Status: 503, Body: "<html>down"}, slack.Error{Kind: slack.Down, Code: "HTTP 503"}},
		{"a page in place of an answer", simslack.Fault{Status: 200, Body: "<html>"}, slack.Error{Kind: slack.Lost, Code: "the answer is not JSON"}},
		{"a lost answer", simslack.Fault{Drop: true}, slack.Error{Kind: slack.Lost}},
		{"a channel without the app", simslack.Fault{Status: 200, Body: `{"ok":false,"error":"not_in_channel"}`}, slack.Error{Kind: slack.Refused, Code: "not_in_channel"}},
		{"a redirect", simslack.Fault{Status: 307}, slack.Error{Kind: slack.Refused, Code: "HTTP 307"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorkspace(t)
			w.Inject(func(string) *simslack.Fault { return &row.fault })
			s, err := w.Notify(t.Context(), publicService())
			var got *slack.Error
			if !errors.As(err, &got) || len(s) != 0 {
				t.Fatalf("error %v, surfaces %v", err, s)
			}
			row.want.Method = "chat.postMessage"
			if d := cmp.Diff(row.want, *got); d != "" {
				t.Errorf("error (-want +got):\n%s", d)
			}
		})
	}
}

func TestNoConnectionIsDown(t *testing.T) {
	srv := httptest.NewServer(http.NotFoundHandler())
	srv.Close()
	_, err := notifier(t, srv.URL, "xoxb-sim").Notify(t.Context(), publicService())
	var got *slack.Error
	if !errors.As(err, &got) || got.Kind != slack.Down {
		t.Errorf("error %v, want down", err)
	}
}

func TestAWrongTokenIsRefusedAndNotNamed(t *testing.T) {
	w := newWorkspace(t)
	_, err := notifier(t, w.url+"/api/", "xoxb-wrong").Notify(t.Context(), publicService())
	want := "show finding " + findingID + ": slack chat.postMessage: refused: invalid_auth"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %s", err, want)
	}
}

func TestANotifierNeedsATokenAndRoutes(t *testing.T) {
	if _, err := slack.NewNotifier(slack.Config{Route: func(remediate.Finding) string { return "" }}); err == nil || err.Error() != "slack: the bot token is empty" {
		t.Error(err)
	}
	if _, err := slack.NewNotifier(slack.Config{Token: "x"}); err == nil || err.Error() != "slack: no routes" {
		t.Error(err)
	}
}
