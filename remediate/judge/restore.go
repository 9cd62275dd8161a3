package judge

import (
	"slices"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

func removeGrants(r policies.Result, c cloud.Change, now Snapshot) *Step {
	gs := slices.DeleteFunc(slices.Clone(r.Grants), func(g cloud.Grant) bool {
		return now.Policy != nil && !now.Policy.Has(g)
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
func restoreIdentity(r policies.Result, c cloud.Change, now Snapshot, opts restoreOptions) (*Step, string) {
	if !r.Identity || c.Workload == nil {
		return nil, ""
	}
	s := &Step{Kind: policies.RestoreIdentity, Resource: c.Resource, Before: StepState{ServiceAccount: c.Workload.Identity.Email}}
	if now.Workload != nil {
		s.Before.Template = now.Workload.Template()
	}
	candidates := []cloud.Identity{cloud.KnownIdentity(opts.fallback)}
	if now.Workload != nil {
		candidates = slices.Insert(candidates, 0, now.Workload.Previous)
	}
	for _, id := range candidates {
		if id.Knowledge == cloud.Known && id.Email != c.Workload.Identity.Email && opts.accepts(id) {
			s.After.ServiceAccount = id.Email
			return s, ""
		}
	}
	if now.Workload != nil && now.Workload.PreviousWhy != "" {
		return s, "no account to go back to: what ran before is unknown (" + now.Workload.PreviousWhy + "), and the project has no fallback_identity"
	}
	return s, "no account to go back to: no earlier revision ran as one that this policy accepts, and the project has no fallback_identity"
}

// restoreCondition puts the conditional grants that the change took away in the
// place of the unconditional ones it made of them. Only a delta says what was
// there before.
func restoreCondition(r policies.Result, c cloud.Change, now Snapshot) (*Step, string) {
	if !c.HasDelta {
		return nil, "the entry does not say which condition the grant had"
	}
	s := Step{Kind: policies.RestoreCondition, Resource: c.Resource}
	for _, g := range r.Grants {
		if g.Condition != (cloud.Condition{}) || now.Policy != nil && !now.Policy.Has(g) {
			continue
		}
		had := conditional(c.Removed(), g)
		if len(had) == 0 {
			continue
		}
		s.Before.Grants = append(s.Before.Grants, g)
		s.After.Grants = append(s.After.Grants, had...)
	}
	if len(s.Before.Grants) == 0 {
		return nil, "the change took no conditional grant away that could be put back"
	}
	return &s, ""
}

func conditional(gs []cloud.Grant, like cloud.Grant) []cloud.Grant {
	return slices.DeleteFunc(slices.Clone(gs), func(g cloud.Grant) bool {
		return g.Condition == (cloud.Condition{}) || !sameHolder(g, like)
	})
}

func sameHolder(a, b cloud.Grant) bool { return a.Role == b.Role && a.Member == b.Member }
