package slack_test

import (
	"slices"
	"testing"

	"github.com/rescind-dev/rescind/remediate/finding"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/notify/slack"
)

func TestANotifierNeedsATokenAndRoutes(t *testing.T) {
	if _, err := slack.NewNotifier(slack.Config{Route: func(finding.Finding) string { return "" }}); err == nil || err.Error() != "slack: the bot token is empty" {
		t.Error(err)
	}
	if _, err := slack.NewNotifier(slack.Config{Token: "x"}); err == nil || err.Error() != "slack: no routes" {
		t.Error(err)
	}
}

func TestAnAnnouncementReachesEveryChannelOnceHoweverOftenItIsTried(t *testing.T) {
	w := newWorkspace(t)
	n, err := slack.NewNotifier(slack.Config{
		Token: "xoxb-sim", APIURL: w.url + "/api", Channels: []string{"C01PAY", "C01SEC"},
		Route: func(finding.Finding) string { return "" },
	})
	if err != nil {
		t.Fatal(err)
	}
	posts := 0
	w.Inject(func(string) *simslack.Fault {
		if posts++; posts == 1 {
			return &simslack.Fault{Status: 503}
		}
		return nil
	})
	told, err := n.Announce(t.Context(), "rescind is paused by ada: <!channel>\nnow\u202e", nil)
	if err == nil || !slices.Equal(told, []string{"C01SEC"}) {
		t.Fatalf("told %q, error %v; want the second channel told, the first not", told, err)
	}
	if told, err = n.Announce(t.Context(), "rescind is paused by ada", told); err != nil || !slices.Equal(told, []string{"C01SEC", "C01PAY"}) {
		t.Fatalf("told %q, error %v; want both told", told, err)
	}
	m := w.Messages()
	if len(m) != 2 || m[0].Channel != "C01SEC" || m[1].Channel != "C01PAY" {
		t.Fatalf("messages %+v, want one in each channel", m)
	}
	if want := "rescind is paused by ada: &lt;!channel&gt; now\uFFFD"; m[0].Text != want {
		t.Errorf("text %q, want %q", m[0].Text, want)
	}
}
