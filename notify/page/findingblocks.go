package page

import (
	"cmp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"

	"github.com/rescind-dev/rescind/notify"
)

// changesOf are the plan, what was written of it, and what an undo would change.
func changesOf(f finding.Finding, card notify.Message) []block {
	var out []block
	if f.Plan.Empty() {
		out = append(out, block{Title: "Plan: none", Lines: oneLine(f.Plan.Missing)})
	} else {
		out = append(out, block{Title: card.Plan, Diff: linesOf(card.Diff)})
	}
	if len(f.Done) == 0 {
		return out
	}
	if done := judge.NewPlan(f.Done, ""); done.Alike(f.Plan) {
		out[0].Lines = []string{"All of it was written, or may have been."}
	} else {
		out = append(out, block{Title: "Written, or possibly written", Diff: diffOf(done)})
	}
	if u := f.UndoPlan(); f.UndoOf == "" {
		out = append(out, block{Title: "An undo would change (plan " + u.Digest[:8] + ")", Diff: diffOf(u)})
	}
	return out
}

func diffOf(p judge.Plan) []line {
	return linesOf(notify.Card(finding.Finding{Plan: p}, notify.Options{}).Diff)
}

func linesOf(diff []string) []line {
	var out []line
	for _, s := range diff {
		l := line{Text: s}
		if sign, rest, ok := strings.Cut(s, " "); ok && (sign == "-" || sign == "+") {
			l = line{sign, rest}
		}
		out = append(out, l)
	}
	return out
}

// outcomeOf says why the finding is where it is: of what was not reverted, why
// not. The reasons of the decision stand under what is wrong.
func outcomeOf(f finding.Finding) block {
	out := block{Title: "Why it was not reverted", Lines: oneLine(f.Why)}
	switch {
	case f.State == state.Reverted, f.State == state.Undone:
		out.Title = "What was done"
	case !f.State.Ended():
		out.Title = "What it waits for"
	}
	return out
}

// oneLine is the text as a list of one, or of none.
func oneLine(text string) []string {
	if text == "" {
		return nil
	}
	return []string{notify.Clean(text)}
}

func recordOf(f finding.Finding) []fact {
	decision := string(f.Decision)
	if f.Automatic {
		decision += ", by policy and not by a person"
	}
	enforcement := string(f.Enforcement)
	if f.EnforcedBy != "" {
		enforcement += " by " + f.EnforcedBy
	}
	out := []fact{
		{Name: "Finding", Value: f.ID, Exact: true}, {Name: "Revision", Value: strconv.FormatInt(f.Revision, 10)},
		{Name: "Resource", Value: f.Resource.String(), Exact: true}, {Name: "Plan", Value: cmp.Or(f.Plan.Digest, "none"), Exact: true},
		{Name: "Enforcement", Value: enforcement}, {Name: "Decision", Value: decision},
		{Name: "Began", At: momentOf(f.CreatedAt)}, {Name: "Ended", At: momentOf(f.EndedAt)},
		{Name: "Audit trail", Value: notify.TrailSays(f)},
	}
	if f.UndoOf != "" {
		out = append(out, fact{Name: "Undo of", Value: f.UndoOf, Link: f.UndoOf, Exact: true})
	}
	for i := range out {
		out[i].Value, out[i].Link = notify.Clean(out[i].Value), notify.Clean(out[i].Link)
	}
	return out
}

// sentence gives a phrase its capital and its full stop. One that begins with a
// person's address keeps it as it is.
func sentence(s string) string {
	s = notify.Clean(s)
	who, person := strings.CutPrefix(s, "user:")
	r, n := utf8.DecodeRuneInString(s)
	switch {
	case n == 0:
		return ""
	case person:
		s = who
	default:
		s = string(unicode.ToUpper(r)) + s[n:]
	}
	return strings.TrimSuffix(s, ".") + "."
}
