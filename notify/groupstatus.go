package notify

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// counts is how many findings are in each state: "37 pending, 3 reverted".
func (v groupView) counts() string {
	var out []string
	for _, s := range state.All() {
		if n := v.Count(s); n > 0 {
			out = append(out, fmt.Sprintf("%d %s", n, s))
		}
	}
	return strings.Join(out, ", ")
}

func (v groupView) status() string {
	s := findings(len(v.Items)) + " of one cause: " + v.counts() + "."
	switch n := len(v.pending()); {
	case v.Agreed != nil:
		s += " " + sentence(fmt.Sprintf("%s of %s was answered by %s and is being carried out", v.Agreed.Choice, v.answered(), voters(v.Agreed.Answers)))
	case n > 0 && len(v.Answers) > 0:
		s += " " + sentence(fmt.Sprintf("answered so far, and not yet by enough people: %s", votes(v.Answers)))
	case n > 0:
		s += v.deadline()
	}
	return s
}

// answered are the findings that an agreement is about: one that came later was on
// nobody's card.
func (v groupView) answered() string {
	if n := v.Agreed.Items; n > 0 && n < len(v.Items) {
		return fmt.Sprintf("the first %d of them", n)
	}
	return "all of them"
}

func (v groupView) deadline() string {
	if ends := v.expires(); !ends.IsZero() {
		return " Decide by " + Clock(ends) + "."
	}
	return " Pending your decision."
}

func voters(as []finding.Answer) string {
	var names []string
	for _, a := range as {
		names = append(names, person(a.Principal))
	}
	return strings.Join(names, " and ")
}

func votes(as []finding.Answer) string {
	var out []string
	for _, a := range as {
		out = append(out, string(a.Choice)+" by "+person(a.Principal))
	}
	return strings.Join(out, ", ")
}

func (v groupView) note() string {
	var parts []string
	switch n := len(v.pending()) - len(v.revertible()); {
	case n == 1:
		parts = append(parts, "1 of the pending ones leaves open what to write and cannot be reverted from here.")
	case n > 1:
		parts = append(parts, fmt.Sprintf("%d of the pending ones leave open what to write and cannot be reverted from here.", n))
	}
	if slices.ContainsFunc(v.pending(), v.options.onPageAlone) {
		parts = append(parts, "Some of them are answered on their pages alone, where you log in again.")
	}
	if len(v.Refused) > 0 {
		parts = append(parts, "Not decided by the last answer: "+strings.Join(v.Refused, "; ")+".")
	}
	return strings.Join(parts, " ")
}

func (v groupView) aloud(m Message) string {
	cause := person(v.Cause.Actor) + ", policy " + v.Cause.Policy + ", in " + v.place()
	if v.Cause.Limit != "" {
		cause = v.Cause.Limit
	}
	severity := string(v.severity())
	if severity == "" {
		severity = "unrated"
	}
	parts := []string{m.Status, sentence(severity + " severity at most: " + cause + ", from " + Clock(v.Since) + " on")}
	if ends := v.expires(); !ends.IsZero() {
		parts = append(parts, "If nobody answers until "+Clock(ends)+", "+v.silence()+".")
	}
	for _, b := range m.Buttons {
		parts = append(parts, strings.TrimSuffix(b.Label, "…")+": "+b.Ask.Text)
	}
	if m.Note != "" {
		parts = append(parts, m.Note)
	}
	if m.Link != "" {
		parts = append(parts, "Records: "+m.Link)
	}
	return strings.Join(parts, " ")
}

func (v groupView) place() string {
	if v.Cause.Project == "" {
		return "several projects"
	}
	return v.Cause.Project
}
