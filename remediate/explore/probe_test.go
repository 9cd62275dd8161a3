package explore_test

import (
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// wrong are answers that are refused whoever gives them, by what is wrong.
func (w *world) wrong(good finding.Answer) map[string]finding.Answer {
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
	if len(w.cfg.stepUp) > 0 {
		out["in Slack"] = with(func(a *finding.Answer) { a.Via = "slack:ada" })
	}
	return out
}

func policyText(gs []cloud.Grant) string {
	var out []string
	for _, g := range gs {
		out = append(out, g.String())
	}
	return strings.Join(out, ", ")
}
