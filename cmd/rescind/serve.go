package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/rescind-dev/rescind/functions"
	"github.com/rescind-dev/rescind/policies"
)

const serveUsage = `Usage: rescind serve --config FILE [flags]

Receives audit-log events on POST /events, judges them by the policies, and
reverts or asks as the policies say. It listens on PORT, as on Cloud Run
(default 8080).

Flags:
  --config FILE      configuration, see docs/config.md (required)
  --role ROLE        the part this process plays (default all):
                       all     receive, ask and apply in one process
                       worker  all but what people reach: /events, /answers, /sweep
                       slack   what Slack reaches: verifies, and passes answers on
                               over answers_topic; has no store and no right to
                               change anything
                       page    the pages behind IAP: reads the store, and passes
                               answers on likewise
  --log-format FORM  text or json (default text)

Example:
  PORT=8080 rescind serve --config rescind.yaml

Exit status: 0 after a signal, 1 on failure, 2 on wrong usage.
`

func serveCommand() command {
	return command{name: "serve", summary: "receive events, revert or ask", usage: serveUsage, run: runServe}
}

func runServe(ctx context.Context, env environment, args []string) error {
	f := newFlags("serve")
	path := f.String("config", "", "")
	as := f.String("role", string(roleAll), "")
	operands, err := f.parse(args)
	switch {
	case err != nil:
		return err
	case len(operands) > 0:
		return usagef("unexpected argument %q", operands[0])
	case *path == "":
		return usagef("--config is missing")
	case !knownRole(role(*as)):
		return usagef("--role is %q, %s", *as, wantRole)
	}
	c, err := loadConfig(*path)
	if err != nil {
		return err
	}
	log := f.logger(env, slog.LevelInfo)
	a, err := newProcess(ctx, c, world{role: role(*as), lookup: env.lookup, now: time.Now, wait: pause, log: log})
	if err != nil {
		return err
	}
	a.announce(ctx, c)
	port, ok := env.lookup("PORT")
	if !ok || port == "" {
		port = "8080"
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", ":"+port)
	if err != nil {
		return errors.Join(fmt.Errorf("listen: %w", err), a.Close())
	}
	return errors.Join(a.serve(ctx, l, sweepEvery), a.Close())
}

// announce logs what this process may touch and how hard each policy acts, so
// that a slip in the configuration shows at the start and not at 3 a.m.
func (a *app) announce(ctx context.Context, c config) {
	a.log.InfoContext(ctx, "starting", "config", c)
	a.started(ctx, c)
	for _, p := range a.policies.Policies() {
		a.log.InfoContext(ctx, "policy", "policy", p.Name, "enforcement", string(p.Enforcement), "severity", string(p.Severity),
			"overrides", overridesOf(p), "exemptions", len(p.Exemptions))
	}
	for _, w := range a.policies.Warnings(a.Now()) {
		a.log.WarnContext(ctx, "exemption", "warning", w)
	}
	if p, err := a.Store.Pause(ctx); err == nil && p.Active(a.Now()) {
		a.log.WarnContext(ctx, "paused", "said", p.String())
	}
	if !c.Slack.configured() {
		a.log.WarnContext(ctx, "no Slack is configured: questions are only logged, and answered with rescind findings")
	}
	for _, wrong := range append(c.Approvals.alarms(), c.stepUpAlarms(a.policies.Policies())...) {
		a.log.ErrorContext(ctx, "approvers", "alarm", wrong)
	}
	if open := c.Approvals.Approvers.openDoor(); open != "" {
		a.log.WarnContext(ctx, "approvers", "warning", open)
	}
	for _, n := range c.notYet() {
		a.log.WarnContext(ctx, "configured, but without effect", "key", n)
	}
}

// serve answers requests on l and works off what is owed, until ctx ends. It
// returns when requests in flight are finished, or cut off after ten seconds.
func (a *app) serve(ctx context.Context, l net.Listener, every time.Duration) error {
	work, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { a.work(work, every) })
	running.Go(func() { a.scanAlong(work, every) })
	running.Go(func() { a.runErrands(work) })
	if a.socket != nil {
		running.Go(func() { a.socket.Run(work) })
	}
	err := listenUntil(ctx, l, a.routes, a.log)
	stop()
	running.Wait()
	return err
}

// listenUntil serves the routes on l until ctx ends.
func listenUntil(ctx context.Context, l net.Listener, routes http.Handler, log *slog.Logger) error {
	server := functions.NewServer("", routes)
	server.ErrorLog = slog.NewLogLogger(log.Handler(), slog.LevelWarn)
	server.BaseContext = func(net.Listener) context.Context { return context.WithoutCancel(ctx) }
	log.InfoContext(ctx, "listening", "address", l.Addr().String())
	return serveUntil(ctx, server, l, 10*time.Second)
}

// serveUntil serves on l until ctx ends. Requests in flight are then finished,
// or cut off after grace.
func serveUntil(ctx context.Context, s *http.Server, l net.Listener, grace time.Duration) error {
	failed := make(chan error, 1)
	go func() { failed <- s.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), grace)
	defer cancel()
	err := s.Shutdown(drain)
	if err != nil {
		err = errors.Join(fmt.Errorf("wait for requests in flight: %w", err), s.Close())
	}
	if ended := <-failed; !errors.Is(ended, http.ErrServerClosed) {
		err = errors.Join(err, ended)
	}
	return err
}

func overridesOf(p policies.Policy) string {
	var out []string
	for _, o := range p.Overrides {
		out = append(out, o.Scope.Path()+"="+string(o.Enforcement))
	}
	return strings.Join(out, ",")
}
