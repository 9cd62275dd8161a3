package notify

import (
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
)

// Form is what a person is asked for before an answer that leaves, or brings
// back, what a policy objects to. It is made of the choice alone, so that it
// can be shown by a process that holds no findings; Filled says what it is about.
type Form struct {
	Choice finding.Choice
	Title  string // at most 24 characters, which is what Slack takes
	Text   string // what the answer does, and who may give it
	Submit string // the effect, likewise short
	Terms  []Term // how long it may hold; only with ChooseExempt
	// About is what the finding is and, of an exemption, what it would have
	// exempted; empty until that was looked up.
	About []string
}

// Term is one length of time to choose, under a name that is never changed:
// forms are open while a new version is deployed.
type Term struct {
	Name  string // "7d"
	Label string // "7 days"
	For   time.Duration
}

// The reason that such an answer takes, in characters.
const (
	MinReason = 10
	MaxReason = 500
)

// Terms are the times an exemption may hold, shortest first.
func Terms() []Term {
	const day = 24 * time.Hour
	return []Term{
		{"1h", "1 hour", time.Hour}, {"8h", "8 hours", 8 * time.Hour},
		{"1d", "1 day", day}, {"7d", "7 days", 7 * day}, {"30d", "30 days", 30 * day},
	}
}

// FormOf returns the form of a choice; false for one that is answered by a
// button alone.
func FormOf(c finding.Choice) (Form, bool) {
	a := ask(c)
	if a == (Confirm{}) {
		return Form{}, false
	}
	f := Form{Choice: c, Title: a.Title, Text: a.Text, Submit: a.Yes}
	if c == finding.ChooseExempt {
		f.Terms = Terms()
	}
	return f, true
}

// FormOfAll returns the form of a choice about all findings of a group's card;
// false for one that is not given so, or by a button alone.
func FormOfAll(c finding.Choice) (Form, bool) {
	if c != finding.ChooseKeep {
		return Form{}, false
	}
	return Form{
		Choice: c, Title: "Keep all changes?", Submit: "Keep all changes",
		Text: "The changes of all pending findings on this card stay, or none if you made one of them. " + settles + " Recorded as your decision on each, with your reason.",
	}, true
}

// settles says for how long a keep or an undo holds, and for what: see finding.Settled.
const settles = "The same by the same people is not raised again while it is there, for 30 days at most and no longer than an exemption may last."

// ask is the question of a choice that takes a reason.
func ask(c finding.Choice) Confirm {
	q := Confirm{No: "Go back"}
	switch c {
	case finding.ChooseKeep:
		q.Title, q.Yes = "Keep this change?", "Keep change"
		q.Text = "The change stays. " + settles + " Whoever made it cannot keep it. Recorded as your decision, with your reason."
	case finding.ChooseExempt:
		q.Title, q.Yes = "Exempt for a time?", "Exempt for a time"
		q.Text = "The change stays, and its like is not raised again until the exemption ends. Whoever made it cannot exempt it. Recorded as your decision, with your reason."
	case finding.ChooseUndo:
		q.Title, q.Yes = "Undo this revert?", "Undo revert"
		q.Text = "What rescind changed becomes as it was before, if nobody changed it since. " + settles + " Whoever made the change cannot undo its revert. Recorded as your decision, with your reason."
	default:
		return Confirm{}
	}
	return q
}

// Refusal tells a person why their answer on the finding, as it stands, was not
// recorded: who decided what, and when, if somebody did. Somebody who answers
// twice, or whose answer was delivered twice, learns that the first one counts.
func Refusal(f finding.Finding, a finding.Answer, why string) string {
	for _, given := range f.Answers {
		if finding.Canonical(given.Principal) == finding.Canonical(a.Principal) && given.Choice == a.Choice {
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
