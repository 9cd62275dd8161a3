package sandbox_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	cloudevents "github.com/cloudevents/sdk-go/v2"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/internal/emulator"
)

func TestTheFeedArrivesOverPubSub(t *testing.T) {
	emulator.PubSub.Use(t)
	const topic, subscription = "projects/ops/topics/rescind-decisions", "projects/ops/subscriptions/siem"
	client, err := pubsub.NewClient(t.Context(), "ops")
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	if _, err := client.TopicAdminClient.CreateTopic(t.Context(), &pubsubpb.Topic{Name: topic}); err != nil {
		t.Fatal(err)
	}
	if _, err := client.SubscriptionAdminClient.CreateSubscription(t.Context(), &pubsubpb.Subscription{Name: subscription, Topic: topic}); err != nil {
		t.Fatal(err)
	}

	w := newWorld(t, askAlways)
	asked(t, w)
	_, f := alone(t, w, func(c *config.Config) { c.DecisionsTopic = topic })
	press(t, w, f.ID, "rescind.revert", "")

	ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
	defer stop()
	var mu sync.Mutex
	var got []string
	err = client.Subscriber(subscription).Receive(ctx, func(_ context.Context, m *pubsub.Message) {
		mu.Lock()
		defer mu.Unlock()
		m.Ack()
		var e cloudevents.Event
		if err := json.Unmarshal(m.Data, &e); err != nil || m.Attributes["ce-type"] != e.Type() || e.Source() == "" {
			t.Errorf("%v, message %s %v", err, m.Data, m.Attributes)
		}
		if said := e.ID() + " " + e.Type(); !slices.Contains(got, said) {
			got = append(got, said)
		}
		if len(got) == 4 {
			stop()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(got)
	want := []string{"1 pending", "2 approved", "3 applying", "4 reverted"}
	for i := range want {
		n, state, _ := strings.Cut(want[i], " ")
		want[i] = f.ID + "-" + n + " rescind.finding.v1." + state
	}
	if !slices.Equal(got, want) {
		t.Errorf("received %q, want %q", got, want)
	}
}
