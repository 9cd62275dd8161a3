package main

import (
	"context"
	"io"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
)

const findingsExemptUsage = `Usage: rescind findings exempt --config FILE --for D --reason TEXT [flags] ID

Excepts what a finding asks about from its policy, for a time: until then the
same is neither reverted nor asked about, and after it is again. Whoever made
the change cannot. Of several people (approvals.quorum.exempt) who say different
times, the shortest holds.

What it would have covered in the last 90 days is said on standard error first.

` + answerFlags + `  --for D           how long, 24h or 30m; approvals.max_exempt bounds it (required)

Example:
  rescind findings exempt --config rescind.yaml --for 168h --reason 'signed webhook receiver' vcgfwjtpahkqm5hzxg3hbrhzqe

Exit status: 0 when it is recorded, 1 when it is refused or fails, 2 on wrong
usage.
`

func findingsExemptCommand() command {
	return answerCommand(finding.ChooseExempt, "except what it is about, for a time", findingsExemptUsage)
}

// exemptFlag is the flag that only an exemption has.
func exemptFlag(f *flags, c finding.Choice) *time.Duration {
	if c != finding.ChooseExempt {
		return new(time.Duration)
	}
	return f.Duration("for", 0, "")
}

// preview says what the exemption would have covered.
func (o office) preview(ctx context.Context, w io.Writer, id string) error {
	seen, err := o.desk().Preview(ctx, id)
	if err != nil {
		return err
	}
	atLeast := ""
	if seen.AtLeast {
		atLeast = "at least "
	}
	p := &printer{w: w}
	p.line(0, "Exempts %s", seen.Scope)
	p.line(0, "In the last 90 days it would have covered %s%d other findings", atLeast, seen.Count)
	for _, f := range seen.Examples {
		p.line(1, "%s  %s  %s", f.ID, clock(f.CreatedAt), f.State)
	}
	return p.err
}
