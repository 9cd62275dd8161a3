package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/build"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/measured"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/store"
	"github.com/rescind-dev/rescind/internal/telemetry"
)

const serveUsage = `Usage: rescind serve --config FILE [flags]

Receives audit-log events on POST /events, judges them by the policies, and
reverts or asks as the policies say. It listens on PORT, as on Cloud Run
(default 8080). The log begins with which rescind it is, and ends with why it
stopped.

Flags:
  --config FILE      configuration, see docs/config.md (required); env:NAME for the
                     one that the environment variable NAME holds
  --role ROLE        the part this process plays (default all):
                       all     receive, ask and apply in one process
                       worker  all but what people reach: /events, /answers, /sweep
                       slack   what Slack reaches: verifies, and passes answers on
                               over answers_topic; has no store and no right to
                               change anything
                       page    the pages behind IAP: reads the store, and passes
                               answers on likewise
  --log-format FORM  text or json (default text)

Environment:
  PORT               port that it listens on (default 8080)
  OTEL_...           where metrics and traces go, see docs/operations.md (default
                     nowhere)

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
	as := f.String("role", string(process.All), "")
	operands, err := f.parse(args)
	switch {
	case err != nil:
		return err
	case len(operands) > 0:
		return usagef("unexpected argument %q", operands[0])
	case *path == "":
		return usagef("--config is missing")
	}
	role, err := process.ParseRole(*as)
	if err != nil {
		return usagef("%s", err)
	}
	load := config.Load
	if role == process.All || role == process.Worker {
		load = config.LoadForAnswers
	}
	c, err := load(*path)
	if err != nil {
		return err
	}
	return serveAs(ctx, env, f, c, role)
}

// serveAs says in the log which rescind starts as what, and why it stopped.
func serveAs(ctx context.Context, env environment, f *flags, c config.Config, role process.Role) error {
	log := f.serviceLogger(env, slog.LevelInfo)
	if f.logFormat == "json" {
		log = slog.New(telemetry.TracedLog(log.Handler(), projectOf(env, c)))
	}
	port, ok := env.lookup("PORT")
	if !ok || port == "" {
		port = "8080"
	}
	log.InfoContext(ctx, "starting", "build", build.Read(), "role", string(role), "store", storeOf(c, role), "address", ":"+port)
	err := serveOn(ctx, env, c, role, log, ":"+port)
	switch {
	case err == nil:
		log.InfoContext(ctx, "stopped", "why", "signal")
		return nil
	case f.logFormat == "json": // whoever reads the log reads no line that is not JSON
		log.ErrorContext(ctx, "stopped", "why", "failure", "error", err.Error())
		return exitError{exitFailed}
	}
	log.ErrorContext(ctx, "stopped", "why", "failure")
	return err
}

// projectOf is where rescind runs, and so where its traces are.
func projectOf(env environment, c config.Config) string {
	if p, ok := env.lookup("GOOGLE_CLOUD_PROJECT"); ok && p != "" {
		return p
	}
	return cloud.ServiceAccountProject(c.Identity)
}

// storeOf is the kind of store that the role opens.
func storeOf(c config.Config, role process.Role) string {
	if role == process.SlackFront {
		return "none"
	}
	return store.Scheme(c.Store)
}

// serveOn listens on the address until ctx ends.
func serveOn(ctx context.Context, env environment, c config.Config, role process.Role, log *slog.Logger, address string) error {
	o := process.Options{Role: role, Lookup: env.lookup, Now: time.Now, Wait: process.Wait, Log: log}
	counted, end, err := measured.Start(ctx, measured.Options{Role: string(role), Lookup: env.lookup, Now: time.Now, Log: log})
	if err != nil {
		return err
	}
	defer end()
	o.Telemetry = counted
	a, err := process.New(ctx, c, o)
	if err != nil {
		return err
	}
	a.Announce(ctx, c)
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return errors.Join(fmt.Errorf("listen: %w", err), a.Close())
	}
	return errors.Join(a.Serve(ctx, l, process.SweepEvery), a.Close())
}
