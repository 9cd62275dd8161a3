package notify

import (
	"fmt"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// pending are the findings that wait for an answer.
func (v groupView) pending() []finding.Finding {
	return slices.DeleteFunc(slices.Clone(v.items), func(f finding.Finding) bool {
		return f.State != state.Pending || v.Group.Agreed != nil
	})
}

// answerable reports whether an answer to all of these would count. Where one is
// answered on its page alone, or is over, nothing is decided for the others.
func (v groupView) answerable(fs []finding.Finding) bool {
	return len(fs) > 0 && !slices.ContainsFunc(fs, func(f finding.Finding) bool { return !answerable(f, v.options) })
}

// revertible are those of them that have something to apply.
func (v groupView) revertible() []finding.Finding {
	return slices.DeleteFunc(v.pending(), func(f finding.Finding) bool { return !f.Plan.Executable() })
}

// needs is who it takes, where that is the same for all that is asked.
func (v groupView) needs() string {
	needs := ""
	for i, f := range v.pending() {
		if v.options.Needs == nil {
			return ""
		}
		n := v.options.Needs(f)
		if i > 0 && n != needs {
			return ""
		}
		needs = n
	}
	return needs
}

// expires is when the first of the questions does.
func (v groupView) expires() time.Time { return firstDeadline(v.pending()) }

// firstDeadline leaves out what stays open; the zero time where all of it does.
func firstDeadline(fs []finding.Finding) (first time.Time) {
	for _, f := range fs {
		if !f.ExpiresAt.IsZero() && (first.IsZero() || f.ExpiresAt.Before(first)) {
			first = f.ExpiresAt
		}
	}
	return first
}

func (v groupView) silence() string {
	p := v.pending()
	if len(p) == 0 {
		return ""
	}
	first := silence(p[0], v.options)
	if slices.ContainsFunc(p, func(f finding.Finding) bool { return silence(f, v.options) != first }) {
		return "each finding's own record says what then happens"
	}
	return "for each of them " + first
}

// buttons answer every pending finding of the list that the card shows, and
// none once nothing is pending. One finding more makes them void.
func (v groupView) buttons() []Button {
	var out []Button
	if n := len(v.revertible()); v.answerable(v.revertible()) {
		b := v.button(finding.ChooseRevert, "Revert", n)
		b.Danger = true
		b.Ask.Text = "Carries out the plans of the " + pendingOnes(n) + " on this card, and of none that comes later. Recorded as your decision."
		out = append(out, b)
	}
	if n := len(v.pending()); v.answerable(v.pending()) {
		b := v.button(finding.ChooseKeep, "Keep", n)
		b.Form, b.Label = true, b.Label+"…"
		b.Ask.Text = "The changes of the " + pendingOnes(n) + " on this card stay. Whoever made one of them cannot keep them. Recorded as your decision."
		out = append(out, b)
	}
	return out
}

// button does to so many findings what the verb says.
func (v groupView) button(c finding.Choice, verb string, n int) Button {
	label, changes := fmt.Sprintf("%s all %d", verb, n), "changes"
	if n == 1 {
		changes = "change"
	}
	return Button{
		Choice: c, All: true, Digest: v.Digest()[:8], Label: label,
		Spoken: fmt.Sprintf("%s %s in %s", label, changes, short(v.place(), 40)),
		Ask:    Confirm{Title: label + " " + changes + "?", Yes: label, No: "Go back"},
	}
}

func pendingOnes(n int) string {
	if n == 1 {
		return "1 pending finding"
	}
	return fmt.Sprintf("%d pending findings", n)
}
