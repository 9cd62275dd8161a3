package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/demo"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/sandbox"
)

const demoUsage = `Usage: rescind demo [flags]

Shows rescind at its work on this machine alone: a simulated Google Cloud that
the real clients talk to, its audit-log entries pushed to the real receiver, a
simulated Slack, an embedded store. Open the page: a few mistakes are made while
you look, the buttons make more, and the cards in Slack wait for your answer.

Flags:
  --addr ADDR        where the page is (default 127.0.0.1:8080)
  --once             no page: run a fixed script, check how it ended, exit
  --sim-addr ADDR    also serve the simulated Google Cloud there, over gRPC and
                     REST, for gcloud and other clients
  --log-format FORM  text or json (default text)

Example:
  rescind demo --once

Exit status: 0, or 1 if the script did not end as it must, 2 on wrong usage.
`

func demoCommand() command {
	return command{name: "demo", summary: "the whole loop on this machine, simulated", usage: demoUsage, run: runDemo}
}

func runDemo(ctx context.Context, env environment, args []string) (err error) {
	f := newFlags("demo")
	addr := f.String("addr", "127.0.0.1:8080", "")
	once := f.Bool("once", false, "")
	simAddr := f.String("sim-addr", "127.0.0.1:0", "")
	operands, err := f.parse(args)
	if err != nil {
		return err
	}
	if len(operands) > 0 {
		return usagef("unexpected argument %q", operands[0])
	}
	for _, a := range []string{*addr, *simAddr} {
		if err := loopback(a); err != nil {
			return err
		}
	}
	log := f.logger(env, slog.LevelWarn)
	if *once {
		w, err := sandbox.New(ctx, *simAddr, sandbox.Policies, log)
		if err != nil {
			return err
		}
		return errors.Join(demo.New(w).RunScript(ctx, env.stdout), w.Close())
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", *addr)
	if err != nil {
		return fmt.Errorf("serve the page: %w", err)
	}
	w, err := sandbox.NewAt(ctx, "http://"+l.Addr().String(), *simAddr, sandbox.Policies, log)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer func() { err = errors.Join(err, w.Close()) }()
	return demo.New(w).ServePage(ctx, l, env.stderr)
}

// loopback refuses an address that others could reach: the simulated cloud
// believes whoever calls it.
func loopback(addr string) error {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return usagef("address %q: want HOST:PORT", addr)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return usagef("address %q is not on this machine: the demo asks nobody who they are, so it listens on 127.0.0.1 only", addr)
	}
	return nil
}
