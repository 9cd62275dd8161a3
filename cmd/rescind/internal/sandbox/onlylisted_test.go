package sandbox_test

import (
	"io"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/sandbox"
	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// answeredBy starts a rescind with that configuration, to which Slack sends what people
// click from then on.
func answeredBy(t *testing.T, w *sandbox.World, change func(*config.Config)) {
	t.Helper()
	a := another(t, w, func(c *config.Config, _ *process.Options) { change(c) })
	srv := httptest.NewServer(a.Handler())
	t.Cleanup(srv.Close)
	w.Slack.Connect(strings.TrimSuffix(slackURL(w), "/"), srv.URL+"/slack/interactions")
	serve(t, a, time.Second)
}

func TestS6WithOnlyListedNobodyElseAnswersWhateverGroupTheyAreIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, askAlways)
	w.Slack.SetUser(simslack.User{ID: "U0TWIN", Email: "ada@example.com"})
	w.Slack.SetUser(simslack.User{ID: "U0CAT", Name: "cat", Email: "catherine@example.com"})
	w.Slack.SetGroup("S01ONCALL", "U0ADA", "U0EVE", "U0TWIN", "U0CAT")
	answeredBy(t, w, func(c *config.Config) {
		a := &c.Approvals.Approvers
		a.OnlyListed, a.SlackUsergroups = true, []string{"S01ONCALL"}
		a.Users = map[string]string{"U0ADA": "user:ada@example.com", "U0BOB": "user:bob@example.com", "U0CAT": "user:cat@example.com"}
	})
	f, card := asked(t, w)
	for _, tt := range []struct{ user, says string }{
		{"U0EVE", "you are not among those who may answer"},   // in the group, and not listed
		{"U0TWIN", "you are not among those who may answer"},  // another account of somebody listed
		{"U0BOB", "user:bob@example.com is not an approver."}, // listed, and not in the group
	} {
		if err := w.Slack.Click(t.Context(), tt.user, card.Channel, card.TS, "rescind.revert"); err != nil {
			t.Fatal(err)
		}
		notes := w.Slack.Notes()
		if n := notes[len(notes)-1]; n.User != tt.user || !strings.Contains(n.Text, tt.says) {
			t.Errorf("%s is told %q", tt.user, n.Text)
		}
	}
	if f, err := w.App.Store().Finding(t.Context(), f.ID); err != nil || f.State != state.Pending {
		t.Fatalf("the finding is %s (%v)", f.State, err)
	}
	// Whose mail Slack has otherwise than the list is found by the id.
	if err := w.Answer(t.Context(), io.Discard, []string{f.ID}, sandbox.Click{User: "U0CAT", Name: "cat", Action: "rescind.revert"}, true); err != nil {
		t.Fatal(err)
	}
	f, err := w.App.Store().Finding(t.Context(), f.ID)
	if err != nil || f.State != state.Reverted || f.Answers[0].Principal != "user:cat@example.com" || f.Answers[0].Choice != finding.ChooseRevert {
		t.Errorf("the finding is %s by %+v (%v)", f.State, f.Answers, err)
	}
}

func TestS6WithOnlyListedAndNoGroupsWhoIsListedAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, askAlways)
	answeredBy(t, w, func(c *config.Config) { c.Approvals.Approvers.OnlyListed = true })
	f, _ := asked(t, w)
	if err := w.Answer(t.Context(), io.Discard, []string{f.ID}, sandbox.Click{User: "U0ADA", Name: "ada", Action: "rescind.revert"}, true); err != nil {
		t.Fatal(err)
	}
	if f, err := w.App.Store().Finding(t.Context(), f.ID); err != nil || f.State != state.Reverted {
		t.Errorf("the finding is %s (%v)", f.State, err)
	}
}
