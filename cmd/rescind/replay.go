package main

import (
	"context"
	_ "embed"
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
	"github.com/rescind-dev/rescind/internal/replay/rollout"
)

// replayUsage is a file of its own, as it is the longest.
//
//go:embed usage/replay.txt
var replayUsage string

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
	planRollout  bool
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
	if o.planRollout {
		return false, rollout.Of(found, o.since, o.until).Write(w)
	}
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
	f.BoolVar(&o.planRollout, "plan-rollout", false, "")
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
	case o.planRollout && (o.compare != "" || o.long || o.format != "table"):
		return o, usagef("--plan-rollout writes a policy file: it takes no --compare, --format or --long")
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
	if o.planRollout {
		cfg.Compare = rollout.Reverting(set)
	}
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
