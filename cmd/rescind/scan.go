package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/remediate/scan"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/progress"
	"github.com/rescind-dev/rescind/internal/cloud"
)

const scanUsage = `Usage: rescind scan --config FILE [flags]

Judges what is live now by the same policies as events: services, jobs and
worker pools, and the allow policies of projects, folders and organizations in
scope. It finds what was there before rescind, and what no event told of.

What it finds is recorded and people are told of it, as rescind serve does. A
scan never reverts: where a policy says revert, it asks. What has an open
finding, or was kept, undone or left in the last 30 days, is listed as known and
not raised again. Open findings that were fixed since are closed. With the store
memory: it only prints.

A scan that was cut off goes on where it stopped when it is started again within
the hour; what it prints is then the rest. rescind serve scans by itself, each
hour (scan.every in the configuration), apart from this one.

Flags:
  --config FILE      configuration, see docs/config.md (required)
  --project P        only this project, by id, may be repeated; without it all
                     of the scope
  --from-start       begin anew, also where an earlier scan was cut off
  --format FORM      table or jsonl (default table)
  --log-format FORM  text or json (default text)

Example:
  rescind scan --config rescind.yaml --project pay-prod

Exit status: 0 when all was scanned, whatever was found; 1 on failure, or when a
part could not be scanned, which standard error names; 2 on wrong usage.
`

func scanCommand() command {
	return command{name: "scan", summary: "the same policies over what is live now", usage: scanUsage, run: runScan}
}

// scanOptions is a command line that makes sense.
type scanOptions struct {
	config, format string
	projects       []string
	fromStart      bool
}

func runScan(ctx context.Context, env environment, args []string) (err error) {
	f := newFlags("scan")
	o, err := scanFlags(f, args)
	if err != nil {
		return err
	}
	c, err := config.Load(o.config)
	if err != nil {
		return err
	}
	log := f.logger(env, slog.LevelWarn)
	if strings.HasPrefix(c.Store, "memory:") {
		c.Slack = config.Slack{} // nobody could answer: the store ends with this process
	}
	a, err := process.NewWithoutRoutes(ctx, c, process.Options{Lookup: env.lookup, Now: time.Now, Wait: process.Wait, Log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return scanScope(ctx, env, a, o, cloud.ParseContainers(c.Scope.Include))
}

func scanFlags(f *flags, args []string) (scanOptions, error) {
	o := scanOptions{}
	f.StringVar(&o.config, "config", "", "")
	f.StringVar(&o.format, "format", "table", "")
	f.BoolVar(&o.fromStart, "from-start", false, "")
	projects := f.list("project")
	operands, err := f.parse(args)
	for _, p := range *projects {
		o.projects = append(o.projects, strings.TrimPrefix(p, "projects/"))
	}
	switch {
	case err != nil:
		return o, err
	case len(operands) > 0:
		return o, usagef("unexpected argument %q", operands[0])
	case o.config == "":
		return o, usagef("--config is missing")
	case scanFormats()[o.format] == nil:
		return o, usagef("--format is %q, want table or jsonl", o.format)
	}
	for _, p := range o.projects {
		if _, ok := cloud.ParseContainer("projects/" + p); !ok {
			return o, usagef("--project %q: want a project's id", p)
		}
	}
	return o, nil
}

// scanScope looks at all that the options choose, and writes what it found. What
// could not be looked at is told at once, and fails the command at the end.
func scanScope(ctx context.Context, env environment, a *process.App, o scanOptions, scope []cloud.Resource) error {
	s := scanner{progress: progress.New(env.stderr)}
	if len(o.projects) > 0 {
		scope = s.named(ctx, a, o.projects)
	}
	refused := s.failures
	round, err := a.Scanner().All(ctx, scan.Walk{
		Name: walkName(scope), Tops: scope, FromStart: o.fromStart, Resumed: s.resumed, Visit: s.visit,
	})
	s.progress.End()
	if err := scanFormats()[o.format](env.stdout, s.found, round); err != nil {
		return err
	}
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("not scanned to the end: %w; started again within the hour it goes on from here", ctx.Err())
	case errors.Is(err, scan.ErrTakenOver):
		return fmt.Errorf("not scanned to the end: another rescind scan of the same began meanwhile: %w", err)
	case err != nil:
		return err
	case refused+round.Failed > 0: // those before it was cut off included
		return fmt.Errorf("%d parts could not be scanned", refused+round.Failed)
	case round.Scanned == 0:
		return errors.New("no resource in scope was scanned")
	}
	return nil
}

// walkName is the same for the same choice of what to scan.
func walkName(tops []cloud.Resource) string {
	var paths []string
	for _, r := range tops {
		paths = append(paths, r.Path())
	}
	slices.Sort(paths)
	return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(paths, " "))))
}
