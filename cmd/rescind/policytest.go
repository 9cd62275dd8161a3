package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/outfile"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/samples"
	"github.com/rescind-dev/rescind/policies"
)

func policyTestCommand() command {
	return command{
		name:    "test",
		summary: "run the policies' own samples",
		usage: `Usage: rescind policy test [flags] [PATH...]

Runs the samples under "tests" of the policies in the files, and then of the
built-in ones, which take one line where they pass. Exits 1 when a sample gets another verdict than it wants, or when a
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
	failed := samples.Print(env.stdout, results, len(*paths)+len(operands) > 0 && *only == "")
	fmt.Fprintf(env.stdout, "%d passed, %d failed\n", len(results)-failed, failed)
	if failed > 0 {
		return exitError{exitFailed}
	}
	return nil
}

// keepJUnit writes the report to a file, if one is named.
func keepJUnit(path string, results []policies.TestResult) error {
	if path == "" {
		return nil
	}
	out, err := outfile.Open(path, io.Discard)
	if err != nil {
		return err
	}
	defer out.Discard()
	if err := samples.JUnit(out, results); err != nil {
		return err
	}
	return out.Keep()
}
