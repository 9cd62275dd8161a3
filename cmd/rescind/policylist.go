package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/terminal"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

const policyListUsage = `Usage: rescind policy list [flags] [PATH...]

Shows the built-in policies and those of the files on top of them. PATH is a
policy file, or a directory that holds some.

With --all it also shows the built-in policies that are not loaded: name one in a
file to have it.

With --effective it shows what would come of a violation in one project and
why: the enforcement with the override that decides it, the facts that the
policy rests on there, and the exemptions.

Flags:
  --policies PATH  the same as PATH, may be repeated
  --all            also the built-in policies that are not loaded
  --effective      what applies in a project; needs --project
  --project P      the project, by id (or by number, if --facts knows it)
  --facts FILE     ancestors and constraints, as for rescind replay; what it
                   does not say is unknown
  --at DATE        the day on which exemptions are looked at (default today)
  --format FORM    table or json (default table)

Example:
  rescind policy list --all mine/
  rescind policy list --effective --project pay-prod --facts facts.yaml mine/
`

func policyListCommand() command {
	return command{name: "list", summary: "show the policies that are loaded, or what they come to in a project", usage: policyListUsage, run: runPolicyList}
}

// listOptions is a command line that makes sense.
type listOptions struct {
	paths     []string
	all       bool
	effective bool
	project   string
	facts     string
	now       time.Time
	format    string
}

func listFlags(args []string) (listOptions, error) {
	o := listOptions{now: time.Now()}
	f := newFlags("policy list")
	paths := f.list("policies")
	f.BoolVar(&o.all, "all", false, "")
	f.BoolVar(&o.effective, "effective", false, "")
	f.StringVar(&o.project, "project", "", "")
	f.StringVar(&o.facts, "facts", "", "")
	f.Func("at", "", dayFlag(&o.now))
	f.StringVar(&o.format, "format", "table", "")
	operands, err := f.parse(args)
	o.paths = append(*paths, operands...)
	switch {
	case err != nil:
		return o, err
	case o.format != "table" && o.format != "json":
		return o, usagef("--format is %q, want table or json", o.format)
	case o.effective && o.all:
		return o, usagef("--all and --effective exclude each other: what is not loaded has no effect")
	case o.effective && o.project == "":
		return o, usagef("--effective needs --project")
	case !o.effective && (o.project != "" || o.facts != ""):
		return o, usagef("--project and --facts belong to --effective")
	}
	return o, nil
}

func runPolicyList(ctx context.Context, env environment, args []string) error {
	o, err := listFlags(args)
	if err != nil {
		return err
	}
	set, err := checkedPolicies(o.paths)
	if err != nil {
		return err
	}
	if o.effective {
		return writeEffective(ctx, env.stdout, set, o)
	}
	out := listedIn(set, o.all)
	if o.format == "json" {
		return terminal.WriteJSON(env.stdout, out)
	}
	return writeTable(env.stdout, out)
}

// listedIn are the policies of the set, and if all the built-in ones that are not in it.
func listedIn(set *policies.Set, all bool) []listedPolicy {
	out := []listedPolicy{}
	for _, p := range set.Policies() {
		out = append(out, listedOf(p, true))
	}
	if !all {
		return out
	}
	for _, p := range policies.Shipped() {
		if !slices.ContainsFunc(out, func(l listedPolicy) bool { return l.Name == p.Name }) {
			out = append(out, listedOf(p, false))
		}
	}
	return out
}

// listedPolicy is a policy in the JSON form of the list.
type listedPolicy struct {
	Name        string                 `json:"name"`
	Title       string                 `json:"title"`
	Severity    policies.Severity      `json:"severity"`
	On          []cloud.Kind           `json:"on"`
	Enforcement policies.Enforcement   `json:"enforcement"`
	Overrides   []listedOverride       `json:"overrides"`
	Exemptions  int                    `json:"exemptions"`
	Remediation []policies.Remediation `json:"remediation"`
	BuiltIn     bool                   `json:"built_in"`
	Source      string                 `json:"source"`
	Loaded      bool                   `json:"loaded"` // false for a built-in policy that no file names
}

type listedOverride struct {
	Scope       string               `json:"scope"`
	Enforcement policies.Enforcement `json:"enforcement"`
}

func writeTable(w io.Writer, all []listedPolicy) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "NAME\tSEVERITY\tENFORCEMENT\tON\tTITLE")
	for _, p := range all {
		var on []string
		for _, k := range p.On {
			on = append(on, string(k))
		}
		enforcement := string(p.Enforcement)
		if !p.Loaded {
			enforcement = "not loaded"
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", p.Name, p.Severity, enforcement, strings.Join(on, ","), terminal.OneLine(p.Title))
	}
	return table.Flush()
}

func listedOf(p policies.Policy, loaded bool) listedPolicy {
	out := listedPolicy{
		Name: p.Name, Title: p.Title, Severity: p.Severity, On: p.On, Enforcement: p.Enforcement,
		Overrides: []listedOverride{}, Exemptions: len(p.Exemptions),
		Remediation: append([]policies.Remediation{}, p.Remediation...), BuiltIn: p.BuiltIn, Source: p.Source, Loaded: loaded,
	}
	for _, o := range p.Overrides {
		out.Overrides = append(out.Overrides, listedOverride{o.Scope.Path(), o.Enforcement})
	}
	return out
}
