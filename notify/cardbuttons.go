package notify

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// undoFor is how long after its end a revert can be undone.
const undoFor = 24 * time.Hour

// buttons are what people can do about the finding now: what no longer counts,
// or would be refused whoever pressed it, is not offered, so that no button
// lies. What raises the exposure takes a reason, and so opens a form first; its
// label ends in an ellipsis.
func buttons(f finding.Finding, o Options) []Button {
	switch {
	case f.State == state.Pending && !answerable(f, o) && f.UndoOf == "":
		return otherButtons(f, o)
	case !answerable(f, o):
		return nil
	case f.State == state.Pending && f.UndoOf != "":
		return []Button{undoButton(f, f.Plan)} // the next of several who are needed
	case f.State == state.Pending:
		return slices.Concat(revertButton(f), []Button{keepButton(f), exemptButton(f)}, otherButtons(f, o))
	case undoable(f, o.Now):
		return []Button{undoButton(f, f.UndoPlan())}
	}
	return nil
}

// answerable reports whether anybody's answer on the card would count, by what
// does not hang on who gives it: a question may be over, though nobody has looked
// yet, and some are answered on the finding's page alone.
func answerable(f finding.Finding, o Options) bool {
	return !over(f, o.Now) && !o.onPageAlone(f)
}

// over reports whether the time of a question has passed.
func over(f finding.Finding, now time.Time) bool {
	return f.State == state.Pending && !now.IsZero() && !f.ExpiresAt.IsZero() && !now.Before(f.ExpiresAt)
}

// onPageAlone reports whether the finding is answered on its page and nowhere else.
func (o Options) onPageAlone(f finding.Finding) bool {
	return f.StepUp != "" || o.StepsUp != nil && o.StepsUp(f)
}

// undoable reports whether a revert can still be taken back. What ran as the
// project's default service account because none was named has no undo: the name
// that would have to be written is not known.
func undoable(f finding.Finding, now time.Time) bool {
	return f.State == state.Reverted && f.UndoneBy == "" && f.UndoPlan().Executable() && !now.IsZero() && now.Before(f.EndedAt.Add(undoFor))
}

// revertButton is missing where the plan leaves open what to write.
func revertButton(f finding.Finding) []Button {
	if !f.Plan.Executable() {
		return nil
	}
	return []Button{{
		Choice: finding.ChooseRevert, Label: "Revert change", Digest: digest8(f.Plan),
		Spoken: "Revert the change to " + where(f.Resource), Danger: true,
		Ask: Confirm{
			Title: "Revert this change?",
			Text:  effect(f.Plan) + " Recorded as your decision.",
			Yes:   "Revert change", No: "Go back",
		},
	}}
}

func keepButton(f finding.Finding) Button {
	return Button{
		Choice: finding.ChooseKeep, Label: "Keep change…", Digest: digest8(f.Plan), Form: true,
		Spoken: "Keep the change to " + where(f.Resource),
		Ask:    ask(finding.ChooseKeep),
	}
}

func exemptButton(f finding.Finding) Button {
	return Button{
		Choice: finding.ChooseExempt, Label: "Exempt for a time…", Digest: digest8(f.Plan), Form: true,
		Spoken: "Exempt " + where(f.Resource) + " from " + f.Policy + " for a time",
		Ask:    ask(finding.ChooseExempt),
	}
}

func undoButton(f finding.Finding, p judge.Plan) Button {
	return Button{
		Choice: finding.ChooseUndo, Label: "Undo…", Digest: digest8(p), Form: true,
		Spoken: "Undo the revert on " + where(f.Resource),
		Ask:    ask(finding.ChooseUndo),
	}
}

// otherButtons decide nothing.
func otherButtons(f finding.Finding, o Options) []Button {
	var out []Button
	if o.Page {
		out = append(out, Button{Page: true, Label: "Page on-call", Digest: digest8(f.Plan), Spoken: "Page whoever is on call about " + where(f.Resource)})
	}
	if l := link(f, o); l != "" {
		out = append(out, Button{Link: l, Label: "Open", Digest: digest8(f.Plan), Spoken: "Open the full record in a browser"})
	}
	return out
}

// effect says what applying the plan does, a sentence a step.
func effect(p judge.Plan) string {
	var out []string
	for _, s := range p.Steps {
		out = append(out, stepEffect(s)+" on "+where(s.Resource)+".")
		if s.Kind == policies.RestoreRevision {
			out = append(out, "The template stays as it was deployed: later deploys get no traffic until somebody runs update-traffic --to-latest.")
		}
	}
	return strings.Join(out, " ")
}

func stepEffect(s judge.Step) string {
	switch s.Kind {
	case policies.RemoveGrants:
		gone := missingFrom(s.After.Grants, s.Before.Grants)
		if len(gone) != 1 {
			return fmt.Sprintf("Takes away %d grants", len(gone))
		}
		return removal(gone[0])
	case policies.RequireInvoker:
		return "Switches the invoker IAM check on again"
	case policies.RestoreIdentity:
		return "Makes new revisions and executions run as " + s.After.ServiceAccount
	case policies.RestoreRevision:
		return "Gives the traffic back to what served before (" + judge.Spread(s.After.Traffic) + ")"
	case policies.RestoreIngress:
		return "Sets the ingress to " + s.After.Ingress
	case policies.RestoreCondition:
		if gs := s.Before.Grants; len(gs) != 1 {
			return fmt.Sprintf("Puts the condition back on %d grants", len(gs))
		}
		return "Puts the condition back on the grant of " + s.Before.Grants[0].String()
	case policies.RestoreConstrain:
		return "Deletes the organization policy, so that what is inherited holds,"
	}
	return "Applies " + string(s.Kind)
}

func removal(g cloud.Grant) string {
	s := "Takes " + g.Role + " from " + string(g.Member)
	if g.Condition != (cloud.Condition{}) {
		s += " (the grant with a condition)"
	}
	return s
}
