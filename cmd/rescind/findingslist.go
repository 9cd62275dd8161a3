package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/terminal"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

const findingsListUsage = `Usage: rescind findings list --config FILE [flags]

Lists findings, newest first; with --owed the changes that are still to be
judged, those first that wait longest. All filters have to hold.

Flags:
  --config FILE     configuration of the rescind that keeps them (required)
  --state STATE     in this state, may be repeated; "open" is every state in
                    which something is still to come
  --policy NAME     of this policy
  --project P       in this project, by id
  --actor A         of a change by this principal; user:, serviceAccount: and so
                    on may be left out
  --older-than D    begun (owed) longer ago than that, such as 90m or 24h
  --since TIME      begun at or after this time (RFC 3339)
  --until TIME      begun before this time (RFC 3339)
  --owed            changes that came and are not judged yet, and what keeps each;
                    of the filters --project, --actor and --older-than apply
  --limit N         the newest N of them; 0 for all (default 200). Whether there
                    are more is said on standard error
  --format FORM     table, or json for the records as they are stored
                    (default table)
  --log-format FORM text or json (default text)

Examples:
  rescind findings list --config rescind.yaml --state open --older-than 24h
  rescind findings list --config rescind.yaml --project pay-prod --since 2026-11-01T00:00:00Z --format json
  rescind findings list --config rescind.yaml --owed --older-than 10m

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
	owed           bool
}

func runFindingsList(ctx context.Context, env environment, args []string) error {
	o, err := filterFlags(args)
	if err != nil {
		return err
	}
	return withArchive(o.config, func(arc archive) error {
		if o.owed {
			return o.listOwed(ctx, env, arc.store, time.Now())
		}
		fs, left, unread := o.read(ctx, arc.store, time.Now())
		if _, err := fault.Readable(unread); err != nil {
			return err
		}
		if left != "" {
			fmt.Fprintln(env.stderr, "rescind findings list: "+left)
		}
		return errors.Join(writeFindings(env.stdout, o.format, fs), unread)
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
	f.BoolVar(&o.owed, "owed", false, "")
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
	if err := checkFormat(o.format); err != nil || !o.owed {
		return o, err
	}
	return o, o.checkOwed()
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

func writeFindings(w io.Writer, format string, fs []finding.Finding) error {
	if format == "json" {
		return terminal.WriteJSON(w, fs)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "ID\tSTATE\tSEVERITY\tBEGAN\tPOLICY\tRESOURCE\tACTOR\tNOTE")
	for _, f := range fs {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", f.ID, f.State, f.Severity, f.CreatedAt.UTC().Format(time.RFC3339),
			terminal.OneLine(f.Policy), terminal.OneLine(f.Resource.Path()), terminal.OneLine(f.Change.Actor.Principal), listNote(f))
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

// What a list shows and looks at, unless it is told otherwise: a store may hold
// a million findings that ended, and whoever lists them is in a hurry.
const (
	listLimit = 200
	listLook  = 20_000
	listPage  = 500
)

// read lists page by page until there are as many as asked for, and says what it
// left out, if anything. The actor is the one filter that a store does not know. What
// cannot be read is a *fault.LeftOutError beside the others.
func (o findingFilter) read(ctx context.Context, st finding.Reader, now time.Time) (out []finding.Finding, left string, err error) {
	out = []finding.Finding{}
	q := o.query
	if before := now.Add(-o.olderThan + 1); o.olderThan > 0 && (q.Until.IsZero() || before.Before(q.Until)) {
		q.Until = before
	}
	q.Limit = listPage
	var unread []error
	for looked := 0; ; looked += listPage {
		page, err := st.Findings(ctx, q)
		if unread, err = unreadIn(err, unread); err != nil {
			return nil, "", err
		}
		for _, f := range page {
			switch {
			case !f.ActedIn(o.actor):
			case o.limit > 0 && len(out) == o.limit:
				return out, fmt.Sprintf("there are more than these %d; --limit 0 lists all, --since and --until a part", o.limit), fault.LeftOut(unread)
			default:
				out = append(out, f)
			}
			q.After = f.Position()
		}
		if len(page) < listPage {
			return out, "", fault.LeftOut(unread)
		}
		if o.limit > 0 && looked+listPage >= listLook {
			return out, fmt.Sprintf("looked at the newest %d only; go on with --until %s, or --limit 0 for all",
				listLook, q.After.CreatedAt.Add(time.Second).UTC().Format(time.RFC3339)), fault.LeftOut(unread)
		}
	}
}

// unreadIn takes from the error of a list what it could not read, each once: pages may
// name it twice. Any other error is returned.
func unreadIn(err error, unread []error) ([]error, error) {
	var left *fault.LeftOutError
	if !errors.As(err, &left) {
		return unread, err
	}
	for _, one := range left.Records {
		if !slices.ContainsFunc(unread, func(o error) bool { return o.Error() == one.Error() }) {
			unread = append(unread, one)
		}
	}
	return unread, nil
}
