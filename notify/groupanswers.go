package notify

import (
	"fmt"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/remediate"
)

// pending are the findings that wait for an answer.
func (v groupView) pending() []remediate.Finding {
	return slices.DeleteFunc(slices.Clone(v.items), func(f remediate.Finding) bool {
		return f.State != remediate.Pending || v.Group.Agreed != nil
	})
}

// revertible are those of them that have something to apply.
func (v groupView) revertible() []remediate.Finding {
	return slices.DeleteFunc(v.pending(), func(f remediate.Finding) bool { return !f.Plan.Executable() })
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
func (v groupView) expires() (first time.Time) {
	for _, f := range v.pending() {
		if first.IsZero() || f.ExpiresAt.Before(first) {
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
	if slices.ContainsFunc(p, func(f remediate.Finding) bool { return silence(f, v.options) != first }) {
		return "each finding's own record says what then happens"
	}
	return "for each of them " + first
}

// buttons answer every pending finding of the list that the card shows, and
// none once nothing is pending. One finding more makes them void.
func (v groupView) buttons() []Button {
	var out []Button
	if n := len(v.revertible()); n > 0 {
		out = append(out, Button{
			Choice: remediate.ChooseRevert, All: true, Digest: v.Digest()[:8], Danger: true, Label: fmt.Sprintf("Revert all %d", n),
			Spoken: fmt.Sprintf("Revert all %d changes in %s", n, short(v.place(), 40)),
			Ask: Confirm{
				Title: fmt.Sprintf("Revert all %d changes?", n),
				Text:  fmt.Sprintf("Carries out the plans of the %d pending findings on this card, and of none that comes later. Recorded as your decision.", n),
				Yes:   fmt.Sprintf("Revert all %d", n), No: "Go back",
			},
		})
	}
	if n := len(v.pending()); n > 0 {
		out = append(out, Button{
			Choice: remediate.ChooseKeep, All: true, Digest: v.Digest()[:8], Form: true, Label: fmt.Sprintf("Keep all %d…", n),
			Spoken: fmt.Sprintf("Keep all %d changes in %s", n, short(v.place(), 40)),
			Ask: Confirm{
				Title: fmt.Sprintf("Keep all %d changes?", n),
				Text:  fmt.Sprintf("The changes of the %d pending findings on this card stay. Whoever made one of them cannot keep them. Recorded as your decision.", n),
				Yes:   fmt.Sprintf("Keep all %d", n), No: "Go back",
			},
		})
	}
	return out
}
