package sandbox_test

import (
	"cmp"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
)

func TestWithoutAnAudienceThereAreNoPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t, askAlways)
	for _, audience := range []string{w.Config.IAP.Audience, ""} {
		h := another(t, w, func(c *config.Config, _ *process.Options) { c.IAP.Audience = audience }).Handler()
		for _, path := range []string{"/findings", "/findings/abcdefghijklmnopqrstuvwx27"} {
			res := httptest.NewRecorder()
			h.ServeHTTP(res, httptest.NewRequest("GET", path, nil))
			if absent := res.Code == http.StatusNotFound; absent != (audience == "") {
				t.Errorf("%s, for audience %q: %d", path, audience, res.Code)
			}
		}
	}
}

// noOptions is what is said of a process whose role has all it needs, and which is
// given nothing else.
const noOptions = "process: Lookup, Now and Log have to be set"

func TestARoleSaysWhatTheConfigurationLacks(t *testing.T) {
	t.Parallel()
	with := config.Config{AnswersTopic: "projects/ops/topics/a", Slack: config.Slack{Routes: []config.Route{{Channel: "C"}}}}
	for _, tt := range []struct {
		name string
		role process.Role
		c    config.Config
		want string
	}{
		{"the Slack role with all it needs", process.SlackFront, with, ""},
		{"the Slack role without a topic", process.SlackFront, config.Config{Slack: with.Slack}, "--role slack: answers_topic is empty: what people answer would reach nobody"},
		{"the Slack role without Slack", process.SlackFront, config.Config{AnswersTopic: "t"}, "--role slack: slack is not configured, so there is nothing to serve"},
		{"the page role with all it needs", process.PageFront, config.Config{AnswersTopic: "t"}, ""},
		{"the page role without a topic", process.PageFront, config.Config{}, "--role page: answers_topic is empty: what people answer would reach nobody"},
		{"a worker that no answer could reach", process.Worker, config.Config{Slack: with.Slack}, "--role worker: answers_topic is empty: no answer could come here; use --role all for one process"},
		{"a worker that asks nobody in Slack", process.Worker, config.Config{}, ""},
		{"one process for all", process.All, config.Config{}, ""},
		{"a worker with a topic and an account for it", process.Worker, config.Config{AnswersTopic: "t", Push: config.Push{ServiceAccount: "p@x", AnswersAccount: "a@x"}}, ""},
		{"a worker with a topic and nobody to push from it", process.Worker, config.Config{AnswersTopic: "t", Push: config.Push{ServiceAccount: "p@x"}},
			"push.answers_account is empty and answers_topic is set: want the account of the push subscription of answers_topic, and of nothing else"},
		{"one process for all, to which whoever pushes events may push answers", process.All, config.Config{AnswersTopic: "t", Push: config.Push{ServiceAccount: "p@x", AnswersAccount: "P@x"}},
			"push.answers_account is push.service_account: whoever may push events could push answers; want the account of the push subscription of answers_topic, and of nothing else"},
	} {
		want := cmp.Or(tt.want, noOptions)
		if _, err := process.New(t.Context(), tt.c, process.Options{Role: tt.role}); err == nil || err.Error() != want {
			t.Errorf("%s: error %v, want %q", tt.name, err, want)
		}
	}
}

func TestNoProcessIsMadeWithoutAClockALogAndTheEnvironment(t *testing.T) {
	t.Parallel()
	for _, r := range []process.Role{process.All, process.Worker, process.SlackFront, process.PageFront} {
		c := config.Config{AnswersTopic: "t", Push: config.Push{AnswersAccount: "a@x"}, Slack: config.Slack{Routes: []config.Route{{Channel: "C"}}}}
		if _, err := process.New(t.Context(), c, process.Options{Role: r}); err == nil || !strings.Contains(err.Error(), "have to be set") {
			t.Errorf("%s: error %v, want one that says what is missing", r, err)
		}
	}
}
