package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
)

const findingsShowUsage = `Usage: rescind findings show --config FILE [flags] ID

Shows all that is recorded of a finding: what was changed, by whom and when,
what a policy objects to, why it was reverted or why not, the plan with its
before and after, what was written, who answered what and why, every undo of it,
and its timeline, which is its audit trail: it says the number of each event, and
whether the trail is as it was written (docs/audit.md).

Flags:
  --config FILE      configuration of the rescind that keeps it (required)
  --format FORM      table, or json for the record as it is stored (default table)
  --log-format FORM  text or json (default text)

Example:
  rescind findings show --config rescind.yaml vcgfwjtpahkqm5hzxg3hbrhzqe

Exit status: 0 fine, 1 when there is no such finding, when its trail is not as it
was written, or on failure, 2 on wrong usage.
`

func findingsShowCommand() command {
	return command{name: "show", summary: "show all that is recorded of a finding", usage: findingsShowUsage, run: runFindingsShow}
}

func runFindingsShow(ctx context.Context, env environment, args []string) error {
	f := newFlags("findings show")
	path := f.String("config", "", "")
	format := formatFlag(f)
	operands, err := f.parse(args)
	switch {
	case err != nil:
		return err
	case len(operands) != 1:
		return usagef("want one finding's id, got %d", len(operands))
	}
	if err := checkFormat(*format); err != nil {
		return err
	}
	return in(*path, func(o office) error { return o.show(ctx, env.stdout, *format, operands[0]) })
}

func (o office) show(ctx context.Context, w io.Writer, format, id string) error {
	f, err := o.store.Finding(ctx, id)
	if err != nil {
		return err
	}
	if format == "json" {
		return errors.Join(writeJSON(w, f), f.VerifyTrail())
	}
	undos, err := o.undosOf(ctx, f)
	if err != nil {
		return err
	}
	p := &printer{w: w}
	findingPage{f, undos, notify.Options{OnExpiry: remediate.Expiry(o.config.Approvals.OnExpiry), Needs: o.desk().Authority.Needs}}.write(p)
	return errors.Join(p.err, f.VerifyTrail())
}

// undosOf are the records that undo the finding, or tried to.
func (o office) undosOf(ctx context.Context, f finding.Finding) ([]finding.Finding, error) {
	near, err := o.store.Findings(ctx, finding.Query{Resource: f.Resource, Policy: f.Policy, Since: f.CreatedAt})
	if err != nil {
		return nil, fmt.Errorf("look up undos of %s: %w", f.ID, err)
	}
	var out []finding.Finding
	for _, u := range near {
		if u.UndoOf == f.ID {
			out = append(out, u)
		}
	}
	return out, nil
}
