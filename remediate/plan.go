package remediate

import (
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// restoreOptions are the ones back that the change and live state do not show.
type restoreOptions struct {
	fallback  string                    // the account of the project's configuration
	accepts   func(cloud.Identity) bool // whether the policy is content with an account
	ingresses func() ([]string, string) // the settings to choose from, or why they are unknown
}

// planFor says what would end the violation, as far as it can be known
// without guessing: only what violates, only what is (still) there.
func planFor(r policies.Result, c cloud.Change, now Snapshot, to restoreOptions) Plan {
	if r.Verdict == policies.Exempt {
		return Plan{Missing: "exempt: nothing to do"}
	}
	var steps []Step
	var missing []string
	for _, kind := range r.Remediation {
		var s *Step
		var why string
		switch kind {
		case policies.RemoveGrants:
			s = removeGrants(r, c, now)
		case policies.RequireInvoker:
			s = requireInvoker(r, c)
		case policies.RestoreIdentity:
			s, why = restoreIdentity(r, c, now, to)
		case policies.RestoreIngress:
			s, why = restoreIngress(r, c, to.ingresses)
		case policies.RestoreCondition:
			s, why = restoreCondition(r, c, now)
		case policies.RestoreConstrain:
			s, why = restoreConstraint(c, now)
		default:
			why = "rescind cannot apply " + string(kind) + " yet"
		}
		if s != nil {
			steps = append(steps, *s)
		}
		if why != "" {
			missing = append(missing, why)
		}
	}
	if len(steps) == 0 && len(missing) == 0 {
		missing = append(missing, "no step of this policy ends the violation: a person has to")
	}
	return NewPlan(steps, strings.Join(missing, "; "))
}

func removeGrants(r policies.Result, c cloud.Change, now Snapshot) *Step {
	gs := slices.DeleteFunc(slices.Clone(r.Grants), func(g cloud.Grant) bool {
		email, ok := g.Member.ServiceAccount()
		return ok && cloud.IsGoogleManaged(email) || now.Policy != nil && !now.Policy.Has(g)
	})
	if len(gs) == 0 {
		return nil
	}
	return &Step{Kind: policies.RemoveGrants, Resource: c.Resource, Before: StepState{Grants: gs}}
}

func requireInvoker(r policies.Result, c cloud.Change) *Step {
	if !r.InvokerCheck {
		return nil
	}
	on, off := true, false
	return &Step{
		Kind: policies.RequireInvoker, Resource: c.Resource,
		Before: StepState{InvokerIAMDisabled: &on}, After: StepState{InvokerIAMDisabled: &off},
	}
}

// restoreIdentity goes back to the account of the revision before, if the
// policy is content with it; else to the scope's fallback; else it leaves the
// account open, for a person to name. It never guesses.
func restoreIdentity(r policies.Result, c cloud.Change, now Snapshot, to restoreOptions) (*Step, string) {
	if !r.Identity || c.Workload == nil {
		return nil, ""
	}
	s := &Step{Kind: policies.RestoreIdentity, Resource: c.Resource, Before: StepState{ServiceAccount: c.Workload.Identity.Email}}
	candidates := []cloud.Identity{cloud.KnownIdentity(to.fallback)}
	if now.Workload != nil {
		candidates = slices.Insert(candidates, 0, now.Workload.Previous)
	}
	for _, id := range candidates {
		if id.Knowledge == cloud.Known && id.Email != c.Workload.Identity.Email && to.accepts(id) {
			s.After.ServiceAccount = id.Email
			return s, ""
		}
	}
	if now.Workload != nil && now.Workload.PreviousWhy != "" {
		return s, "no account to go back to: what ran before is unknown (" + now.Workload.PreviousWhy + "), and the project has no fallback_identity"
	}
	return s, "no account to go back to: no earlier revision ran as one that this policy accepts, and the project has no fallback_identity"
}

// Executable reports whether every step says what to write, so that applying
// the plan needs no further choice.
func (p Plan) Executable() bool {
	return !p.Empty() && !slices.ContainsFunc(p.Steps, func(s Step) bool {
		return s.Kind == policies.RestoreIdentity && s.After.ServiceAccount == "" ||
			s.Kind == policies.RestoreIngress && s.After.Ingress == ""
	})
}
