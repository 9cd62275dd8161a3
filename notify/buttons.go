package notify

import (
	"fmt"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
)

// buttons are the answers the finding takes now. A finding that is not Pending
// takes none, so its card has none: no button lies. An undo takes a reason, which
// a button cannot. A plan that leaves open
// what to write cannot be reverted by a click, so it is not offered.
func buttons(f remediate.Finding) []Button {
	if f.State != remediate.Pending || f.UndoOf != "" {
		return nil
	}
	keep := Button{
		Choice: remediate.ChooseKeep, Label: "Keep change",
		Spoken: "Keep the change to " + where(f.Resource),
		Ask: Confirm{
			Title: "Keep this change?",
			Text:  "The change to " + where(f.Resource) + " stays. Whoever made it cannot keep it. Recorded as your decision.",
			Yes:   "Keep change", No: "Go back",
		},
	}
	if !f.Plan.Executable() {
		return []Button{keep}
	}
	return []Button{{
		Choice: remediate.ChooseRevert, Label: "Revert change",
		Spoken: "Revert the change to " + where(f.Resource), Danger: true,
		Ask: Confirm{
			Title: "Revert this change?",
			Text:  effect(f.Plan) + " Recorded as your decision.",
			Yes:   "Revert change", No: "Go back",
		},
	}, keep}
}

// effect says what applying the plan does, a sentence a step.
func effect(p remediate.Plan) string {
	var out []string
	for _, s := range p.Steps {
		out = append(out, stepEffect(s)+" on "+where(s.Resource)+".")
	}
	return strings.Join(out, " ")
}

func stepEffect(s remediate.Step) string {
	switch s.Kind {
	case policies.RemoveGrants:
		if gs := s.Before.Grants; len(gs) != 1 {
			return fmt.Sprintf("Takes away %d grants", len(gs))
		}
		return takes(s.Before.Grants[0])
	case policies.RequireInvoker:
		return "Turns the invoker IAM check back on"
	case policies.RestoreIdentity:
		return "Makes new revisions and executions run as " + s.After.ServiceAccount
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

func takes(g cloud.Grant) string {
	s := "Takes " + g.Role + " from " + string(g.Member)
	if g.Condition != (cloud.Condition{}) {
		s += " (the grant with a condition)"
	}
	return s
}
