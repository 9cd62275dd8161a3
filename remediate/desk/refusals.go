package desk

import (
	"context"
	"errors"
	"fmt"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// Refused records that somebody's answer was not accepted, in the ledger: class
// is the kind of reason in a word, why the reason in a sentence. It is for those
// who turn an answer away before it comes to Answer, such as one by a guest.
func (d Desk) Refused(ctx context.Context, id string, a finding.Answer, class, why string) {
	d.Ledger.Refuse(ctx, trail.Record{
		Who: a.Principal, Via: a.Via, Finding: id, Class: class, Plan: a.Digest, What: fmt.Sprintf("%s: %s", a.Choice, why),
	})
}

// audited records the refusal that err is, if it is one.
func (d Desk) audited(ctx context.Context, id string, a finding.Answer, err error) {
	var refused *finding.RefusedError
	if errors.As(err, &refused) {
		d.Refused(ctx, id, a, string(refused.Class), refused.Why)
	}
}

// switched records that the pause was set, or who was refused that.
func (d Desk) switched(ctx context.Context, kind trail.Kind, a finding.Answer, p Pause, err error) {
	if err != nil {
		d.audited(ctx, "", a, err)
		return
	}
	d.Ledger.Note(ctx, trail.Record{Kind: kind, Who: a.Principal, Via: a.Via, What: p.String()})
}
