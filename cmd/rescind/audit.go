package main

import (
	"context"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
)

const auditFlags = `Flags:
  --config FILE     configuration of the rescind that keeps it (required)
  --since TIME      what happened at or after this time (RFC 3339; default %s)
  --until TIME      what happened before this time (RFC 3339; default now)
  --finding ID      of this finding alone
  --format FORM     table or json (default table)
  --log-format FORM text or json (default text)
`

// auditCommand is for those who have to show, a year later, who did what.
func auditCommand() command {
	cmds := []command{
		{name: "list", summary: "list what was decided, refused, paused and started", usage: auditListUsage, run: runAuditList},
		{name: "verify", summary: "check that nothing of it was changed since", usage: auditVerifyUsage, run: runAuditVerify},
		{name: "export", summary: "write a part of it that can be checked elsewhere", usage: auditExportUsage, run: runAuditExport},
	}
	return group("audit", "list the audit trail, check that it is whole, and export it", "rescind audit verify --config rescind.yaml", cmds)
}

// auditScope is what of the trail a command line is about.
type auditScope struct {
	config, format string
	since, until   time.Time
	finding        string
}

// auditScopeOf reads the flags, and those that the command adds.
func auditScopeOf(name string, since time.Time, args []string, add ...func(*flags)) (auditScope, error) {
	f, s := newFlags("audit "+name), auditScope{since: since, until: time.Now()}
	f.StringVar(&s.config, "config", "", "")
	f.Func("since", "", timeFlag(&s.since))
	f.Func("until", "", timeFlag(&s.until))
	f.StringVar(&s.finding, "finding", "", "")
	form := "table"
	if name != "export" {
		f.StringVar(&form, "format", form, "")
	}
	for _, more := range add {
		more(f)
	}
	operands, err := f.parse(args)
	s.format = form
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

// findingsIn are the findings that the scope names, begun since then.
func (arc archive) findingsIn(ctx context.Context, s auditScope, begun time.Time) ([]finding.Finding, error) {
	if s.finding == "" {
		return arc.store.Findings(ctx, finding.Query{Since: begun})
	}
	f, err := arc.store.Finding(ctx, s.finding)
	return []finding.Finding{f}, err
}
