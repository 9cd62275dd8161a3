package slack_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/notify/slack"
)

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
