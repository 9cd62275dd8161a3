package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/terminal"
	"github.com/rescind-dev/rescind/remediate/finding"
)

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

func runAuditVerify(ctx context.Context, env environment, args []string) error {
	s, err := auditScopeOf("verify", time.Time{}, args)
	if err != nil {
		return err
	}
	return withArchive(s.config, func(arc archive) error {
		fs, err := arc.findingsIn(ctx, s, s.since)
		if err != nil {
			return err
		}
		v, err := arc.verify(ctx, s, fs)
		if s.format == "json" {
			return errors.Join(terminal.WriteJSON(env.stdout, v), err)
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

func (arc archive) verify(ctx context.Context, s auditScope, fs []finding.Finding) (v verified, err error) {
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
		v.Entries, err = arc.ledger().Verify(ctx, s.since, s.until)
		broken = append(broken, err)
	}
	err = errors.Join(broken...)
	v.Whole = err == nil
	return v, err
}
