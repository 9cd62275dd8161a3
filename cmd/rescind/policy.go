package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/rescind-dev/rescind/policies"
)

func policyCommand() command {
	cmds := []command{policyListCommand(), policyTestCommand()}
	usage := new(strings.Builder)
	overview(usage, "rescind policy", cmds)
	usage.WriteString("\nExample:\n  rescind policy test policies/\n")
	return command{
		name:    "policy",
		summary: "list and test policies",
		usage:   usage.String(),
		run: func(ctx context.Context, env environment, args []string) error {
			if len(args) > 0 && isHelp(args[0]) {
				_, err := io.WriteString(env.stdout, usage.String())
				return err
			}
			if code := dispatch(ctx, "rescind policy", cmds, args, env); code != exitOK {
				return exitError{code}
			}
			return nil
		},
	}
}

func policyListCommand() command {
	return command{
		name:    "list",
		summary: "show the policies that are loaded",
		usage: `Usage: rescind policy list [PATH...]

Shows the built-in policies and those of the files on top of them. PATH is a
policy file, or a directory that holds some.

Example:
  rescind policy list policies/
`,
		run: runPolicyList,
	}
}

func runPolicyList(_ context.Context, env environment, args []string) error {
	paths, err := newFlags("policy list").parse(args)
	if err != nil {
		return err
	}
	set, err := checkedPolicies(paths)
	if err != nil {
		return err
	}
	w := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "NAME\tSEVERITY\tENFORCEMENT\tON\tTITLE")
	for _, p := range set.Policies() {
		var on []string
		for _, k := range p.On {
			on = append(on, string(k))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", p.Name, p.Severity, p.Enforcement, strings.Join(on, ","), oneLine(p.Title))
	}
	return w.Flush()
}

func policyTestCommand() command {
	return command{
		name:    "test",
		summary: "run the policies' own samples",
		usage: `Usage: rescind policy test [--run SUBSTR] [PATH...]

Runs the samples under "tests" of the built-in policies and of those in the
files. Exits 1 when a sample gets another verdict than it wants, or when a
policy file has problems.

Flags:
  --run SUBSTR   only the samples whose "policy/sample" name contains it

Example:
  rescind policy test --run no-public-invoker policies/
`,
		run: runPolicyTest,
	}
}

func runPolicyTest(_ context.Context, env environment, args []string) error {
	f := newFlags("policy test")
	only := f.String("run", "", "only samples whose name contains this")
	paths, err := f.parse(args)
	if err != nil {
		return err
	}
	set, err := checkedPolicies(paths)
	if err != nil {
		return err
	}
	results := set.Test(func(name string) bool { return strings.Contains(name, *only) })
	if len(results) == 0 {
		return fmt.Errorf("no sample's name contains %q", *only)
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
		fmt.Fprintf(w, "ok    %s\n", oneLine(r.Name))
		return
	}
	fmt.Fprintf(w, "FAIL  %s\n", oneLine(r.Name))
	fmt.Fprintf(w, "      %s:%d\n      - want %s\n      + got  %s\n", oneLine(r.File), r.Line, r.Want, r.Got)
	for _, reason := range r.Reasons {
		fmt.Fprintf(w, "        %s\n", oneLine(reason))
	}
}

// checkedPolicies loads policies for a person to look at: each problem in a
// file stands on a line of its own.
func checkedPolicies(paths []string) (*policies.Set, error) {
	set, err := loadPolicies(paths)
	if problem := new(policies.Problem); errors.As(err, &problem) {
		return nil, fmt.Errorf("the policies cannot be loaded:\n%w", err)
	}
	return set, err
}

// oneLine keeps text from a file on its own line and off the terminal's controls.
func oneLine(s string) string {
	return printable(strings.NewReplacer("\n", " ", "\t", " ").Replace(s))
}
