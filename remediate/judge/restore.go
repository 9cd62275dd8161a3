package judge

import (
	"cmp"
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

// restoreIdentity goes back to the account of the revision before, if no policy has
// anything against it; else to the scope's fallback; else it leaves the account open,
// for a person to name. It never guesses.
func restoreIdentity(r policies.Result, c cloud.Change, now Snapshot, opts restoreOptions) (*Step, string) {
	if !r.Identity || c.Workload == nil {
		return nil, ""
	}
	s := &Step{Kind: policies.RestoreIdentity, Resource: c.Resource, Before: StepState{ServiceAccount: c.Workload.Identity.Email}}
	candidates, before := []cloud.Identity{cloud.KnownIdentity(opts.fallback)}, "no earlier revision ran as one that this policy accepts"
	if w := now.Workload; w != nil {
		s.Before.Template, s.Before.TemplateUID = w.Template(), w.TemplateUID()
		candidates = slices.Insert(candidates, 0, w.Previous)
		if w.PreviousWhy != "" {
			before = "what ran before is unknown (" + w.PreviousWhy + ")"
		}
	}
	why := "no account to go back to: " + before
	if opts.fallback == "" {
		why += ", and the project has no fallback_identity"
	}
	for _, id := range candidates {
		if id.Knowledge != cloud.Known || id.Email == c.Workload.Identity.Email {
			continue
		}
		to := *s
		to.After.ServiceAccount = id.Email
		unfit := opts.unfit(to)
		if unfit == "" {
			return &to, ""
		}
		why += "; not " + id.Email + ": " + unfit
	}
	return s, why
}

// Giving the traffic back ends what new content does without giving anybody a right:
// what served before serves again, as what it ran as then. The template stays as it was
// deployed, and later deploys get no traffic until somebody gives it to them.

// restoreRevision gives the traffic of a service back as it stood before its newest
// revision was reached, and that revision's tags with it: as it stood last of all that
// the policies accept. It goes to no revision that is not known to have served.
func restoreRevision(r policies.Result, c cloud.Change, now Snapshot, opts restoreOptions) (*Step, string) {
	w := now.Workload
	if !r.Identity || c.Resource.Kind != cloud.RunService {
		return nil, ""
	}
	const unknown = "the traffic cannot be given back: "
	switch {
	case w == nil || len(w.Serving) == 0:
		return nil, unknown + "how it stands is not known"
	case w.Revision == "":
		return nil, unknown + "the revision that its template makes is not there"
	case w.Identity.Email != c.Workload.Identity.Email: // the entry shows another deploy
		return nil, unknown + "it runs as another account now"
	}
	why := w.ServedWhy
	for _, served := range w.Served {
		back := cloud.GiveBack(served.Traffic, w.Serving, w.Revision)
		if len(back) == 0 {
			continue
		}
		s := &Step{
			Kind: policies.RestoreRevision, Resource: c.Resource,
			Before: StepState{ServiceAccount: w.Identity.Email, Template: w.Template(), TemplateUID: w.TemplateUID(), Traffic: w.Traffic},
			After:  StepState{Template: w.Template(), TemplateUID: w.TemplateUID(), Traffic: back, ChangedSince: served.Since},
		}
		unfit := opts.unfit(*s)
		if unfit == "" {
			return s, ""
		}
		why = cmp.Or(why, Spread(back)+": "+unfit)
	}
	if why != "" {
		why = ": " + why
	}
	return nil, unknown + "nothing that every policy accepts is known to have served before " + w.Revision + why
}

// endIdentity ends that a workload runs as an account: by the account that ran its
// content before, else by the traffic of before, else as a person says.
func endIdentity(r policies.Result, c cloud.Change, now Snapshot, opts restoreOptions) (*Step, string) {
	if !r.Identity && len(r.Serving) > 0 {
		return nil, "requests go to a revision that is not the template's: give them to another, or the template an account and then the newest all of them"
	}
	gives := slices.Contains(r.Remediation, policies.RestoreIdentity)
	s, why := restoreIdentity(r, c, now, opts)
	if gives && s != nil && why == "" && newContentAs(now.Workload, s.After.ServiceAccount) == "" {
		return s, ""
	}
	back, whyNot := restoreRevision(r, c, now, opts)
	switch {
	case back != nil:
		return back, ""
	case !gives:
		return nil, whyNot
	case whyNot != "" && now.Workload != nil && len(now.Workload.Serving) > 0: // a log shows no traffic
		opts.note(whyNot)
	}
	return s, why
}

// restoreCondition puts the conditional grants that the change took away in the
// place of the unconditional ones it made of them. Only a delta says what was
// there before.
func restoreCondition(r policies.Result, c cloud.Change, now Snapshot) (*Step, string) {
	if !c.HasDelta && len(c.Lost) == 0 {
		return nil, "the entry does not say which condition the grant had"
	}
	s := Step{Kind: policies.RestoreCondition, Resource: c.Resource}
	for _, g := range r.Grants {
		if now.Policy != nil && !now.Policy.Has(g) {
			continue
		}
		had := conditional(slices.Concat(c.Removed(), c.Lost), g)
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
		return g.Condition == (cloud.Condition{}) || g.Condition == like.Condition || !sameHolder(g, like)
	})
}

func sameHolder(a, b cloud.Grant) bool {
	return a.Role == b.Role && cloud.SameMember(a.Member, b.Member)
}
