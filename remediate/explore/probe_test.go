package explore_test

import (
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// wrong are answers that are refused whoever gives them, by what is wrong.
func (w *world) wrong(id string, good finding.Answer) map[string]finding.Answer {
	with := func(change func(*finding.Answer)) finding.Answer {
		a := good
		change(&a)
		return a
	}
	out := map[string]finding.Answer{
		"of somebody who is no approver": with(func(a *finding.Answer) { a.Principal = eve }),
		"of nobody":                      with(func(a *finding.Answer) { a.Principal = "" }),
		"of a later revision":            with(func(a *finding.Answer) { a.Revision += 1000 }),
		"about another plan":             with(func(a *finding.Answer) { a.Digest = "deadbeef" }),
		"about as good as any plan":      with(func(a *finding.Answer) { a.Digest = a.Digest[:4] }),
		"for too long a reason":          with(func(a *finding.Answer) { a.Reason = strings.Repeat("x", authority.MaxReason+1) }),
		"which is no answer":             with(func(a *finding.Answer) { a.Choice = "shrug" }),
	}
	if good.Choice == finding.ChooseUndo {
		delete(out, "of a later revision") // an undo is bound by its plan, and has a record of its own
	}
	if raises(good.Choice) {
		out["for no reason"] = with(func(a *finding.Answer) { a.Reason = " \u200b" })
	}
	if good.Choice == finding.ChooseExempt {
		out["for hardly a reason"] = with(func(a *finding.Answer) { a.Reason = "because" })
		out["until now"] = with(func(a *finding.Answer) { a.Until = w.now })
		out["for ever"] = with(func(a *finding.Answer) { a.Until = w.now.Add(authority.MaxExemption) })
	}
	if slices.Contains(w.votesOf(id, good.Choice), ada) {
		out["of somebody who said so, in other letters"] = with(func(a *finding.Answer) { a.Principal = "user:ADA@example.com" })
	}
	if len(w.cfg.stepUp) > 0 {
		out["in Slack"] = with(func(a *finding.Answer) { a.Via = "slack:ada" })
	}
	return out
}

// votesOf are the people whose answers count on the finding.
func (w *world) votesOf(id string, c finding.Choice) []string {
	return w.votes(w.store.findings[id], c)
}

// offers holds which answers a finding takes, from some person at least.
func (w *world) offers(f finding.Finding) {
	var want []finding.Choice
	undoable := f.State == state.Uncertain || f.State.Ended() && w.now.Sub(f.EndedAt) <= 24*time.Hour
	switch {
	case f.UndoOf == "" && len(f.Done) > 0 && undoable:
		want = []finding.Choice{finding.ChooseUndo}
	case f.State == state.Pending && !w.now.Before(f.ExpiresAt):
	case f.State == state.Pending && f.UndoOf != "":
		want = []finding.Choice{finding.ChooseUndo}
	case f.State == state.Pending && f.Plan.Empty():
		want = []finding.Choice{finding.ChooseKeep, finding.ChooseExempt}
	case f.State == state.Pending:
		want = []finding.Choice{finding.ChooseRevert, finding.ChooseKeep, finding.ChooseExempt}
	case f.State == state.Reported && f.UndoOf == "" && !f.Plan.Empty():
		want = []finding.Choice{finding.ChooseRevert}
	}
	if got := f.OpenChoices(w.now); !slices.Equal(got, want) {
		w.breaks("finding %s, %s, says that it takes %v, and it takes %v", f.ID, f.State, got, want)
	}
}

func policyText(gs []cloud.Grant) string {
	var out []string
	for _, g := range gs {
		out = append(out, g.String())
	}
	return strings.Join(out, ", ")
}
