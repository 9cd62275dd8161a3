package notify

import (
	"github.com/rescind-dev/rescind/remediate/finding"
)

// Refusal tells a person why their answer on the finding, as it stands, was not
// recorded: who decided what, and when, if somebody did. Somebody who answers
// twice, or whose answer was delivered twice, learns that the first one counts.
func Refusal(f finding.Finding, a finding.Answer, why string) string {
	for _, given := range f.Answers {
		if given.Principal == a.Principal && given.Choice == a.Choice {
			return "Recorded already: you answered " + string(a.Choice) + " at " + Clock(given.At) + "."
		}
	}
	said := "Not recorded: " + period(Clean(why))
	switch n := len(f.Answers); {
	case n > 0:
		last := f.Answers[n-1]
		said += " " + Clean(person(last.Principal)) + " answered " + string(last.Choice) + " at " + Clock(last.At) + "."
	case f.State.Ended() && !f.EndedAt.IsZero():
		said += " That was at " + Clock(f.EndedAt) + "."
	}
	return said
}
