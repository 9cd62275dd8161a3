package remediate

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// Authority says who may answer and how many it takes. The zero Authority lets
// nobody answer.
type Authority struct {
	// Approvers holds the canonical principals that may answer.
	Approvers map[string]bool
	// Quorum is how many different people a choice takes; where unset two for
	// an exemption, and one for anything else.
	Quorum map[Choice]int
	// MaxExempt is how long an exemption lasts at most, by severity; where unset
	// the package's own limits.
	MaxExempt map[policies.Severity]time.Duration
}

// RefusedError is an answer that was not accepted, in words for the person who
// gave it.
type RefusedError struct{ Why string }

func (e *RefusedError) Error() string { return "refused: " + e.Why }

func refuse(format string, args ...any) error { return &RefusedError{fmt.Sprintf(format, args...)} }

// answered is the transition of one answer. A refused one changes nothing: that
// a question has expired is for the sweep to say, which is due at that moment.
func (au Authority) answered(f Finding, a Answer) (Finding, error) {
	if err := au.admits(f, a); err != nil {
		return f, err
	}
	f.Answers = append(slices.Clip(f.Answers), a)
	votes := au.votes(f, a.Choice, a.At)
	if have, need := len(votes), au.quorum(f, a.Choice); have < need {
		return f.to(f.State, a.At, a.Principal, fmt.Sprintf("%s answered %s: %d of %d%s", a.Principal, a.words(), have, need, because(a)), Notify), nil
	}
	switch a.Choice {
	case ChooseKeep:
		return f.to(Kept, a.At, a.Principal, "kept by "+a.Principal+because(a), Notify), nil
	case ChooseExempt:
		return f.exempted(a, votes), nil
	}
	return f.to(Approved, a.At, a.Principal, fmt.Sprintf("%s approved by %s%s", a.Choice, a.Principal, because(a)), Apply, Notify), nil
}

func because(a Answer) string {
	if a.Reason == "" {
		return ""
	}
	return ": " + a.Reason
}

// admits says why this person may not give this answer on this finding, or nil.
// Reverting lowers the exposure, so any approver may, the actor too, also where
// a policy only reports. Keeping raises it: it takes somebody who did not make
// the change.
func (au Authority) admits(f Finding, a Answer) error {
	switch {
	case !au.Approvers[a.Principal]:
		return refuse("%s is not an approver", a.Principal)
	case f.State != Pending && !(f.State == Reported && a.Choice == ChooseRevert):
		return refuse("the finding is %s: %s", f.State, f.Why)
	case f.State == Pending && !a.At.Before(f.ExpiresAt):
		return refuse("the question expired at %s", f.ExpiresAt.UTC().Format(time.RFC3339))
	case !f.shows(a.Digest):
		return refuse("the plan changed since this card was made; answer on the current one")
	case !slices.Contains(f.choices(), a.Choice):
		return refuse("unknown answer %q: the finding takes %q", a.Choice, f.choices())
	case !(a.Choice == ChooseKeep || a.Choice == ChooseExempt) && !f.Plan.Executable():
		return refuse("there is nothing to apply: %s", f.Plan.Missing)
	case raises(a.Choice) && f.madeBy(a.Principal):
		return refuse("%s made this change and cannot %s it; someone else can", a.Principal, a.Choice)
	case raises(a.Choice) && badReason(a.Reason) != "":
		return refuse("%s %s", nouns[a.Choice], badReason(a.Reason))
	case utf8.RuneCountInString(a.Reason) > maxReason:
		return refuse("a reason has at most %d characters", maxReason)
	case a.Choice == ChooseExempt && au.badExemption(f, a) != "":
		return refuse("an exemption %s", au.badExemption(f, a))
	case slices.ContainsFunc(au.votes(f, a.Choice, a.At), func(o Answer) bool { return strings.EqualFold(o.Principal, a.Principal) }):
		return refuse("%s already answered %s", a.Principal, a.Choice)
	}
	return nil
}

// nouns name what a choice that raises the exposure is.
var nouns = map[Choice]string{ChooseKeep: "a keep", ChooseExempt: "an exemption", ChooseUndo: "an undo"}

// choices are the answers that the finding takes, an undo's record its own.
func (f Finding) choices() []Choice {
	if f.UndoOf != "" {
		return []Choice{ChooseUndo}
	}
	return []Choice{ChooseRevert, ChooseKeep, ChooseExempt}
}

// raises reports whether the choice leaves or brings back what a policy objects
// to: then whoever made the change has no say.
func raises(c Choice) bool { return c == ChooseKeep || c == ChooseExempt || c == ChooseUndo }

// quorum is how many people a choice takes. An actor who is not known cannot
// be kept from keeping their own change, so that takes two.
func (au Authority) quorum(f Finding, c Choice) int {
	n := au.Quorum[c]
	switch {
	case n < 1 && c == ChooseExempt:
		n = 2
	case n < 1:
		n = 1
	}
	if raises(c) && f.madeBy(cloud.UnknownActor) {
		n = max(n, 2)
	}
	return n
}

// votes are the answers that count, one a person: given on the plan as it
// stands, by people who still may. An approver can have been removed, or have
// made the same change, since they voted.
func (au Authority) votes(f Finding, c Choice, now time.Time) []Answer {
	var out []Answer
	for _, a := range f.Answers {
		switch {
		case a.Choice != c, !f.shows(a.Digest), !au.Approvers[a.Principal], raises(c) && f.madeBy(a.Principal):
		case c == ChooseExempt && !a.Until.After(now): // it would have ended by now
		case slices.ContainsFunc(out, func(o Answer) bool { return strings.EqualFold(o.Principal, a.Principal) }):
		default:
			out = append(out, a)
		}
	}
	return out
}

// NoPlan stands for the digest of a finding without a plan, on its card.
const NoPlan = "00000000"

// shows reports whether digest, or its first eight digits at least, names the
// finding's plan.
func (f Finding) shows(digest string) bool {
	if f.Plan.Digest == "" {
		return digest == NoPlan
	}
	return len(digest) >= 8 && strings.HasPrefix(f.Plan.Digest, digest)
}

// madeBy reports whether the principal is one of the actors, or one they acted
// through. Addresses are compared without case: mail servers and IAM do not
// tell them apart.
func (f Finding) madeBy(principal string) bool {
	return slices.ContainsFunc(f.Actors, func(a cloud.Actor) bool {
		return strings.EqualFold(a.Principal, principal) ||
			slices.ContainsFunc(a.Delegation, func(d string) bool { return strings.EqualFold(d, principal) })
	})
}
