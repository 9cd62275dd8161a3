package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/terminal"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// via is how a decision from the command line is recorded.
const via = "cli"

const answerFlags = `Who you are is asked of Google, with your application default credentials
(gcloud auth application-default login); you have to be among
approvals.approvers. The decision is recorded at once; a running rescind carries
it out at its next sweep, within seconds, or when a pause ends.

Flags:
  --config FILE     configuration of the rescind that keeps it (required)
  --reason TEXT     why; kept with the finding
  --plan DIGEST     the plan you looked at, as findings show names it (its first
                    8 digits at least): refused if it is another by now
  --format FORM     table, or json for the record as it is stored (default table)
  --log-format FORM text or json (default text)
`

const findingsRevertUsage = `Usage: rescind findings revert --config FILE [flags] ID

Has a finding's plan carried out: of one that waits for an answer, or of one
that was only reported.

` + answerFlags + `
Example:
  rescind findings revert --config rescind.yaml --plan 7f3a9c21 vcgfwjtpahkqm5hzxg3hbrhzqe

Exit status: 0 when it is recorded, 1 when it is refused or fails, 2 on wrong
usage.
`

const findingsKeepUsage = `Usage: rescind findings keep --config FILE --reason TEXT [flags] ID

Lets the change stay that a finding asks about. Whoever made the change cannot.

` + answerFlags + `
Example:
  rescind findings keep --config rescind.yaml --reason 'public by design, see the review' vcgfwjtpahkqm5hzxg3hbrhzqe

Exit status: 0 when it is recorded, 1 when it is refused or fails, 2 on wrong
usage.
`

const findingsUndoUsage = `Usage: rescind findings undo --config FILE --reason TEXT [flags] ID

Takes back what rescind wrote, and nothing else, within 24 hours and only where
it is still as rescind left it. It is a finding of its own, with its own plan,
which findings show prints beforehand. Whoever made the change cannot undo its
revert.

` + answerFlags + `
Example:
  rescind findings undo --config rescind.yaml --reason 'the partner still needs it today' vcgfwjtpahkqm5hzxg3hbrhzqe

Exit status: 0 when it is recorded, 1 when it is refused or fails, 2 on wrong
usage.
`

func findingsRevertCommand() command {
	return answerCommand(finding.ChooseRevert, "have a finding's plan carried out", findingsRevertUsage)
}

func findingsKeepCommand() command {
	return answerCommand(finding.ChooseKeep, "let the change stay", findingsKeepUsage)
}

func findingsUndoCommand() command {
	return answerCommand(finding.ChooseUndo, "take back what rescind wrote", findingsUndoUsage)
}

func answerCommand(c finding.Choice, summary, usage string) command {
	return command{name: string(c), summary: summary, usage: usage, run: func(ctx context.Context, env environment, args []string) error {
		return runAnswer(ctx, env, c, args)
	}}
}

func runAnswer(ctx context.Context, env environment, c finding.Choice, args []string) error {
	f := newFlags("findings " + string(c))
	reason := f.String("reason", "", "")
	plan := f.String("plan", "", "")
	exempt := exemptFlag(f, c)
	o, err := f.aboutOne(args)
	switch {
	case err != nil:
		return err
	case c != finding.ChooseRevert && *reason == "":
		return usagef("--reason is missing")
	case c == finding.ChooseExempt && *exempt <= 0:
		return usagef("--for is %s, want how long it is exempt: --for 24h", *exempt)
	}
	return f.toDecide(ctx, env, o.config, func(arc archive) error {
		a := finding.Answer{Choice: c, Reason: *reason, Digest: *plan}
		if c == finding.ChooseExempt {
			a.Until = time.Now().Add(*exempt)
			if err := arc.preview(ctx, env.stderr, o.id); err != nil {
				return err
			}
		}
		answered, err := arc.answer(ctx, o.id, a)
		if err != nil {
			return err
		}
		return writeAnswered(env.stdout, o.format, answered)
	})
}

// answer decides as the caller. Without a plan to compare, the answer is about
// the plan as it stands: the store still refuses it if that changes meanwhile.
func (arc archive) answer(ctx context.Context, id string, a finding.Answer) (finding.Finding, error) {
	var err error
	if a.Principal, err = arc.caller(ctx); err != nil {
		return finding.Finding{}, err
	}
	a.Via = via
	if a.Digest == "" {
		f, err := arc.store.Finding(ctx, id)
		if err != nil {
			return finding.Finding{}, err
		}
		a.Digest, a.Revision = planOf(f, a.Choice), f.Revision
	}
	return arc.desk().Answer(ctx, id, a)
}

// planOf is the digest of the plan that the choice would carry out or lay by.
func planOf(f finding.Finding, c finding.Choice) string {
	p := f.Plan
	if c == finding.ChooseUndo && f.UndoOf == "" {
		p = f.UndoPlan()
	}
	return cmp.Or(p.Digest, finding.NoPlan)
}

func writeAnswered(w io.Writer, format string, f finding.Finding) error {
	if format == "json" {
		return terminal.WriteJSON(w, f)
	}
	_, err := fmt.Fprintf(w, "%s  %s  %s\n", f.ID, f.State, terminal.OneLine(f.Why))
	return err
}
