package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
)

// Role is the part of rescind that one process plays. The parts are services of
// their own so that what the internet can reach holds no right to change
// anything.
type Role string

// The roles. The zero one is All.
const (
	All        Role = "all"    // everything
	Worker     Role = "worker" // what decides and changes: reached by Pub/Sub and Scheduler alone
	SlackFront Role = "slack"  // what Slack reaches: verifies and passes on
	PageFront  Role = "page"   // the pages behind IAP: verifies and passes on
)

// ParseRole reads the name of a role; its error says which there are.
func ParseRole(name string) (Role, error) {
	switch r := Role(name); r {
	case All, Worker, SlackFront, PageFront:
		return r, nil
	}
	return "", fmt.Errorf("--role is %q, want all, worker, slack or page", name)
}

// Process is one rescind of some role, put together.
type Process interface {
	// Announce says in the log what the configuration makes of the process.
	Announce(ctx context.Context, c config.Config)
	// Handler serves what the role is reached at.
	Handler() http.Handler
	// Serve serves on l until ctx ends, sweeping as often as that; zero for never.
	Serve(ctx context.Context, l net.Listener, sweepEvery time.Duration) error
	io.Closer
}

// New puts together the process of o.Role.
func New(ctx context.Context, c config.Config, o Options) (Process, error) {
	if err := checkRole(c, o.Role); err != nil {
		return nil, err
	}
	switch o.Role {
	case All, Worker:
		return NewApp(ctx, c, o)
	case SlackFront:
		return newSlackFront(ctx, c, o)
	case PageFront:
		return newPageFront(ctx, c, o)
	}
	_, err := ParseRole(string(o.Role))
	return nil, err
}

// checkRole says what the role needs and the configuration lacks.
func checkRole(c config.Config, r Role) error {
	var errs []error
	need := func(ok bool, what string) {
		if !ok {
			errs = append(errs, errors.New("--role "+string(r)+": "+what))
		}
	}
	need(c.Slack.Mode != "socket" || r == All || r == "", "slack.mode is socket, with which there is nothing to pass on: use --role all")
	switch r {
	case All, Worker, "":
		if err := c.ValidateAnswers(); err != nil {
			errs = append(errs, err)
		}
	}
	switch r {
	case SlackFront:
		need(c.Slack.Configured(), "slack is not configured, so there is nothing to serve")
		need(c.AnswersTopic != "", "answers_topic is empty: what people answer would reach nobody")
	case PageFront:
		need(c.AnswersTopic != "", "answers_topic is empty: what people answer would reach nobody")
	case Worker:
		need(!c.Slack.Configured() || c.AnswersTopic != "", "answers_topic is empty: no answer could come here; use --role all for one process")
	}
	return errors.Join(errs...)
}
