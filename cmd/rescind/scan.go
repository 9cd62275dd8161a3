package main

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
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
	c, err := loadConfig(o.config)
	if err != nil {
		return err
	}
	log := f.logger(env, slog.LevelWarn)
	if strings.HasPrefix(c.Store, "memory:") {
		c.Slack = slackConfig{} // nobody could answer: the store ends with this process
	}
	a, err := newInside(ctx, c, world{lookup: env.lookup, now: time.Now, wait: pause, log: log})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.Close()) }()
	return a.scan(ctx, env, o, containers(c.Scope.Include))
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

// scan looks at all that the options choose, and writes what it found. What
// could not be looked at is told at once, and fails the command at the end.
func (a *app) scan(ctx context.Context, env environment, o scanOptions, scope []cloud.Resource) error {
	s := scanner{progress: newProgress(env.stderr)}
	if len(o.projects) > 0 {
		scope = s.named(ctx, a, o.projects)
	}
	refused := s.failures
	round, err := a.ScanAll(ctx, remediate.Walk{
		Name: walkName(scope), Tops: scope, FromStart: o.fromStart, Resumed: s.resumed, Visit: s.visit,
	})
	s.progress.end()
	if err := scanFormats()[o.format](env.stdout, s.found); err != nil {
		return err
	}
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("not scanned to the end: %w; started again within the hour it goes on from here", ctx.Err())
	case errors.Is(err, remediate.ErrTakenOver):
		return fmt.Errorf("not scanned to the end: another rescind scan of the same began meanwhile: %w", err)
	case err != nil:
		return err
	case refused+round.Failed > 0: // those before it was cut off included
		return fmt.Errorf("%d parts could not be scanned", refused+round.Failed)
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

// scanner gathers what a scan comes to, and tells how far it is.
type scanner struct {
	progress  *progress
	found     []scanFinding
	failures  int
	projects  int
	workloads int // of the project that it is in
	before    int // findings there were when it came to that project
}

// scanFinding is a finding and whether this scan raised it.
type scanFinding struct {
	finding.Finding
	raised bool
}

// named are the projects that are in scope. Outside it nothing is even looked at.
func (s *scanner) named(ctx context.Context, a *app, projects []string) (tops []cloud.Resource) {
	for _, p := range projects {
		at := cloud.ProjectResource(p)
		if !a.Covers(ctx, at) {
			s.failed(fmt.Errorf("scan %s: it is out of scope", at))
			continue
		}
		tops = append(tops, at)
	}
	return tops
}

func (s *scanner) resumed(r remediate.Round) {
	s.progress.done("going on where the scan of %s stopped: %s; `rescind findings list` has what it found",
		r.Began.UTC().Format(time.RFC3339), r)
}

func (s *scanner) visit(v remediate.Visit) {
	s.failed(v.Err)
	for _, f := range v.Outcome.Findings {
		s.found = append(s.found, scanFinding{f, true})
	}
	for _, f := range v.Outcome.Known {
		s.found = append(s.found, scanFinding{f, false})
	}
	switch {
	case v.Resource.Kind.Workload():
		s.workloads++
		s.progress.now("%d projects scanned; %s", s.projects, v.Resource.Path())
	case v.Resource.Kind == cloud.Project && v.List == "":
		s.projects++
		s.progress.done("%s: %d workloads, %d findings", v.Resource.Path(), s.workloads, len(s.found)-s.before)
		s.workloads, s.before = 0, len(s.found)
	}
}

func (s *scanner) failed(err error) {
	if err != nil {
		s.failures++
		s.progress.failed(err)
	}
}

// scanFormats are the forms findings are written in.
func scanFormats() map[string]func(io.Writer, []scanFinding) error {
	return map[string]func(io.Writer, []scanFinding) error{"table": writeScanTable, "jsonl": writeScanLines}
}
