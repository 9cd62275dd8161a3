package authority

import (
	"context"
	"slices"
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
	// Directory knows who else may; nil for nobody.
	Directory Directory
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

	known map[string]Membership // what Directory said; see resolved
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
	a.Grounds = au.grounds(a.Principal)
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
	switch {
	case finding.Raises(a.Choice) && f.MadeBy(a.Principal):
		return finding.RefuseAs(finding.ClassActor, "%s made this change and cannot %s it; someone else can", a.Principal, a.Choice)
	case au.StepsUp(f) && !behindIAP(a):
		return finding.RefuseAs(finding.ClassStepUp, "a finding like this is answered on its page alone, where you log in again: /findings/%s", f.ID)
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

// admitsNow says why the finding takes no such answer at the moment, or nil.
func (au Authority) admitsNow(f finding.Finding, a finding.Answer) error {
	switch {
	case f.State != state.Pending && !(f.State == state.Reported && a.Choice == finding.ChooseRevert):
		return finding.RefuseAs(finding.ClassDecided, "the finding is %s: %s", f.State, f.Why)
	case f.State == state.Pending && !a.At.Before(f.ExpiresAt):
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

// admitsVote says why the answer cannot count towards its quorum, or nil. Where
// the decision hangs on somebody who answered before and cannot be looked up
// now, nothing is decided and nothing is recorded: the answer would be used up.
func (au Authority) admitsVote(f finding.Finding, a finding.Answer) error {
	votes, need := au.votes(f, a.Choice, a.At, Approver), au.quorum(f, a.Choice)
	unsure := au.votes(f, a.Choice, a.At, Undetermined)
	switch {
	case contains(votes, a.Principal):
		return finding.RefuseAs(finding.ClassDuplicate, "%s already answered %s", a.Principal, a.Choice)
	case !au.findable(need):
		return finding.RefuseAs(finding.ClassMisconfigured, "%s takes %d people, and the configuration names %d", finding.NounOf[a.Choice], need, au.people())
	case len(votes)+1 < need && len(votes)+1+len(unsure) >= need:
		return finding.RefuseAs(finding.ClassUndetermined, "whether %s, who answered before, still may could not be looked up; that is not a no%s",
			unsure[0].Principal, au.failures(unsure[0].Principal))
	}
	return nil
}

// findable reports whether so many people can be found at all. Who is in a group
// is for the day to show; a list is as long as it is.
func (au Authority) findable(n int) bool { return au.Directory != nil || au.people() >= n }

// people is how many the configuration names.
func (au Authority) people() int {
	names := map[string]bool{}
	for p, may := range au.Approvers {
		if may {
			names[finding.Canonical(p)] = true
		}
	}
	return len(names)
}

// quorum is how many people a choice takes. An actor who is not known cannot
// be kept from keeping their own change, so that takes two.
func (au Authority) quorum(f finding.Finding, c finding.Choice) int {
	n := au.Quorum[c]
	switch {
	case n < 1 && c == finding.ChooseExempt:
		n = 2
	case n < 1:
		n = 1
	}
	if finding.Raises(c) && f.UnknownActor() {
		n = max(n, 2)
	}
	return n
}

// votes are the answers of people of that standing which count, one a person:
// given on the plan as it stands, in time, by somebody who did not make the
// change if it is kept. An approver can have been removed, or have made the
// same change, since they voted.
func (au Authority) votes(f finding.Finding, c finding.Choice, now time.Time, s Standing) []finding.Answer {
	var out []finding.Answer
	for _, a := range f.Answers {
		switch {
		case a.Choice != c, !f.HasPlan(a.Digest), au.standing(a.Principal) != s, finding.Raises(c) && f.MadeBy(a.Principal):
		case au.StepsUp(f) && !behindIAP(a):
		case c == finding.ChooseExempt && !a.Until.After(now): // it would have ended by now
		case contains(out, a.Principal):
		default:
			out = append(out, a)
		}
	}
	return out
}

// contains reports whether one of the answers is the principal's.
func contains(votes []finding.Answer, principal string) bool {
	return slices.ContainsFunc(votes, func(o finding.Answer) bool { return finding.Canonical(o.Principal) == finding.Canonical(principal) })
}
