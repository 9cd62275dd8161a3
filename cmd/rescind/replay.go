package main

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/build"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/history"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/outfile"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/progress"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/terminal"
	"github.com/rescind-dev/rescind/internal/replay"
	"github.com/rescind-dev/rescind/internal/replay/report"
)

const replayUsage = `Usage: rescind replay [flags] INPUT...

Says what rescind would have found and done, had it seen the audit-log entries
of the inputs: a dry run over history, judged like live events. Nothing is
written to Google Cloud, and nothing is read from it but the inputs.

INPUT is a file, a directory (every *.json, *.jsonl, *.ndjson and *.log in it
and below, compressed or not), a glob pattern, - for standard input,
gs://BUCKET/PREFIX for objects of Cloud Storage (the one of that name, or all
below it that are named like logs, or a pattern), or
logging://projects/P?since=TIME&filter=FILTER for what Cloud Logging still holds
(also folders/N and organizations/N), or bigquery://PROJECT.DATASET.TABLE for a
table that a sink writes or a view of Log Analytics, after saying what the query
costs; all three are read as you. A file holds JSON
Lines or a JSON array of log entries, as gcloud logging read writes them, plain,
gzip or zstd. See docs/replay.md.

Flags:
  --policies PATH    policy file or directory, may be repeated; the built-in
                     policies are always loaded
  --facts FILE       what history cannot tell: enforced constraints, projects,
                     runtime identities
  --since TIME       judge only changes from this time on: a time in RFC 3339, a
                     day such as 2026-11-20 (UTC), how long ago such as 30d or
                     12h, today or yesterday
  --until TIME       judge only changes before this time
  --format FORM      table, html, csv, jsonl or sarif (default table); html is one page
                     that needs no network, for --out FILE
  --long             the table tells each finding in full, not one a line
  --config FILE      its guardrails.max_reverts are the limits that the busiest hour
                     is held against (default those of docs/config.md)
  --compare PATH     how the findings would differ with the policies of this file or
                     directory in place of those of --policies: what appears,
                     disappears, changes its decision or its reason, in every format
  --fail-on-diff     exit with 3 where anything differs
  --full             read every record in full. Without it most of a large input is
                     passed over: records that name no service which a policy could
                     be about. One in 64 of them is read all the same, and the run
                     fails if such a record matters
  --out FILE         write the findings there instead of to standard output
  --log-format FORM  the summary on standard error as text or json (default text)

Example:
  gcloud logging read \
    'log_id("cloudaudit.googleapis.com/activity") AND protoPayload.serviceName=("cloudfunctions.googleapis.com" OR "cloudresourcemanager.googleapis.com" OR "iam.googleapis.com" OR "orgpolicy.googleapis.com" OR "run.googleapis.com")' \
    --project pay-prod --freshness 30d --format json > entries.json
  rescind replay --facts facts.yaml entries.json
  rescind replay --facts facts.yaml --format html --out report.html entries.json

Exit status: 0 when every input was read to its end, whatever was found; 1 on
failure, when an input was not, or when no record at all could be read; 2 on
wrong usage; 3 with --fail-on-diff when anything differs. Stopped with Ctrl-C it writes what was found in what it had read,
says how to go on, and exits with 1.
`

func replayCommand() command {
	return command{name: "replay", summary: "dry run over exported audit logs", usage: replayUsage, run: runReplay}
}

// replayOptions is a command line that makes sense.
type replayOptions struct {
	policies     []string
	facts        string
	since, until time.Time
	format       string
	out          string
	full, long   bool
	config       string
	compare      string
	failOnDiff   bool
	limits       report.Limits
	inputs       []string
}

// reportOptions are how the report is written. A file is of no terminal's width.
func (o replayOptions) reportOptions(env environment) report.Options {
	width := 0
	if o.out == "" || o.out == "-" {
		width = terminal.Width(env.stdout, env.lookup)
	}
	return report.Options{Width: width, Long: o.long, Limits: o.limits, Version: build.Read().Version}
}

// write writes the report, or the comparison that was asked for, and says whether anything differs.
func (o replayOptions) write(w io.Writer, found replay.Report, env environment) (differs bool, err error) {
	if o.compare == "" {
		return false, report.Write(w, o.format, found, o.reportOptions(env))
	}
	ds := report.Compare(found)
	return len(ds) > 0, report.WriteComparison(w, o.format, found, ds, o.reportOptions(env))
}

// sources are the files that are read, which results must not replace.
func (o replayOptions) sources(in replay.Inputs) []string {
	out := slices.Concat(o.policies, []string{o.facts, o.config, o.compare})
	for _, i := range in.Files {
		out = append(out, i.Name)
	}
	return out
}

func runReplay(ctx context.Context, env environment, args []string) error {
	f := newFlags("replay")
	o, err := replayFlags(f, args)
	if err != nil {
		return err
	}
	cfg, err := o.judging()
	if err != nil {
		return err
	}
	l, err := config.LimitsOf(o.config)
	if err != nil {
		return err
	}
	o.limits = report.Limits{Total: l.Total, PerPolicy: l.PerPolicy, PerProject: l.PerProject, PerActor: l.PerActor}
	inputs := history.Finder{Notice: notice(ctx, f, env)}.Find(ctx, o.inputs, env.stdin)
	results, err := outfile.Open(o.out, env.stdout, o.sources(inputs)...)
	if err != nil {
		return err
	}
	defer results.Discard()
	if cfg.Facts != nil {
		for _, w := range cfg.Facts.Warnings {
			notice(ctx, f, env)("warning: " + w)
		}
	}
	shown := progress.New(env.stderr)
	cfg.Progress = progress.NewReplay(shown, time.Now).Tell
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	found, stopped := replay.Run(ctx, cfg, inputs)
	shown.End()
	differs, err := o.write(results, found, env)
	if err != nil {
		return err
	}
	if err := results.Keep(); err != nil {
		return err
	}
	if err := errors.Join(summarise(ctx, f, env, found.Summary), stopped); err != nil || !differs || !o.failOnDiff {
		return err
	}
	return exitError{exitDiffers}
}

// notice says what a person should know before the result, in the form of the log.
func notice(ctx context.Context, f *flags, env environment) func(string) {
	return func(s string) {
		if f.logFormat == "json" {
			f.logger(env, slog.LevelInfo).WarnContext(ctx, "notice", "notice", s)
			return
		}
		terminal.Say(env.stderr, "%s", s)
	}
}

func replayFlags(f *flags, args []string) (replayOptions, error) {
	o := replayOptions{format: "table"}
	f.Func("policies", "", func(s string) error { o.policies = append(o.policies, s); return nil })
	f.StringVar(&o.facts, "facts", "", "")
	f.StringVar(&o.format, "format", o.format, "")
	f.StringVar(&o.out, "out", "", "")
	f.BoolVar(&o.full, "full", false, "")
	f.BoolVar(&o.long, "long", false, "")
	f.StringVar(&o.config, "config", "", "")
	f.StringVar(&o.compare, "compare", "", "")
	f.BoolVar(&o.failOnDiff, "fail-on-diff", false, "")
	f.Func("since", "", timeFlag(&o.since))
	f.Func("until", "", timeFlag(&o.until))
	var err error
	if o.inputs, err = f.parse(args); err != nil {
		return o, err
	}
	scheme := slices.IndexFunc(o.inputs, func(s string) bool {
		kind, _, ok := strings.Cut(s, "://")
		return ok && !slices.Contains([]string{"gs", "logging", "bigquery"}, kind)
	})
	switch {
	case !slices.Contains(report.Formats(), o.format):
		return o, usagef("--format is %q, want one of %s", o.format, strings.Join(report.Formats(), ", "))
	case o.long && o.format != "table":
		return o, usagef("--long is about the table, and --format is %s", o.format)
	case o.failOnDiff && o.compare == "":
		return o, usagef("--fail-on-diff is about what differs, and there is no --compare")
	case len(o.inputs) == 0:
		return o, usagef("no input: want a file, directory, glob or -")
	case scheme >= 0:
		return o, usagef("not supported: %s; want a file, directory, glob, -, gs://BUCKET/PREFIX, logging://projects/P or bigquery://PROJECT.DATASET.TABLE", o.inputs[scheme])
	case !o.until.IsZero() && !o.since.Before(o.until):
		return o, usagef("--since is not before --until")
	}
	return o, nil
}

func (o replayOptions) judging() (replay.Config, error) {
	cfg := replay.Config{Since: o.since, Until: o.until, Full: o.full}
	set, err := config.LoadPolicies(o.policies)
	if err != nil {
		return cfg, err
	}
	cfg.Policies = set
	if o.compare != "" {
		if cfg.Compare, err = config.LoadPolicies([]string{o.compare}); err != nil {
			return cfg, err
		}
	}
	if o.facts != "" {
		cfg.Facts, err = replay.ReadFacts(o.facts)
	}
	return cfg, err
}

// summarise accounts for the run on standard error. An input that was not read
// to its end fails the command: what it held may be what mattered.
func summarise(ctx context.Context, f *flags, env environment, s replay.Summary) error {
	if f.logFormat == "json" {
		f.logger(env, slog.LevelInfo).InfoContext(ctx, "replayed", "summary", s)
	} else if err := s.WriteText(env.stderr); err != nil {
		return err
	}
	if len(s.Refused) > 0 || s.ReadNothing() {
		return exitError{exitFailed}
	}
	return nil
}
