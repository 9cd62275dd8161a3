package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/terminal"
	"github.com/rescind-dev/rescind/internal/replay"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/policies/files"
)

const policyLintUsage = `Usage: rescind policy lint [flags] PATH...

Finds what loads and yet cannot be meant: policies that no change can violate,
overrides that change nothing, exemptions that cover nothing or have ended, and
more. docs/policy-commands.md states each rule. PATH is a policy file, or a
directory that holds some.

Flags:
  --policies PATH    the same as PATH, may be repeated
  --facts FILE       ancestors and project numbers, as for rescind replay: which
                     overrides change nothing can often be told with it only
  --history INPUT    exported log entries, as for rescind replay; may be
                     repeated. Exemptions that cover nothing in them are reported
  --at DATE          the day on which exemptions are looked at (default today)
  --format FORM      text or json (default text)

Example:
  rescind policy lint --facts facts.yaml --history entries.json mine/

Exit status: 0 when there is nothing to report but warnings, 1 with a problem
or on failure, 2 on wrong usage.
`

func policyLintCommand() command {
	return command{name: "lint", summary: "find policies, overrides and exemptions that do nothing", usage: policyLintUsage, run: runPolicyLint}
}

// lintOptions is a command line that makes sense.
type lintOptions struct {
	paths   []string
	facts   string
	history []string
	now     time.Time
	format  string
}

func runPolicyLint(ctx context.Context, env environment, args []string) error {
	o, err := lintFlags(args)
	if err != nil {
		return err
	}
	read, err := files.Read(o.paths...)
	if err != nil {
		return err
	}
	in, err := o.input(ctx, env)
	if err != nil {
		return err
	}
	problems, err := policies.Lint(read, in)
	if err != nil {
		return err
	}
	if err := writeProblems(env, o.format, problems); err != nil {
		return err
	}
	if slices.ContainsFunc(problems, func(p policies.LintProblem) bool { return !p.Warning }) {
		return exitError{exitFailed}
	}
	return nil
}

func lintFlags(args []string) (lintOptions, error) {
	f := newFlags("policy lint")
	o := lintOptions{now: time.Now()}
	paths, history := f.list("policies"), f.list("history")
	f.StringVar(&o.facts, "facts", "", "")
	f.Func("at", "", dayFlag(&o.now))
	f.StringVar(&o.format, "format", "text", "")
	operands, err := f.parse(args)
	o.paths, o.history = append(*paths, operands...), *history
	switch {
	case err != nil:
		return o, err
	case len(o.paths) == 0:
		return o, usagef("no policies: want a file or a directory")
	case o.format != "text" && o.format != "json":
		return o, usagef("--format is %q, want text or json", o.format)
	}
	return o, nil
}

// input reads what the files are held against. A history that cannot be read
// to its end, or record by record, is refused: what an exemption covers may be in the rest.
func (o lintOptions) input(ctx context.Context, env environment) (policies.LintInput, error) {
	facts, err := readFacts(o.facts)
	if err != nil {
		return policies.LintInput{}, err
	}
	past, err := replay.Read(ctx, facts, replay.FindInputs(o.history, env.stdin), nil)
	if err != nil {
		return policies.LintInput{}, err
	}
	if past.ReadNothing && len(o.history) > 0 {
		fmt.Fprintln(env.stdout, "nothing could be read: the history holds no log entry")
	}
	if len(past.Refused) > 0 {
		return policies.LintInput{}, fmt.Errorf("read history %s", past.Refused[0])
	}
	if len(past.Located) > 0 {
		return policies.LintInput{}, fmt.Errorf("read history %s", past.Located[0])
	}
	if past.ReadNothing && len(o.history) > 0 {
		return policies.LintInput{}, errors.New("read history: there is no log entry in it")
	}
	in := policies.LintInput{
		Now:       o.now,
		Fact:      func(q policies.Question) policies.Fact { return past.Fact(ctx, q, o.now) },
		ProjectID: past.ProjectID,
	}
	for i, c := range past.Changes {
		at := past.Moment(i)
		in.History = append(in.History, policies.Event{
			Change: c, At: at, Fact: func(q policies.Question) policies.Fact { return past.Fact(ctx, q, at) },
		})
	}
	return in, nil
}

func writeProblems(env environment, format string, problems []policies.LintProblem) error {
	if format == "json" {
		return terminal.WriteJSON(env.stdout, append([]policies.LintProblem{}, problems...))
	}
	p := &printer{w: env.stdout}
	for _, problem := range problems {
		p.line(0, "%s", problem)
		for line := range strings.Lines(problem.Excerpt) {
			p.line(0, "%s", strings.TrimSuffix(line, "\n"))
		}
	}
	return p.err
}
