package main

import (
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	cloudevents "github.com/cloudevents/sdk-go/v2"

	"github.com/rescind-dev/rescind/remediate/state"
)

func TestTheFeedArrivesOverPubSub(t *testing.T) {
	emulatePubSub(t)
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

	b := newBureau(t, "ada@example.com")
	b.withCloud()
	text, err := os.ReadFile(b.config)
	if err != nil {
		t.Fatal(err)
	}
	write(t, b.config, string(text)+"decisions_topic: "+topic+"\n")
	b.keep(newFinding(askedID, state.Pending))
	b.ran("findings revert", askedID)
	b.work()

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
		want[i] = askedID + "-" + n + " rescind.finding.v1." + state
	}
	if !slices.Equal(got, want) {
		t.Errorf("received %q, want %q", got, want)
	}
}
