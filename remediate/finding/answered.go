package finding

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/remediate/state"
)

// Answered adds an answer that was accepted, without what follows from it.
func (f Finding) Answered(a Answer) Finding {
	if a.Choice != ChooseExempt {
		a.Until = time.Time{}
	}
	f.Answers = append(slices.Clip(f.Answers), a)
	return f
}

// Voted is the finding after an answer that does not decide: so many of those
// that it takes were given.
func (f Finding) Voted(a Answer, have, need int) Finding {
	return f.stays(a.At, a.Principal, fmt.Sprintf("%s answered %s: %d of %d%s", a.Principal, a.words(), have, need, a.Because()), Notify)
}

// Approved is the finding after the answer by which its plan is to be carried out.
func (f Finding) Approved(a Answer) Finding {
	return f.to(state.Approved, state.ByPerson, a.At, a.Principal, fmt.Sprintf("%s approved by %s%s", a.Choice, a.Principal, a.Because()), Apply, Notify)
}

// Kept is the finding after the answer by which things are left as they are.
func (f Finding) Kept(a Answer) Finding {
	return f.to(state.Kept, state.ByPerson, a.At, a.Principal, "kept by "+a.Principal+a.Because(), Notify)
}

// Exempted ends the finding as exempted. Of votes for different ends the earliest
// holds: until then everybody agreed.
func (f Finding) Exempted(last Answer, votes []Answer) Finding {
	x := Exemption{Until: last.Until, Grants: f.Plan.Grants()}
	var people []string
	for _, v := range votes {
		if v.Until.Before(x.Until) {
			x.Until = v.Until
		}
		people = append(people, v.Principal+" ("+v.Reason+")")
	}
	f.Exemption = &x
	return f.to(state.Exempted, state.ByPerson, last.At, last.Principal, "exempt until "+x.Until.UTC().Format(time.RFC3339)+" by "+strings.Join(people, " and "), Notify)
}

// Expired ends a question that nobody answered in time; the note says why it was
// not reverted, if it might have been.
func (f Finding) Expired(now time.Time, note string) Finding {
	return f.to(state.Expired, state.ByTimer, now, "", "nobody answered: left as it is"+note, Notify)
}

// ApprovedBySilence is the finding after a question that nobody answered, where
// silence is configured to mean revert.
func (f Finding) ApprovedBySilence(now time.Time) Finding {
	f.Automatic = true
	return f.to(state.Approved, state.ByTimer, now, "", "nobody answered: reverted on expiry, as configured", Apply, Notify)
}

// Escalated puts a question once more that nobody answered in time, and pages.
func (f Finding) Escalated(now time.Time, expiresIn time.Duration, pagers []string) Finding {
	f = f.openFor(now, expiresIn)
	f.EscalatedAt = now
	what := "nobody answered: asked once more"
	if len(pagers) > 0 {
		what += ", and on-call is paged"
	}
	what += "; it is left as it is at " + f.ExpiresAt.UTC().Format(time.RFC3339)
	return f.Paged(now, "", what, pagers)
}

// Paged owes a page to every pager, once.
func (f Finding) Paged(now time.Time, who, what string, pagers []string) Finding {
	effects := []Effect{Notify}
	for _, p := range pagers {
		effects = append(effects, PageBy(p))
	}
	f.PageAt = time.Time{}
	if len(pagers) > 0 {
		f.PagedAt = now
	}
	return f.stays(now, who, what, effects...)
}

// Unreadable ends a finding whose live state could not be read for so long that
// nothing can be decided any more.
func (f Finding) Unreadable(now time.Time, err error) Finding {
	return f.to(state.Failed, state.ByTimer, now, "", "live state could not be read: "+err.Error(), Notify)
}

// PageEvery is how often on-call is paged about one finding, or one group of
// them, at most.
const PageEvery = 15 * time.Minute

// PageableAt reports whether the finding is a question about which on-call was not
// just paged.
func (f Finding) PageableAt(now time.Time) bool {
	return f.State == state.Pending && now.Sub(f.PagedAt) >= PageEvery
}
