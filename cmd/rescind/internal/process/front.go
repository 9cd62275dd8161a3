package process

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/functions"
	"github.com/rescind-dev/rescind/internal/google"
	"github.com/rescind-dev/rescind/internal/store"
	"github.com/rescind-dev/rescind/remediate/desk"
)

// front is a process that people reach: it verifies, and passes on what they
// decide. It has no client of Google's but the topic's, and a store to read from
// where it shows findings.
type front struct {
	role   Role
	routes http.Handler
	topic  *google.Topic
	store  io.Closer
	log    *slog.Logger
}

// newFront returns a front without routes, and what takes answers from it.
func newFront(ctx context.Context, c config.Config, o Options) (*front, desk.Courier, error) {
	if err := o.check(); err != nil {
		return nil, nil, err
	}
	f := &front{role: o.Role, log: o.Log}
	if o.Courier != nil {
		return f, o.Courier, nil
	}
	var err error
	f.topic, err = google.OpenTopic(ctx, c.AnswersTopic)
	return f, f.topic, err
}

func newSlackFront(ctx context.Context, c config.Config, o Options) (*front, error) {
	f, courier, err := newFront(ctx, c, o)
	if err != nil {
		return nil, err
	}
	r, err := newReceiver(c, o, courier, nil, nil)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	f.routes = o.Telemetry.Receiving(functions.NewMux(slackRoutes(functions.Routes{Log: o.Log}, r)))
	return f, nil
}

// newPageFront is a process with the pages alone. It reads the store and writes
// nothing to it; what people answer travels to the worker.
func newPageFront(ctx context.Context, c config.Config, o Options) (*front, error) {
	f, courier, err := newFront(ctx, c, o)
	if err != nil {
		return nil, err
	}
	st := o.Store
	if st == nil {
		if st, f.store, err = store.Open(c.Store); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	if err := usable(ctx, st, c); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	mux := functions.NewMux(functions.Routes{Log: o.Log})
	if err := addPages(mux, c, o, st, nil, nil, courier, nil); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	f.routes = o.Telemetry.Receiving(mux)
	return f, nil
}

func (f *front) Announce(ctx context.Context, c config.Config) {
	f.log.InfoContext(ctx, "configuration", "role", string(f.role), "answers_topic", c.AnswersTopic, "team", c.Slack.Team, "iap_audience", c.IAP.Audience)
}

func (f *front) Serve(ctx context.Context, l net.Listener, _ time.Duration) error {
	return listenUntil(ctx, l, f.routes, f.log)
}

func (f *front) Handler() http.Handler { return f.routes }

// Close sends what is under way and closes the connections.
func (f *front) Close() error {
	var errs []error
	if f.topic != nil {
		errs = append(errs, f.topic.Close())
	}
	if f.store != nil {
		errs = append(errs, f.store.Close())
	}
	return errors.Join(errs...)
}
