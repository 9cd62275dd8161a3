package judge

import (
	"context"
	"slices"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// A plan ends a violation of one policy, and is bound by all: it must not bring about
// what another calls a violation or cannot tell, unless that is there already. So two
// policies never undo each other's reverts. What a step touches is judged twice, as a
// change that makes it what it is and as one that makes it what the step would; what
// the step leaves alone is the same in both, and counts for nothing.

// Worse is the policy that a step would violate, or may violate; the zero Worse is none.
type Worse struct {
	Policy string
	Unsure bool // whether it would is not known
}

// String says it in a clause; "" for none.
func (w Worse) String() string {
	switch {
	case w.Policy == "":
		return ""
	case w.Unsure:
		return "whether it would violate the policy " + w.Policy + " is not known"
	}
	return "it would violate the policy " + w.Policy
}

// Worsened is the first policy, in their order, that carrying out the step would violate
// or leave in doubt, and that the state it begins with does not; those in except are not
// asked. c is the change that is answered, now what is live.
func (j Judge) Worsened(ctx context.Context, s Step, c cloud.Change, now Snapshot, except ...string) Worse {
	before, after, ok := s.asChanges(c, now)
	if !ok {
		return Worse{}
	}
	had := j.results(ctx, before, now.At)
	for _, r := range j.results(ctx, after, now.At) {
		was := func(h policies.Result) bool { return includes(h, r) }
		if r.Verdict != policies.Exempt && !slices.Contains(except, r.Policy) && !slices.ContainsFunc(had, was) {
			return Worse{r.Policy, r.Verdict == policies.Unknown}
		}
	}
	return Worse{}
}

// includes reports whether all that r says is wrong is in h already.
func includes(h, r policies.Result) bool {
	return h.Policy == r.Policy && h.Verdict == r.Verdict && (h.Identity || !r.Identity) && (h.InvokerCheck || !r.InvokerCheck) &&
		!slices.ContainsFunc(r.Grants, func(g cloud.Grant) bool { return !slices.Contains(h.Grants, g) })
}

// asChanges are two changes of which one makes what the step touches what it is now,
// and the other what the step would; false where nothing is known of the resource.
func (s Step) asChanges(c cloud.Change, now Snapshot) (before, after cloud.Change, ok bool) {
	c.Resource, c.Deltas, c.HasDelta, c.Policy, c.Half = s.Resource, nil, false, nil, cloud.Whole
	workload := c.Workload
	if now.Workload != nil {
		workload, c.Unread = now.Workload, nil
	}
	switch {
	case len(s.Deltas()) > 0:
		c.Verb, c.Workload, c.Constraint, c.HasDelta, c.Unread = cloud.SetPolicy, nil, nil, true, nil
		return Granting(c, s.Before.Grants), withDeltas(c, s.Deltas()), true
	case s.Resource.Kind == cloud.OrgPolicy:
		c.Verb, c.Unread = cloud.SetOrg, nil
		return c, deleting(c), c.Constraint != nil
	case workload == nil:
		return c, c, false
	}
	c.Verb, c.Constraint, c.Workload = cloud.Update, nil, workload
	before, after = c, c
	w, settled := s.on(*workload)
	after.Workload, after.Unread = &w, without(c.Unread, settled)
	return before, after, true
}

func withDeltas(c cloud.Change, ds []cloud.Delta) cloud.Change {
	c.Deltas = ds
	return c
}

// deleting is the change that takes away the organization policy that c made.
func deleting(c cloud.Change) cloud.Change {
	if c.Constraint != nil {
		c.Constraint = &cloud.ConstraintChange{Name: c.Constraint.Name, Became: cloud.PolicyDeleted, Before: c.Constraint}
	}
	return c
}

// on is the workload as the step leaves it, and the field of cloud.Unread that it
// settles.
func (s Step) on(w cloud.Workload) (after cloud.Workload, settled string) {
	switch s.Kind {
	case policies.RestoreIdentity:
		w.Identity, settled = cloud.KnownIdentity(s.After.ServiceAccount), "identity"
	case policies.RequireInvoker, DisableInvoker:
		w.InvokerCheckDisabled, settled = cloud.KnownFlag(*s.After.InvokerIAMDisabled), "invoker check"
	case policies.RestoreIngress:
		w.Ingress, settled = s.After.Ingress, "ingress"
	}
	return w, settled
}

// suits says why the step is none for the policy whose violation it is to end, or for
// another, or "". Whatever blames finds in a result has to be gone.
func (j Judge) suits(ctx context.Context, s Step, policy string, c cloud.Change, now Snapshot, blames func(policies.Result) bool) string {
	_, after, ok := s.asChanges(c, now)
	if !ok {
		return "what is there now is not known"
	}
	if slices.ContainsFunc(j.results(ctx, after, now.At), func(r policies.Result) bool {
		return r.Policy == policy && r.Verdict != policies.Exempt && (r.Verdict == policies.Unknown || blames(r))
	}) {
		return "the policy does not accept it"
	}
	return j.Worsened(ctx, s, c, now).String()
}
