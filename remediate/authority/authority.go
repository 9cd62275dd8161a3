package authority

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// Authority says who may answer and how many it takes. The zero Authority lets
// nobody answer.
type Authority struct {
	// Approvers holds the principals that may answer, by name.
	Approvers map[string]bool
	// Only holds the principals that may answer at all, by name; nil for anybody whom
	// Approvers or Directory admits.
	Only map[string]bool
	// Directory knows who else may; nil for nobody.
	Directory Directory
	// ActsFor holds who can act through a service account, by its e-mail in lower case.
	// Of a change by any other account alone the author is unknown.
	ActsFor map[string]Acting
	// Misconfigured says what is wrong with the approvers, if anything is: then
	// nobody may answer, rather than more people than were meant.
	Misconfigured string
	// Quorum is how many different people a choice takes; where unset two for
	// an exemption, and one for anything else.
	Quorum map[finding.Choice]int
	// MaxExempt is how long an exemption lasts at most, by severity; where unset
	// the package's own limits.
	MaxExempt map[policies.Severity]time.Duration
	// StepUp holds the severities that are answered on the page behind IAP
	// alone, beside the findings whose policy says so.
	StepUp map[policies.Severity]bool

	known map[lookup]Membership // what was looked up; see resolved
}

// Answer is the transition of one answer, with everybody looked up whom it turns
// on. An answer that is refused changes nothing, and its error is a
// *finding.RefusedError.
func (au Authority) Answer(ctx context.Context, f finding.Finding, a finding.Answer) (finding.Finding, error) {
	return au.resolved(ctx, f, a.Choice, a.Principal).answered(f, a)
}

// AdmitsAtAll says why somebody may decide nothing at all, or nil. What they decide
// can raise the exposure, so nothing old is relied on.
func (au Authority) AdmitsAtAll(ctx context.Context, principal string) error {
	return au.resolved(ctx, finding.Finding{}, finding.ChooseKeep, principal).admitsPerson(principal)
}

// answered is the transition of one answer. A refused one changes nothing: that
// a question has expired is for the sweep to say, which is due at that moment.
func (au Authority) answered(f finding.Finding, a finding.Answer) (finding.Finding, error) {
	if err := au.admits(f, a); err != nil {
		return f, err
	}
	a.Grounds = au.grounds(f, a.Principal)
	f = f.Answered(a)
	votes, need := au.votes(f, a.Choice, a.At, Approver), au.quorum(f, a.Choice)
	if have := len(votes); have < need {
		return f.Voted(a, have, need), nil
	}
	switch a.Choice {
	case finding.ChooseKeep:
		return f.Kept(a), nil
	case finding.ChooseExempt:
		return f.Exempted(a, votes), nil
	}
	return f.Approved(a), nil
}

// admits says why this person may not give this answer on this finding, or nil.
// Reverting lowers the exposure, so any approver may, the actor too, also where
// a policy only reports. Keeping raises it: it takes somebody who did not make
// the change.
func (au Authority) admits(f finding.Finding, a finding.Answer) error {
	if err := au.admitsPerson(a.Principal); err != nil {
		return err
	}
	if err := au.admitsNow(f, a); err != nil {
		return err
	}
	if finding.Raises(a.Choice) {
		if err := au.admitsAuthor(f, a); err != nil {
			return err
		}
	}
	switch {
	case au.StepsUp(f) && !behindIAP(a):
		return finding.RefuseAs(finding.ClassStepUp, "a finding like this is answered on its page alone, where you log in again: /findings/%s", f.ID)
	case finding.Raises(a.Choice) && a.Revision < f.ActorsAt:
		return finding.RefuseAs(finding.ClassStale, "somebody else made the same change since this card was made; look at the current one, and answer there")
	case finding.Raises(a.Choice) && BadReason(a.Reason) != "":
		return finding.RefuseAs(finding.ClassReason, "%s %s", finding.NounOf[a.Choice], BadReason(a.Reason))
	case utf8.RuneCountInString(a.Reason) > MaxReason:
		return finding.RefuseAs(finding.ClassReason, "a reason has at most %d characters", MaxReason)
	case a.Choice == finding.ChooseExempt:
		if err := au.admitsExemption(f, a); err != nil {
			return err
		}
	}
	return au.admitsVote(f, a)
}

// admitsAuthor says why somebody who may have made the change, or of whom that cannot
// be told, may not raise the exposure, or nil. Whoever has an account's key may be
// anybody, also somebody who made the change or has voted.
func (au Authority) admitsAuthor(f finding.Finding, a finding.Answer) error {
	switch by := au.authored(f, a.Principal); {
	case by.standing == Approver:
		return finding.RefuseAs(finding.ClassActor, "%s and cannot %s it; someone else can", by.why, a.Choice)
	case by.standing != NoApprover:
		return finding.RefuseAs(finding.ClassUndetermined, "%s", by.why)
	case finding.AccountOf(a.Principal) != "":
		return finding.RefuseAs(finding.ClassIdentity, "%s is a service account, and nobody knows who acts through it; a person can %s it", a.Principal, a.Choice)
	}
	return nil
}

// admitsNow says why the finding takes no such answer at the moment, or nil.
func (au Authority) admitsNow(f finding.Finding, a finding.Answer) error {
	switch {
	case f.State != state.Pending && !(f.State == state.Reported && a.Choice == finding.ChooseRevert):
		return finding.RefuseAs(finding.ClassDecided, "the finding is %s: %s", f.State, f.Why)
	case f.PastExpiry(a.At):
		return finding.RefuseAs(finding.ClassExpired, "the question expired at %s", f.ExpiresAt.UTC().Format(time.RFC3339))
	case !f.HasPlan(a.Digest):
		return finding.RefuseAs(finding.ClassStale, "the plan changed since this card was made; answer on the current one")
	case !slices.Contains(f.Choices(), a.Choice):
		return finding.Refuse("unknown answer %q: the finding takes %q", a.Choice, f.Choices())
	case !(a.Choice == finding.ChooseKeep || a.Choice == finding.ChooseExempt) && !f.Plan.Executable():
		return finding.RefuseAs(finding.ClassNoPlan, "there is nothing to apply: %s", f.Plan.Missing)
	}
	return nil
}

// viaIAP begins the Via of an answer whose IAP assertion was verified.
const viaIAP = "iap:"

// StepsUp reports whether the finding is answered on the page behind IAP alone:
// a stolen Slack session must not decide what matters most, in either
// direction.
func (au Authority) StepsUp(f finding.Finding) bool {
	return f.StepUp == policies.StepUpIAP || au.StepUp[f.Severity]
}

// behindIAP reports whether the answer came through IAP. The command line is not
// as good: the credentials it shows live for months in a file.
func behindIAP(a finding.Answer) bool { return strings.HasPrefix(a.Via, viaIAP) }
