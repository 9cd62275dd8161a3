package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/trail"
)

const auditFlags = `Flags:
  --config FILE     configuration of the rescind that keeps it (required)
  --since TIME      what happened at or after this time (RFC 3339; default %s)
  --until TIME      what happened before this time (RFC 3339; default now)
  --finding ID      of this finding alone
  --format FORM     table or json (default table)
  --log-format FORM text or json (default text)
`

var auditListUsage = `Usage: rescind audit list --config FILE [flags]

Lists the audit trail, oldest first: every state that a finding came to and
every answer to it, and from the ledger who was refused, who paused and resumed,
which process started with which policies, and alarms. docs/audit.md says what
is kept where.

` + fmt.Sprintf(auditFlags, "seven days ago") + `
Example:
  rescind audit list --config rescind.yaml --since 2026-11-01T00:00:00Z --format json

Exit status: 0 also when there is nothing, 1 when a part cannot be read or on
failure, 2 on wrong usage.
`

var auditVerifyUsage = `Usage: rescind audit verify --config FILE [flags]

Walks the chains of hashes of all findings and of the ledger, and says whether
each is as it was written. What is broken is named on standard error, with the
first event or record that is not as it was. With --since and --until only the
ledger of these days, and the findings begun in that time.

` + fmt.Sprintf(auditFlags, "all that is kept, 400 days") + `
Example:
  rescind audit verify --config rescind.yaml

Exit status: 0 when all is as it was written, 1 when something is not or on
failure, 2 on wrong usage.
`

// auditCommand is for those who have to show, a year later, who did what.
func auditCommand() command {
	cmds := []command{
		{name: "list", summary: "list what was decided, refused, paused and started", usage: auditListUsage, run: runAuditList},
		{name: "verify", summary: "check that nothing of it was changed since", usage: auditVerifyUsage, run: runAuditVerify},
	}
	usage := new(strings.Builder)
	overview(usage, "rescind audit", cmds)
	usage.WriteString("\nExample:\n  rescind audit verify --config rescind.yaml\n")
	return command{
		name: "audit", summary: "list the audit trail, and check that it is whole", usage: usage.String(),
		run: func(ctx context.Context, env environment, args []string) error {
			if len(args) > 0 && isHelp(args[0]) {
				_, err := io.WriteString(env.stdout, usage.String())
				return err
			}
			if code := dispatch(ctx, "rescind audit", cmds, args, env); code != exitOK {
				return exitError{code}
			}
			return nil
		},
	}
}

// auditScope is what of the trail a command line is about.
type auditScope struct {
	config, format string
	since, until   time.Time
	finding        string
}

func auditScopeOf(name string, since time.Time, args []string) (auditScope, error) {
	f, s := newFlags("audit "+name), auditScope{since: since, until: time.Now()}
	f.StringVar(&s.config, "config", "", "")
	f.Func("since", "", timeFlag(&s.since))
	f.Func("until", "", timeFlag(&s.until))
	f.StringVar(&s.finding, "finding", "", "")
	format := formatFlag(f)
	operands, err := f.parse(args)
	s.format = *format
	switch {
	case err != nil:
		return s, err
	case len(operands) > 0:
		return s, usagef("unexpected argument %q", operands[0])
	case !s.since.Before(s.until):
		return s, usagef("--since is not before --until")
	}
	return s, checkFormat(s.format)
}

// holds reports whether the time is in the scope.
func (s auditScope) holds(at time.Time) bool { return !at.Before(s.since) && at.Before(s.until) }

func runAuditList(ctx context.Context, env environment, args []string) error {
	s, err := auditScopeOf("list", time.Now().Add(-7*24*time.Hour), args)
	if err != nil {
		return err
	}
	return in(s.config, func(o office) error {
		lines, problem := o.auditLines(ctx, s)
		return errors.Join(writeLines(env.stdout, s.format, lines), problem)
	})
}

// auditLines are the lines in the scope, also with an error: what can be read
// of a ledger is more than nothing. Findings of any age are looked at, as one
// may be answered long after it began.
func (o office) auditLines(ctx context.Context, s auditScope) ([]trail.Line, error) {
	fs, err := o.findingsIn(ctx, s, time.Time{})
	if err != nil {
		return nil, err
	}
	lines := []trail.Line{}
	for _, f := range fs {
		for _, l := range f.Lines(0) {
			if s.holds(l.At) {
				lines = append(lines, l)
			}
		}
	}
	var problem error
	for e, err := range o.ledger().Records(ctx, s.since, s.until) {
		switch {
		case err != nil:
			problem = err
		case s.finding == "" || s.finding == e.Finding:
			lines = append(lines, e.Line())
		}
	}
	slices.SortStableFunc(lines, func(a, b trail.Line) int { return a.At.Compare(b.At) })
	return lines, problem
}

// findingsIn are the findings that the scope names, begun since then.
func (o office) findingsIn(ctx context.Context, s auditScope, begun time.Time) ([]finding.Finding, error) {
	if s.finding == "" {
		return o.store.Findings(ctx, finding.Query{Since: begun})
	}
	f, err := o.store.Finding(ctx, s.finding)
	return []finding.Finding{f}, err
}

// ledger is the one in the store, to read.
func (o office) ledger() *trail.Ledger { return trail.NewLedger(o.store, time.Now, o.log) }

func writeLines(w io.Writer, format string, lines []trail.Line) error {
	if format == "json" {
		return writeJSON(w, lines)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TIME\tKIND\tFINDING\tN\tWHO\tWHAT\tHASH")
	for _, l := range lines {
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\t%s\t%s\n", clock(l.At), oneLine(l.Kind), dash(l.Finding), l.N,
			dash(l.Who), oneLine(l.What), dash(l.Hash[:min(8, len(l.Hash))]))
	}
	return table.Flush()
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return oneLine(s)
}

func runAuditVerify(ctx context.Context, env environment, args []string) error {
	s, err := auditScopeOf("verify", time.Time{}, args)
	if err != nil {
		return err
	}
	return in(s.config, func(o office) error {
		fs, err := o.findingsIn(ctx, s, s.since)
		if err != nil {
			return err
		}
		v, err := o.verify(ctx, s, fs)
		if s.format == "json" {
			return errors.Join(writeJSON(env.stdout, v), err)
		}
		_, werr := fmt.Fprintf(env.stdout, "%d events of %d findings and %d records of the ledger; %d findings from before there were hashes\n",
			v.Events, v.Findings, v.Entries, v.Unchained)
		return errors.Join(werr, err)
	})
}

// verified counts what was walked.
type verified struct {
	Findings  int  `json:"findings"`
	Events    int  `json:"events"`
	Unchained int  `json:"unchained"` // findings that a rescind without hashes wrote
	Entries   int  `json:"entries"`
	Whole     bool `json:"whole"`
}

func (o office) verify(ctx context.Context, s auditScope, fs []finding.Finding) (v verified, err error) {
	var broken []error
	for _, f := range fs {
		if s.finding == "" && !s.holds(f.CreatedAt) {
			continue
		}
		v.Findings++
		v.Events += len(f.Timeline)
		if len(f.Timeline) > 0 && f.Timeline.Head() == "" {
			v.Unchained++
		}
		broken = append(broken, f.VerifyTrail())
	}
	if s.finding == "" {
		v.Entries, err = o.ledger().Verify(ctx, s.since, s.until)
		broken = append(broken, err)
	}
	err = errors.Join(broken...)
	v.Whole = err == nil
	return v, err
}

// quiet is the log of an office that has nobody to tell yet.
func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }
