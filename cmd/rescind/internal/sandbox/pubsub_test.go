package sandbox_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/sandbox"
	"github.com/rescind-dev/rescind/internal/emulator"
	"github.com/rescind-dev/rescind/remediate/state"
)

// The emulator signs no token, so one stands between it and the worker that does.
func TestAClickTravelsOverPubSubToTheWorker(t *testing.T) {
	emulator.PubSub.Use(t)
	w := newWorld(t, askAlways)
	f, card := asked(t, w)
	const topic, subscription = "projects/ops/topics/rescind-answers", "projects/ops/subscriptions/rescind-answers"
	worker := another(t, w, func(c *config.Config, o *process.Options) { c.AnswersTopic, o.Role = topic, process.Worker })
	signing := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		token, err := w.Pusher.As(sandbox.AnswersAccount).Token()
		if err != nil {
			t.Error(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		r.URL.Path = "/answers"
		worker.Handler().ServeHTTP(rw, r)
	}))
	defer signing.Close()

	client, err := pubsub.NewClient(t.Context(), "ops")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.TopicAdminClient.CreateTopic(t.Context(), &pubsubpb.Topic{Name: topic}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.SubscriptionAdminClient.CreateSubscription(t.Context(), &pubsubpb.Subscription{
		Name: subscription, Topic: topic, PushConfig: &pubsubpb.PushConfig{PushEndpoint: signing.URL + "/"},
	}); err != nil {
		t.Fatal(err)
	}

	c := w.Config
	c.AnswersTopic = topic
	slackURL := strings.TrimSuffix(c.Slack.APIURL, "api/")
	front, err := process.New(t.Context(), c, process.Options{Role: process.SlackFront, Lookup: sandbox.Secrets, Now: time.Now, Notes: slackURL, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	defer front.Close()
	server := httptest.NewServer(front.Handler())
	defer server.Close()
	w.Slack.Connect(strings.TrimSuffix(slackURL, "/"), server.URL+"/slack/interactions")
	if err := w.Slack.Click(t.Context(), "U0ADA", card.Channel, card.TS, "rescind.revert"); err != nil {
		t.Fatal(err)
	}
	if err := w.WaitUntil(t.Context(), f.ID, state.State.Ended); err != nil {
		t.Fatal(err)
	}
	if f, err = w.App.Store().Finding(t.Context(), f.ID); err != nil || f.State != state.Reverted || f.Answers[0].Principal != "user:ada@example.com" {
		t.Errorf("the finding is %s (%v)", f.State, err)
	}
}
