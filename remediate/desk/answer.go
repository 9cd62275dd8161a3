package desk

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// Answer records a person's word on a finding and returns the finding as
// stored: for an undo the new record. The ID of a Group answers all of it that
// is pending, by the same rules for each, and returns one of its findings. It decides at most once: the winner of
// the compare-and-set does, everybody else gets a *RefusedError that says what
// happened.
func (d Desk) Answer(ctx context.Context, id string, a finding.Answer) (finding.Finding, error) {
	a.At, d = d.Now(), d.memoized()
	f, err := d.answer(ctx, id, a)
	d.audited(ctx, id, a, err)
	return f, err
}

func (d Desk) answer(ctx context.Context, id string, a finding.Answer) (finding.Finding, error) {
	if a.Choice == finding.ChooseUndo {
		return d.undo(ctx, id, a)
	}
	for range conflictTries {
		f, err := d.finding(ctx, id)
		if err != nil {
			return d.orGroup(ctx, id, a, err)
		}
		if a.Revision > f.Revision {
			return f, finding.RefuseAs(finding.ClassStale, "the finding never was at revision %d; answer on the current card", a.Revision)
		}
		next, refused := d.answered(ctx, f, a)
		if refused != nil {
			return f, refused
		}
		stored, err := d.Store.Update(ctx, next)
		if !errors.Is(err, fault.ErrConflict) {
			return stored, err
		}
	}
	return finding.Finding{}, fmt.Errorf("answer finding %s: %w", id, fault.ErrConflict)
}

// answered is the transition of one answer, with the hand-over. Who may is asked
// before, so that the transition itself is pure.
func (d Desk) answered(ctx context.Context, f finding.Finding, a finding.Answer) (finding.Finding, error) {
	next, err := d.Authority.Answer(ctx, f, a)
	if err == nil && d.HandOver && len(next.Outbox) > 0 {
		next.DueAt = a.At
	}
	return next, err
}

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

// Signed is what a person decided, as it was signed for: a request of Slack's,
// or one that came through IAP. It travels as it is, so that whoever carries
// the answer out verifies it anew: to be able to publish is not to be able to
// decide.
type Signed struct {
	Kind string `json:"kind"` // SignedBySlack or SignedByIAP
	// Path is that of the endpoint it came to: "/slack/interactions".
	Path string `json:"path"`
	// Header holds the headers that the signature needs, and no others.
	Header map[string]string `json:"header"`
	Body   []byte            `json:"body"`
	// At is when it was published. A signature is judged by it, as an answer may
	// wait in the queue for longer than a signature lives.
	At time.Time `json:"-"`
}

// Who signs for what people decide.
const (
	SignedBySlack = "slack"
	SignedByIAP   = "iap"
)

// Courier takes signed requests to the process that carries them out. When Send
// returns nil the request is durable, and will be delivered at least once.
type Courier interface {
	// Send returns once the request is durable, or an error.
	Send(ctx context.Context, s Signed) error
}
