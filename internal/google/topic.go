package google

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"cloud.google.com/go/pubsub/v2"
	"google.golang.org/api/option"

	"github.com/rescind-dev/rescind/remediate/desk"
)

// publishTimeout bounds one message. The library would try for a minute, by
// when whoever clicked has given up.
const publishTimeout = 2500 * time.Millisecond

// Topic publishes to one Pub/Sub topic. It is safe for concurrent use.
type Topic struct {
	client    *pubsub.Client
	publisher *pubsub.Publisher
}

var _ desk.Courier = (*Topic)(nil)

// OpenTopic returns the topic "projects/P/topics/T", with application default
// credentials, or in the emulator that PUBSUB_EMULATOR_HOST names. It calls
// nobody: a topic that is not there shows at the first message.
func OpenTopic(ctx context.Context, name string, opts ...option.ClientOption) (*Topic, error) {
	if err := CheckTopic(name); err != nil {
		return nil, err
	}
	c, err := pubsub.NewClient(ctx, strings.Split(name, "/")[1], opts...)
	if err != nil {
		return nil, fmt.Errorf("open topic %s: %w", name, err)
	}
	t := &Topic{c, c.Publisher(name)}
	// A message goes at once: an answer must be durable before the person who
	// gave it is told so.
	t.publisher.PublishSettings.CountThreshold = 1
	t.publisher.PublishSettings.Timeout = publishTimeout
	return t, nil
}

// CheckTopic says what is wrong with the name of a topic, or nil.
func CheckTopic(name string) error {
	p := strings.Split(name, "/")
	if len(p) != 4 || p[0] != "projects" || p[2] != "topics" || p[1] == "" || p[3] == "" {
		return fmt.Errorf("topic %q is not projects/P/topics/T", name)
	}
	return nil
}

// Publish returns nil once Pub/Sub has taken the message.
func (t *Topic) Publish(ctx context.Context, data []byte, attributes map[string]string) error {
	ctx, cancel := context.WithTimeout(ctx, publishTimeout)
	defer cancel()
	if _, err := t.publisher.Publish(ctx, &pubsub.Message{Data: data, Attributes: attributes}).Get(ctx); err != nil {
		return fmt.Errorf("publish to %s: %w", t.publisher.ID(), err)
	}
	return nil
}

// Send implements desk.Courier.
func (t *Topic) Send(ctx context.Context, s desk.Signed) error {
	b, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	return t.Publish(ctx, b, map[string]string{"kind": s.Kind})
}

// Close sends what is under way and closes the connection.
func (t *Topic) Close() error {
	t.publisher.Stop()
	return t.client.Close()
}
