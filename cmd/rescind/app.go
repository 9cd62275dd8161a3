package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"google.golang.org/grpc"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/google"
	"github.com/rescind-dev/rescind/internal/store"
	"github.com/rescind-dev/rescind/notify/slack"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
)

// app is one rescind process, put together.
type app struct {
	*remediate.Remediator
	policies *policies.Set
	google   *google.Client
	routes   http.Handler
	people   *slack.People // nil without Slack
	owed     chan string   // findings whose answers left something to do
	errands  chan func(context.Context)
	due      chan time.Duration // when the sweep is wanted before its tick
	socket   *slack.Socket      // nil: Slack posts
	closers  []io.Closer
	log      *slog.Logger
}

// world is what an app takes from the process it runs in; demo and tests have
// their own.
type world struct {
	role    role
	lookup  func(string) (string, bool)
	now     func() time.Time
	wait    func(ctx context.Context, d time.Duration) error
	dial    []grpc.DialOption                                // added to every connection to Google Cloud
	rushed  bool                                             // Slack takes more than a message a second: it is simulated, and somebody watches
	notes   string                                           // prefix of Slack response URLs; empty for Slack's own
	saw     func(change cloud.Change, out remediate.Outcome) // nil: nobody watches
	count   func(kind string)                                // told the kind of every message; nil: nobody counts
	store   remediate.Store                                  // nil: the one that the configuration names
	courier remediate.Courier                                // nil: the topic that the configuration names
	log     *slog.Logger
}

// pause sleeps for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// newApp puts a process that serves together from its configuration. What it
// opened is closed by app.Close, also when newApp fails half way.
func newApp(ctx context.Context, c config, w world) (*app, error) {
	a, err := newInside(ctx, c, w)
	if err != nil {
		return nil, err
	}
	if a.routes, err = a.newRoutes(c, w); err != nil {
		return nil, errors.Join(err, a.Close())
	}
	return a, nil
}

// newInside is newApp without what it serves.
func newInside(ctx context.Context, c config, w world) (_ *app, err error) {
	a := &app{owed: make(chan string, 64), errands: make(chan func(context.Context), 64), due: make(chan time.Duration, 1), log: w.log}
	defer func() {
		if err != nil {
			err = errors.Join(err, a.Close())
		}
	}()
	if a.policies, err = loadPolicies(c.Policies); err != nil {
		return nil, err
	}
	st := w.store
	if st == nil {
		opened, closer, err := store.Open(c.Store)
		if err != nil {
			return nil, err
		}
		st = opened
		a.closers = append(a.closers, closer)
	}
	if a.google, err = google.New(ctx, googleOptions(c, w, st)); err != nil {
		return nil, err
	}
	a.closers = append(a.closers, a.google)
	if a.people, err = people(c, w.lookup); err != nil {
		return nil, err
	}
	groups, err := directory(ctx, c, a.people, w.now)
	if err != nil {
		return nil, err
	}
	notifier, err := newNotifier(c, w, st, groups)
	if err != nil {
		return nil, err
	}
	rc := remediateConfig(c, w, a.policies, st, a.google, notifier, groups)
	if rc.Exporter, err = a.newExporter(ctx, c, w); err != nil {
		return nil, err
	}
	if rc.OnCall, err = newOnCall(c, w, notifier); err != nil {
		return nil, err
	}
	if a.Remediator, err = remediate.New(rc); err != nil {
		return nil, err
	}
	return a, nil
}

func (a *app) handler() http.Handler { return a.routes }

// Close releases what newApp opened, last first.
func (a *app) Close() error {
	var errs []error
	for i := len(a.closers) - 1; i >= 0; i-- {
		errs = append(errs, a.closers[i].Close())
	}
	return errors.Join(errs...)
}

// loadPolicies compiles the built-in policies with those at the paths on top.
func loadPolicies(paths []string) (*policies.Set, error) {
	var files []policies.File
	if len(paths) > 0 {
		var err error
		if files, err = policies.ReadFiles(paths...); err != nil {
			return nil, err
		}
	}
	return policies.Load(files...)
}
