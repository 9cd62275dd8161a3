package authority

import (
	"slices"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
)

// admitsVote says why the answer cannot count towards its quorum, or nil. Where
// the decision hangs on somebody who answered before and cannot be looked up
// now, nothing is decided and nothing is recorded: the answer would be used up.
func (au Authority) admitsVote(f finding.Finding, a finding.Answer) error {
	votes, need := au.votes(f, a.Choice, a.At, Approver), au.quorum(f, a.Choice)
	unsure := au.unsure(f, a.Choice, a.At, append(slices.Clip(votes), a))
	switch {
	case contains(votes, a.Principal):
		return a.RepeatedIn(votes)
	case !au.findable(need):
		return finding.RefuseAs(finding.ClassMisconfigured, "%s takes %d people, and the configuration names %d", finding.NounOf[a.Choice], need, au.people())
	case len(votes)+1 < need && len(votes)+1+len(unsure) >= need:
		who := unsure[0].Principal
		return finding.RefuseAs(finding.ClassUndetermined, "%s", au.doubt(f, a.Choice, who,
			"whether "+who+", who answered before, still may could not be looked up; that is not a no"))
	}
	return nil
}

// findable reports whether so many people can be found at all. Who is in a group
// is for the day to show; a list is as long as it is.
func (au Authority) findable(n int) bool {
	return au.Directory != nil && au.Only == nil || au.people() >= n
}

// people is how many the configuration names; where groups say which of those who are
// listed are approvers, how many are listed.
func (au Authority) people() int { return finding.People(au.named()...) }

// named are the principals whom people counts, sorted.
func (au Authority) named() []string {
	list := au.Approvers
	if au.Only != nil && au.Directory != nil {
		list = au.Only
	}
	var out []string
	for p, may := range list {
		if may {
			out = append(out, p)
		}
	}
	slices.Sort(out)
	return out
}

// quorum is how many people a choice takes. An author who is not known cannot
// be kept from keeping their own change, so that takes two.
func (au Authority) quorum(f finding.Finding, c finding.Choice) int {
	if finding.Raises(c) && au.unknownAuthor(f) != "" {
		return max(au.configured(c), 2)
	}
	return au.configured(c)
}

// configured is how many people a choice takes where it is known who made the change.
func (au Authority) configured(c finding.Choice) int {
	n := au.Quorum[c]
	switch {
	case n < 1 && c == finding.ChooseExempt:
		return 2
	case n < 1:
		return 1
	}
	return n
}

// votes are the answers of people of that standing which count, one a person:
// given on the plan as it stands, in time, and where the change is kept, by somebody
// who did not make it and saw all who did. An approver can have been removed, or have
// made the same change, since they voted.
func (au Authority) votes(f finding.Finding, c finding.Choice, now time.Time, s Standing) []finding.Answer {
	var out []finding.Answer
	for _, a := range f.Answers {
		switch {
		case a.Choice != c, !f.HasPlan(a.Digest), au.standingOn(f, c, a.Principal) != s:
		case finding.Raises(c) && a.Revision < f.ActorsAt: // they did not see all who made it
		case au.StepsUp(f) && !behindIAP(a):
		case c == finding.ChooseExempt && !a.Until.After(now): // it would have ended by now
		case contains(out, a.Principal):
		default:
			out = append(out, a)
		}
	}
	return out
}

// unsure are the votes that might count besides those that do: of people who could
// not be looked up, and are none of those whose votes count.
func (au Authority) unsure(f finding.Finding, c finding.Choice, now time.Time, counted []finding.Answer) []finding.Answer {
	return slices.DeleteFunc(au.votes(f, c, now, Undetermined), func(o finding.Answer) bool { return contains(counted, o.Principal) })
}

// contains reports whether one of the answers may be the same person's.
func contains(votes []finding.Answer, principal string) bool {
	return slices.ContainsFunc(votes, func(o finding.Answer) bool { return finding.SamePerson(o.Principal, principal) })
}
