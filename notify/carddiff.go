package notify

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// plan is the diff's title: what a revert will change, would, or did.
func plan(f finding.Finding) string {
	did := "A revert would change"
	switch f.State {
	case state.Waiting, state.Pending, state.Approved, state.Applying:
		did = "Revert will change"
	case state.Reverted, state.Uncertain:
		did = "The revert changed"
	case state.Superseded:
		did = "A revert would have changed"
	}
	switch {
	case f.UndoOf == "":
	case f.State == state.Undone, f.State == state.Uncertain:
		did = "The undo changed"
	case f.State.Ended():
		did = "The undo would have changed"
	default:
		did = "Undo will change"
	}
	if len(f.Plan.Steps) > 0 && f.Plan.Steps[0].Resource != f.Resource {
		did += " " + where(f.Plan.Steps[0].Resource)
	}
	return did + " (plan " + digest8(f.Plan) + ")"
}

// diff is what the plan changes, line by line: "- " for what goes, "+ " for
// what comes. A step on another resource than the first says which.
func diff(p judge.Plan) []string {
	var out []string
	for i, s := range p.Steps {
		if i > 0 && s.Resource != p.Steps[i-1].Resource {
			out = append(out, "on "+s.Resource.String())
		}
		out = append(out, grantLines("- ", s.Before.Grants, s.After.Grants)...)
		out = append(out, grantLines("+ ", s.After.Grants, s.Before.Grants)...)
		out = append(out, checkLines(s)...)
		out = append(out, identityLines(s)...)
		out = append(out, trafficLines(s)...)
		out = append(out, ingressLines(s)...)
		out = append(out, constraintLines(s)...)
	}
	return out
}

func grantLines(sign string, these, without []cloud.Grant) []string {
	var out []string
	for _, g := range missingFrom(without, these) {
		out = append(out, sign+g.String())
	}
	return out
}

// missingFrom returns those of the grants that are not in others.
func missingFrom(others, grants []cloud.Grant) []cloud.Grant {
	return slices.DeleteFunc(slices.Clone(grants), func(g cloud.Grant) bool { return slices.Contains(others, g) })
}

func checkLines(s judge.Step) []string {
	var out []string
	if b := s.Before.InvokerIAMDisabled; b != nil {
		out = append(out, "- invoker IAM check disabled: "+strconv.FormatBool(*b))
	}
	if a := s.After.InvokerIAMDisabled; a != nil {
		out = append(out, "+ invoker IAM check disabled: "+strconv.FormatBool(*a))
	}
	return out
}

func ingressLines(s judge.Step) []string {
	if s.Kind != policies.RestoreIngress {
		return nil
	}
	after := s.After.Ingress
	if after == "" {
		after = "(a person has to choose it)"
	}
	return []string{"- ingress " + s.Before.Ingress, "+ ingress " + after}
}

func constraintLines(s judge.Step) []string {
	const inherited = "(not set: what is inherited holds)"
	if s.Kind != policies.RestoreConstrain {
		return nil
	}
	return []string{"- organization policy " + cmp.Or(s.Before.OrgPolicy, inherited), "+ organization policy " + cmp.Or(s.After.OrgPolicy, inherited)}
}

func identityLines(s judge.Step) []string {
	if s.Kind != policies.RestoreIdentity {
		return nil
	}
	before, after := s.Before.ServiceAccount, s.After.ServiceAccount
	if before == "" {
		before = "(not set: the default service account)"
	}
	if after == "" {
		after = "(a person has to name it)"
	}
	return []string{"- runs as " + before, "+ runs as " + after}
}

// trafficLines show which revisions requests reach, as what, and what stays behind.
func trafficLines(s judge.Step) []string {
	if s.Kind != policies.RestoreRevision {
		return nil
	}
	lines := func(sign string, st judge.StepState) []string {
		var out []string
		for _, t := range st.Traffic {
			as := t.Account
			if t.Revision == "" {
				t.Revision = st.Template
			}
			if t.Revision == st.Template {
				as = st.ServiceAccount
			}
			line := sign + "traffic " + t.String()
			if as != "" {
				line += ", as " + as
			}
			out = append(out, line)
		}
		return out
	}
	stays := "  template " + s.Before.Template + " stays as it is"
	if s.After.ServiceAccount == "" { // no undo
		stays += "; later deploys get no traffic until --to-latest"
	}
	return slices.Concat(lines("- ", s.Before), lines("+ ", s.After), []string{stays})
}
