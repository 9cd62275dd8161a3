package page

import (
	"strconv"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// form is one answer that a person can give, labelled by its effect.
type form struct {
	Choice  finding.Choice
	Label   string
	Effect  string
	Digest  string
	Danger  bool
	Reasons bool // asks for a reason
	Reason  string
	Terms   []notify.Term // how long it may hold
	Term    string        // the one that is chosen
	Preview preview
	Open    bool // was filled in before
}

// needsReason reports whether the answer leaves, or brings back, what a policy
// objects to.
func needsReason(c finding.Choice) bool { return c != finding.ChooseRevert }

// formOf is the form of a choice, in the words that Slack has for it.
func formOf(f finding.Finding, c finding.Choice) form {
	out := form{Choice: c, Digest: f.DigestFor(c), Reasons: needsReason(c)}
	if asks, ok := notify.FormOf(c); ok {
		out.Label, out.Effect, out.Terms = asks.Submit, asks.Text, asks.Terms
		return out
	}
	out.Label, out.Danger = "Revert change", true
	out.Effect = "Changes what is shown under “Exact change”, and nothing else. It can be undone for 24 hours."
	return out
}

// fillIn puts into its form again what a person typed.
func (v *findingView) fillIn(d decision) {
	for i := range v.Forms {
		if f := &v.Forms[i]; f.Choice == d.Choice {
			f.Reason, f.Term, f.Open = d.Reason, d.Term, true
			return
		}
	}
	v.Typed = d.Reason // the form it was typed into is gone
}

// preview is what an exemption would have exempted.
type preview struct {
	Scope, Count string
	Examples     []row
}

func previewOf(p desk.Preview) preview {
	out := preview{Scope: sentence(p.Scope), Count: strconv.Itoa(p.Count) + " findings"}
	switch {
	case p.AtLeast:
		out.Count = "at least " + out.Count
	case p.Count == 1:
		out.Count = "1 finding"
	case p.Count == 0:
		out.Count = "no finding"
	}
	for _, f := range p.Examples {
		out.Examples = append(out.Examples, rowOf(f))
	}
	return out
}
