package slack_test

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/notify/slack"
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
		Route: func(f finding.Finding) string { return map[string]string{"pay-prod": "C01PAY"}[f.Resource.Project] },
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// show notifies and keeps the surfaces, as the worker does.
func (w *workspace) show(t *testing.T, f finding.Finding) finding.Finding {
	t.Helper()
	s, err := w.Notify(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	f.Surfaces = s
	return f
}
