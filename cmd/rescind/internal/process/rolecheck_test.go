package process

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
)

func TestWithoutAnAudienceThereAreNoPages(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	if err := addPages(mux, config.Default(), Options{}, nil, nil, nil, nil, nil); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/findings", "/findings/abcdefghijklmnopqrstuvwx27"} {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if w.Code != http.StatusNotFound {
			t.Errorf("%s: %d", path, w.Code)
		}
	}
}

func TestARoleSaysWhatTheConfigurationLacks(t *testing.T) {
	t.Parallel()
	with := config.Config{AnswersTopic: "projects/ops/topics/a", Slack: config.Slack{Routes: []config.Route{{Channel: "C"}}}}
	for _, tt := range []struct {
		name string
		role Role
		c    config.Config
		want string
	}{
		{"the Slack role with all it needs", SlackFront, with, ""},
		{"the Slack role without a topic", SlackFront, config.Config{Slack: with.Slack}, "--role slack: answers_topic is empty: what people answer would reach nobody"},
		{"the Slack role without Slack", SlackFront, config.Config{AnswersTopic: "t"}, "--role slack: slack is not configured, so there is nothing to serve"},
		{"the page role with all it needs", PageFront, config.Config{AnswersTopic: "t"}, ""},
		{"the page role without a topic", PageFront, config.Config{}, "--role page: answers_topic is empty: what people answer would reach nobody"},
		{"a worker that no answer could reach", Worker, config.Config{Slack: with.Slack}, "--role worker: answers_topic is empty: no answer could come here; use --role all for one process"},
		{"a worker that asks nobody in Slack", Worker, config.Config{}, ""},
		{"one process for all", All, config.Config{}, ""},
		{"a worker with a topic and an account for it", Worker, config.Config{AnswersTopic: "t", Push: config.Push{ServiceAccount: "p@x", AnswersAccount: "a@x"}}, ""},
		{"a worker with a topic and nobody to push from it", Worker, config.Config{AnswersTopic: "t", Push: config.Push{ServiceAccount: "p@x"}},
			"push.answers_account is empty and answers_topic is set: want the account of the push subscription of answers_topic, and of nothing else"},
		{"one process for all, to which whoever pushes events may push answers", All, config.Config{AnswersTopic: "t", Push: config.Push{ServiceAccount: "p@x", AnswersAccount: "P@x"}},
			"push.answers_account is push.service_account: whoever may push events could push answers; want the account of the push subscription of answers_topic, and of nothing else"},
	} {
		got := ""
		if err := checkRole(tt.c, tt.role); err != nil {
			got = err.Error()
		}
		if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestNoProcessIsMadeWithoutAClockALogAndTheEnvironment(t *testing.T) {
	t.Parallel()
	for _, r := range []Role{All, Worker, SlackFront, PageFront} {
		c := config.Config{AnswersTopic: "t", Push: config.Push{AnswersAccount: "a@x"}, Slack: config.Slack{Routes: []config.Route{{Channel: "C"}}}}
		if _, err := New(t.Context(), c, Options{Role: r}); err == nil || !strings.Contains(err.Error(), "have to be set") {
			t.Errorf("%s: error %v, want one that says what is missing", r, err)
		}
	}
}
