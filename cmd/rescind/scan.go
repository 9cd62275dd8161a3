package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate"
)

const scanUsage = `Usage: rescind scan --config FILE [flags]

Judges what is live now by the same policies as events: services, jobs and
worker pools, and the allow policies of projects, folders and organizations in
scope. It finds what was there before rescind, and what no event told of.

What it finds is recorded and people are told of it, as rescind serve does. A
scan never reverts: where a policy says revert, it asks. What has an open
finding, or was kept, undone or left in the last 30 days, is listed as known and
not raised again. With the store memory: it only prints.

Flags:
  --config FILE      configuration, see docs/config.md (required)
  --project P        only this project, by id, may be repeated; without it all
                     of the scope
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
	s := scanner{app: a, progress: newProgress(env.stderr)}
	if len(o.projects) > 0 {
		s.named(ctx, o.projects)
	} else {
		s.below(ctx, scope)
	}
	s.progress.end()
	if err := scanFormats()[o.format](env.stdout, s.found); err != nil {
		return err
	}
	if ctx.Err() != nil {
		return fmt.Errorf("not scanned to the end: %w", ctx.Err())
	}
	if s.failures > 0 {
		return fmt.Errorf("%d parts could not be scanned", s.failures)
	}
	return nil
}

// scanner goes through containers, and gathers what their scans come to.
type scanner struct {
	*app
	progress *progress
	found    []scanFinding
	failures int
}

// scanFinding is a finding and whether this scan raised it.
type scanFinding struct {
	remediate.Finding
	raised bool
}

// named scans projects. Outside the scope nothing is even looked at.
func (s *scanner) named(ctx context.Context, projects []string) {
	for i, p := range projects {
		at := cloud.ProjectResource(p)
		if !s.Covers(ctx, at) {
			s.failed(fmt.Errorf("scan %s: it is out of scope", at))
			continue
		}
		s.project(ctx, at, i+1, len(projects))
	}
}

// below scans all projects of the scope, and then what holds them: by then it
// is known which accounts their workloads run as.
func (s *scanner) below(ctx context.Context, scope []cloud.Resource) {
	var projects, above []cloud.Resource
	seen := map[cloud.Resource]bool{}
	for _, top := range scope {
		all, err := s.google.Below(ctx, top)
		s.failed(err)
		for _, r := range all {
			switch {
			case seen[r] || !s.Covers(ctx, r):
			case r.Kind == cloud.Project:
				projects = append(projects, r)
			default:
				above = append(above, r)
			}
			seen[r] = true
		}
	}
	for i, p := range projects {
		s.project(ctx, p, i+1, len(projects))
	}
	for _, r := range above {
		s.one(ctx, r)
	}
}

func (s *scanner) project(ctx context.Context, at cloud.Resource, i, of int) {
	if ctx.Err() != nil {
		return
	}
	before := len(s.found)
	workloads, err := s.google.WorkloadsIn(ctx, at)
	s.failed(err)
	for n, w := range workloads {
		s.progress.now("%d of %d projects: %s, %d of %d workloads", i, of, at.Path(), n, len(workloads))
		s.one(ctx, w)
	}
	s.one(ctx, at)
	s.progress.done("%s: %d workloads, %d findings", at.Path(), len(workloads), len(s.found)-before)
}

func (s *scanner) one(ctx context.Context, r cloud.Resource) {
	if ctx.Err() != nil {
		return
	}
	out, err := s.Scan(ctx, r)
	s.failed(err)
	for _, f := range out.Findings {
		s.found = append(s.found, scanFinding{f, true})
	}
	for _, f := range out.Known {
		s.found = append(s.found, scanFinding{f, false})
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
