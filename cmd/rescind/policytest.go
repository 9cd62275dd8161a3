package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/terminal"
	"github.com/rescind-dev/rescind/policies"
)

func policyTestCommand() command {
	return command{
		name:    "test",
		summary: "run the policies' own samples",
		usage: `Usage: rescind policy test [flags] [PATH...]

Runs the samples under "tests" of the built-in policies and of those in the
files. Exits 1 when a sample gets another verdict than it wants, or when a
policy file has problems.

Flags:
  --policies PATH  the same as PATH, may be repeated
  --run SUBSTR     only the samples whose "policy/sample" name contains it
  --junit FILE     also write the results as JUnit XML, for CI systems

Example:
  rescind policy test --run no-public-invoker mine/
  rescind policy test --junit results.xml mine/
`,
		run: runPolicyTest,
	}
}

func runPolicyTest(_ context.Context, env environment, args []string) error {
	f := newFlags("policy test")
	only := f.String("run", "", "only samples whose name contains this")
	junit := f.String("junit", "", "")
	paths := f.list("policies")
	operands, err := f.parse(args)
	if err != nil {
		return err
	}
	set, err := checkedPolicies(append(*paths, operands...))
	if err != nil {
		return err
	}
	results := set.Test(func(name string) bool { return strings.Contains(name, *only) })
	if len(results) == 0 {
		return fmt.Errorf("no sample's name contains %q", *only)
	}
	if err := keepJUnit(*junit, results); err != nil {
		return err
	}
	failed := 0
	for _, r := range results {
		printTestResult(env.stdout, r)
		if !r.OK {
			failed++
		}
	}
	fmt.Fprintf(env.stdout, "%d passed, %d failed\n", len(results)-failed, failed)
	if failed > 0 {
		return exitError{exitFailed}
	}
	return nil
}

func printTestResult(w io.Writer, r policies.TestResult) {
	if r.OK {
		fmt.Fprintf(w, "ok    %s\n", terminal.OneLine(r.Name))
		return
	}
	fmt.Fprintf(w, "FAIL  %s\n", terminal.OneLine(r.Name))
	fmt.Fprintf(w, "      %s:%d\n      - want %s\n      + got  %s\n", terminal.OneLine(r.File), r.Line, r.Want, r.Got)
	for _, reason := range r.Reasons {
		fmt.Fprintf(w, "        %s\n", terminal.OneLine(reason))
	}
}

// keepJUnit writes the report to a file, if one is named.
func keepJUnit(path string, results []policies.TestResult) error {
	if path == "" {
		return nil
	}
	out, err := openResults(path, io.Discard)
	if err != nil {
		return err
	}
	defer out.discard()
	if err := writeJUnit(out, results); err != nil {
		return err
	}
	return out.keep()
}
