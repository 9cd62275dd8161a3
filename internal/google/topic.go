package google

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"google.golang.org/api/option"
	"google.golang.org/api/option/internaloption"
	transport "google.golang.org/api/transport/grpc"
	"google.golang.org/grpc"

	"github.com/rescind-dev/rescind/remediate/desk"
)

// publishTimeout bounds one message. The library would try for a minute, by
// when whoever clicked has given up.
const publishTimeout = 2500 * time.Millisecond

// Topic publishes to one Pub/Sub topic, each message at once: an answer must be
// durable before the person who gave it is told so. It is safe for concurrent use.
//
// Google's client would gather messages first, and brings OpenCensus with it,
// which took 4 ms of each start.
type Topic struct {
	name      string
	conn      *grpc.ClientConn
	publisher pubsubpb.PublisherClient
}

var _ desk.Courier = (*Topic)(nil)

// OpenTopic returns the topic "projects/P/topics/T", with application default
// credentials, or in the emulator that PUBSUB_EMULATOR_HOST names. It calls
// nobody: a topic that is not there shows at the first message.
func OpenTopic(ctx context.Context, name string, opts ...option.ClientOption) (*Topic, error) {
	if err := CheckTopic(name); err != nil {
		return nil, err
	}
	conn, err := dialPubSub(ctx, opts...)
	if err != nil {
		return nil, fmt.Errorf("open topic %s: %w", name, err)
	}
	return &Topic{name, conn, pubsubpb.NewPublisherClient(conn)}, nil
}

func dialPubSub(ctx context.Context, opts ...option.ClientOption) (*grpc.ClientConn, error) {
	if emulator := os.Getenv("PUBSUB_EMULATOR_HOST"); emulator != "" {
		return transport.DialInsecure(ctx, append(opts, option.WithEndpoint(emulator))...)
	}
	return transport.Dial(ctx, append(defaultsOf("pubsub", "https://www.googleapis.com/auth/pubsub"), opts...)...)
}

// defaultsOf are what Google's client of the API connects with, unless options that
// follow say otherwise.
func defaultsOf(api, scope string) []option.ClientOption {
	return []option.ClientOption{
		internaloption.WithDefaultEndpointTemplate(api + ".UNIVERSE_DOMAIN:443"),
		internaloption.WithDefaultMTLSEndpoint(api + ".mtls.googleapis.com:443"),
		internaloption.WithDefaultUniverseDomain("googleapis.com"),
		internaloption.WithDefaultAudience("https://" + api + ".googleapis.com/"),
		internaloption.WithDefaultScopes(cloudPlatform, scope),
		internaloption.EnableJwtWithScope(),
		internaloption.EnableNewAuthLibrary(),
	}
}

// CheckTopic says what is wrong with the name of a topic, or nil.
func CheckTopic(name string) error {
	p := strings.Split(name, "/")
	if len(p) != 4 || p[0] != "projects" || p[2] != "topics" || p[1] == "" || p[3] == "" {
		return fmt.Errorf("topic %q is not projects/P/topics/T", name)
	}
	return nil
}

// Publish returns nil once Pub/Sub has taken the message. A caller that goes away
// cancels nothing: the message may have been taken already.
func (t *Topic) Publish(ctx context.Context, data []byte, attributes map[string]string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishTimeout)
	defer cancel()
	ctx = routed(ctx, "topic", t.name)
	request := &pubsubpb.PublishRequest{Topic: t.name, Messages: []*pubsubpb.PubsubMessage{{Data: data, Attributes: attributes}}}
	_, err := again(publishRetries, t.publisher.Publish)(ctx, request)
	if err != nil {
		return fmt.Errorf("publish to %s: %w", t.name, err)
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

// Close closes the connection.
func (t *Topic) Close() error { return t.conn.Close() }
