package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/rescind-dev/rescind/functions"
	"github.com/rescind-dev/rescind/internal/google"
	"github.com/rescind-dev/rescind/remediate"
)

// role is the part of rescind that one process plays. The parts are services of
// their own so that what the internet can reach holds no right to change
// anything.
type role string

const (
	roleAll    role = "all"    // everything; the zero role is this one too
	roleWorker role = "worker" // what decides and changes: reached by Pub/Sub and Scheduler alone
	roleSlack  role = "slack"  // what Slack reaches: verifies and passes on
	rolePage   role = "page"   // the pages behind IAP: verifies and passes on
)

const wantRole = "want all, worker, slack or page"

// process is one rescind of some role, put together.
type process interface {
	announce(ctx context.Context, c config)
	handler() http.Handler
	serve(ctx context.Context, l net.Listener, sweepEvery time.Duration) error
	Close() error
}

// newProcess puts together the process of w.role.
func newProcess(ctx context.Context, c config, w world) (process, error) {
	if err := checkRole(c, w.role); err != nil {
		return nil, err
	}
	switch w.role {
	case roleAll, roleWorker:
		return newApp(ctx, c, w)
	case roleSlack:
		return newSlackFront(ctx, c, w)
	case rolePage:
		return newPageFront(ctx, c, w)
	}
	return nil, fmt.Errorf("role is %q, %s", w.role, wantRole)
}

func knownRole(r role) bool {
	return r == roleAll || r == roleWorker || r == roleSlack || r == rolePage
}

// checkRole says what the role needs and the configuration lacks.
func checkRole(c config, r role) error {
	var errs []error
	need := func(ok bool, what string) {
		if !ok {
			errs = append(errs, errors.New("--role "+string(r)+": "+what))
		}
	}
	need(c.Slack.Mode != "socket" || r == roleAll || r == "", "slack.mode is socket, with which there is nothing to pass on: use --role all")
	switch r {
	case roleSlack:
		need(c.Slack.configured(), "slack is not configured, so there is nothing to serve")
		need(c.AnswersTopic != "", "answers_topic is empty: what people answer would reach nobody")
	case rolePage:
		need(c.AnswersTopic != "", "answers_topic is empty: what people answer would reach nobody")
	case roleWorker:
		need(!c.Slack.configured() || c.AnswersTopic != "", "answers_topic is empty: no answer could come here; use --role all for one process")
	}
	return errors.Join(errs...)
}

// front is a process that people reach: it verifies, and passes on what they
// decide. It has no client of Google's but the topic's, and a store to read from
// where it shows findings.
type front struct {
	role   role
	routes http.Handler
	topic  *google.Topic
	store  io.Closer
	log    *slog.Logger
}

// newFront returns a front without routes, and what takes answers from it.
func newFront(ctx context.Context, c config, w world) (*front, remediate.Courier, error) {
	f := &front{role: w.role, log: w.log}
	if w.courier != nil {
		return f, w.courier, nil
	}
	var err error
	f.topic, err = google.OpenTopic(ctx, c.AnswersTopic)
	return f, f.topic, err
}

func newSlackFront(ctx context.Context, c config, w world) (*front, error) {
	f, courier, err := newFront(ctx, c, w)
	if err != nil {
		return nil, err
	}
	r, err := newReceiver(c, w, courier, nil, nil)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	f.routes = functions.NewMux(slackRoutes(functions.Routes{Log: w.log}, r))
	return f, nil
}

func (f *front) announce(ctx context.Context, c config) {
	f.log.InfoContext(ctx, "starting", "role", string(f.role), "answers_topic", c.AnswersTopic, "team", c.Slack.Team, "iap_audience", c.IAP.Audience)
}

func (f *front) serve(ctx context.Context, l net.Listener, _ time.Duration) error {
	return listenUntil(ctx, l, f.routes, f.log)
}

func (f *front) handler() http.Handler { return f.routes }

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
