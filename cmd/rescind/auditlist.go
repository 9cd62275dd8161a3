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
	"github.com/rescind-dev/rescind/remediate/trail"
)

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

func runAuditList(ctx context.Context, env environment, args []string) error {
	s, err := auditScopeOf("list", time.Now().Add(-7*24*time.Hour), args)
	if err != nil {
		return err
	}
	return withArchive(s.config, func(arc archive) error {
		lines, problem := arc.auditLines(ctx, s)
		return errors.Join(writeLines(env.stdout, s.format, lines), problem)
	})
}

// auditLines are the lines in the scope, also with an error: what can be read
// is more than nothing. Findings of any age are looked at, as one
// may be answered long after it began.
func (arc archive) auditLines(ctx context.Context, s auditScope) ([]trail.Line, error) {
	fs, err := arc.findingsIn(ctx, s, time.Time{})
	unread, err := unreadIn(err, nil)
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
	problem := errors.Join(unread...)
	for e, err := range arc.ledger().Records(ctx, s.since, s.until) {
		switch {
		case err != nil:
			problem = errors.Join(problem, err)
		case s.finding == "" || s.finding == e.Finding:
			lines = append(lines, e.Line())
		}
	}
	slices.SortStableFunc(lines, func(a, b trail.Line) int { return a.At.Compare(b.At) })
	return lines, problem
}

func writeLines(w io.Writer, format string, lines []trail.Line) error {
	if format == "json" {
		return terminal.WriteJSON(w, lines)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "TIME\tKIND\tFINDING\tN\tWHO\tWHAT\tHASH")
	for _, l := range lines {
		fmt.Fprintf(table, "%s\t%s\t%s\t%d\t%s\t%s\t%s\n", clock(l.At), terminal.OneLine(l.Kind), dash(l.Finding), l.N,
			dash(l.Who), terminal.OneLine(l.What), dash(l.Hash[:min(8, len(l.Hash))]))
	}
	return table.Flush()
}
