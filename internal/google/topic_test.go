package google_test

import (
	"context"
	"net"
	"testing"

	"cloud.google.com/go/pubsub/v2/apiv1/pubsubpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/internal/google"
	"github.com/rescind-dev/rescind/remediate/desk"
)

// publisher is a Pub/Sub that fails as often as it is told to.
type publisher struct {
	pubsubpb.UnimplementedPublisherServer
	failures []codes.Code
	got      []*pubsubpb.PublishRequest
	routing  []string
}

func (p *publisher) Publish(ctx context.Context, r *pubsubpb.PublishRequest) (*pubsubpb.PublishResponse, error) {
	p.routing = metadata.ValueFromIncomingContext(ctx, "x-goog-request-params")
	if len(p.failures) > 0 {
		code := p.failures[0]
		p.failures = p.failures[1:]
		return nil, status.Error(code, "told to fail")
	}
	p.got = append(p.got, r)
	return &pubsubpb.PublishResponse{MessageIds: []string{"1"}}, nil
}

// serve has PUBSUB_EMULATOR_HOST name the publisher.
func (p *publisher) serve(t *testing.T) {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := grpc.NewServer()
	pubsubpb.RegisterPublisherServer(s, p)
	go func() { _ = s.Serve(l) }()
	t.Cleanup(s.Stop)
	t.Setenv("PUBSUB_EMULATOR_HOST", l.Addr().String())
}

func TestAMessageIsPublishedOnceAndAtOnce(t *testing.T) {
	for _, tt := range []struct {
		name     string
		failures []codes.Code
		want     codes.Code
	}{
		{"taken", nil, codes.OK},
		{"taken when Pub/Sub is available again", []codes.Code{codes.Unavailable}, codes.OK},
		{"refused", []codes.Code{codes.PermissionDenied}, codes.PermissionDenied},
	} {
		t.Run(tt.name, func(t *testing.T) {
			p := &publisher{failures: tt.failures}
			p.serve(t)
			topic, err := google.OpenTopic(t.Context(), "projects/ops/topics/answers")
			if err != nil {
				t.Fatal(err)
			}
			gone, cancel := context.WithCancel(t.Context())
			cancel() // whoever asked has gone away: what was begun is done
			err = topic.Send(gone, desk.Signed{Kind: "slack"})
			if status.Code(err) != tt.want {
				t.Fatalf("error is %v, want %s", err, tt.want)
			}
			if err == nil {
				m := p.got[0].Messages[0]
				if len(p.got) != 1 || p.got[0].Topic != "projects/ops/topics/answers" || m.Attributes["kind"] != "slack" || len(m.Data) == 0 {
					t.Errorf("published %v", p.got)
				}
			}
			if diff := cmp.Diff([]string{"topic=projects%2Fops%2Ftopics%2Fanswers"}, p.routing); diff != "" {
				t.Errorf("routing (-want +got):\n%s", diff)
			}
			if err := topic.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}
