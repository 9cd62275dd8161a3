package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

const findingsListUsage = `Usage: rescind findings list --config FILE [flags]

Lists findings, newest first. All filters have to hold.

Flags:
  --config FILE     configuration of the rescind that keeps them (required)
  --state STATE     in this state, may be repeated; "open" is every state in
                    which something is still to come
  --policy NAME     of this policy
  --project P       in this project, by id
  --actor A         of a change by this principal; user:, serviceAccount: and so
                    on may be left out
  --older-than D    begun longer ago than that, such as 90m or 24h
  --since TIME      begun at or after this time (RFC 3339)
  --until TIME      begun before this time (RFC 3339)
  --limit N         the newest N of them; 0 for all (default 200). Whether there
                    are more is said on standard error
  --format FORM     table, or json for the records as they are stored
                    (default table)
  --log-format FORM text or json (default text)

Examples:
  rescind findings list --config rescind.yaml --state open --older-than 24h
  rescind findings list --config rescind.yaml --project pay-prod --since 2026-11-01T00:00:00Z --format json

Exit status: 0 also when there are none, 1 on failure, 2 on wrong usage.
`

func findingsListCommand() command {
	return command{name: "list", summary: "list findings", usage: findingsListUsage, run: runFindingsList}
}

// findingFilter are the command line of `findings list`.
type findingFilter struct {
	config, format string
	query          finding.Query
	actor          string
	olderThan      time.Duration
	limit          int
}

func runFindingsList(ctx context.Context, env environment, args []string) error {
	o, err := filterFlags(args)
	if err != nil {
		return err
	}
	return in(o.config, func(off office) error {
		fs, left, err := o.read(ctx, off.store, time.Now())
		if err != nil {
			return err
		}
		if left != "" {
			fmt.Fprintln(env.stderr, "rescind findings list: "+left)
		}
		return writeFindings(env.stdout, o.format, fs)
	})
}

func filterFlags(args []string) (findingFilter, error) {
	f, o := newFlags("findings list"), findingFilter{}
	f.StringVar(&o.config, "config", "", "")
	f.Func("state", "", o.addState)
	f.StringVar(&o.query.Policy, "policy", "", "")
	f.StringVar(&o.query.Project, "project", "", "")
	f.StringVar(&o.actor, "actor", "", "")
	f.DurationVar(&o.olderThan, "older-than", 0, "")
	f.Func("since", "", timeFlag(&o.query.Since))
	f.Func("until", "", timeFlag(&o.query.Until))
	f.IntVar(&o.limit, "limit", listLimit, "")
	format := formatFlag(f)
	operands, err := f.parse(args)
	o.format = *format
	switch {
	case err != nil:
		return o, err
	case len(operands) > 0:
		return o, usagef("unexpected argument %q", operands[0])
	case o.limit < 0 || o.olderThan < 0:
		return o, usagef("--limit and --older-than take no negative value")
	case !o.query.Until.IsZero() && !o.query.Since.Before(o.query.Until):
		return o, usagef("--since is not before --until")
	}
	return o, checkFormat(o.format)
}

func (o *findingFilter) addState(s string) error {
	switch {
	case s == "open":
		o.query.States = append(o.query.States, state.Open()...)
	case slices.Contains(state.All(), state.State(s)):
		o.query.States = append(o.query.States, state.State(s))
	default:
		return fmt.Errorf("there is no such state: want open or one of %s", words(state.All()))
	}
	return nil
}

func words[S ~string](ss []S) string {
	var out []string
	for _, s := range ss {
		out = append(out, string(s))
	}
	return strings.Join(out, ", ")
}

func writeFindings(w io.Writer, format string, fs []finding.Finding) error {
	if format == "json" {
		return writeJSON(w, fs)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tSTATE\tSEVERITY\tBEGAN\tPOLICY\tRESOURCE\tACTOR\tNOTE")
	for _, f := range fs {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", f.ID, f.State, f.Severity, f.CreatedAt.UTC().Format(time.RFC3339),
			oneLine(f.Policy), oneLine(f.Resource.Path()), oneLine(f.Change.Actor.Principal), listNote(f))
	}
	return table.Flush()
}

// listNote is what the state does not say.
func listNote(f finding.Finding) string {
	switch {
	case f.Paused:
		return "waits for a pause to end"
	case f.UndoOf != "":
		return "undo of " + f.UndoOf
	case f.State == state.Pending:
		return "expires " + f.ExpiresAt.UTC().Format(time.RFC3339)
	}
	return "-"
}
