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
	before, after := s.newlyReached(now).asChanges(c, now)
	if len(after) == 0 {
		return Worse{}
	}
	had := j.results(ctx, before, now.At)
	for _, a := range after {
		for _, r := range j.results(ctx, a, now.At) {
			was := func(h policies.Result) bool { return includes(h, r) }
			if r.Verdict != policies.Exempt && !slices.Contains(except, r.Policy) && !slices.ContainsFunc(had, was) {
				return Worse{r.Policy, r.Verdict == policies.Unknown}
			}
		}
	}
	return Worse{}
}

// includes reports whether all that r says is wrong is in h already.
func includes(h, r policies.Result) bool {
	return h.Policy == r.Policy && h.Verdict == r.Verdict && blamedBy(h).Includes(blamedBy(r))
}

// asChanges are a change that makes what the step touches what it is now, and those
// that make it what the step would: more than one where several accounts serve. There
// are none where nothing is known of the resource.
func (s Step) asChanges(c cloud.Change, now Snapshot) (before cloud.Change, after []cloud.Change) {
	c.Resource, c.Deltas, c.HasDelta, c.Policy, c.Half = s.Resource, nil, false, nil, cloud.Whole
	workload := c.Workload
	if now.Workload != nil {
		workload, c.Unread = now.Workload, nil
	}
	switch {
	case len(s.Deltas()) > 0:
		c.Verb, c.Workload, c.Constraint, c.HasDelta, c.Unread = cloud.SetPolicy, nil, nil, true, nil
		return Granting(c, s.Before.Grants), []cloud.Change{withDeltas(c, s.Deltas())}
	case s.Resource.Kind == cloud.OrgPolicy && c.Constraint != nil:
		c.Verb, c.Unread = cloud.SetOrg, nil
		return c, []cloud.Change{deleting(c)}
	case workload == nil:
		return c, nil
	}
	w := *workload // no step but of traffic changes which revisions serve, and that one says what runs then
	w.Shares, c.Unread = nil, without(c.Unread, "traffic")
	c.Verb, c.Constraint, c.Workload, workload = cloud.Update, nil, &w, &w
	for _, w := range s.on(*workload) {
		with := c
		with.Workload, with.Unread = &w.Workload, without(c.Unread, w.settles)
		if s.ofIdentity() && w.Identity.Knowledge == cloud.Unknown {
			with.Unread = append(with.Unread, cloud.Unread{Field: "identity", Why: "what a revision runs as could not be read"})
		}
		after = append(after, with)
	}
	return c, after
}

func withDeltas(c cloud.Change, ds []cloud.Delta) cloud.Change {
	c.Deltas = ds
	return c
}

// deleting is the change that takes away the organization policy that c made.
func deleting(c cloud.Change) cloud.Change {
	c.Constraint = &cloud.ConstraintChange{Name: c.Constraint.Name, Became: cloud.PolicyDeleted, Before: c.Constraint}
	return c
}

// outcome is a workload as a step leaves it, and the field of cloud.Unread that is
// known then.
type outcome struct {
	cloud.Workload
	settles string
}

// on are the workload as the step leaves it: once for each account that serves then.
func (s Step) on(w cloud.Workload) []outcome {
	switch s.Kind {
	case policies.RestoreIdentity:
		w.Identity = cloud.KnownIdentity(s.After.ServiceAccount)
		return []outcome{{w, "identity"}}
	case policies.RestoreRevision:
		var out []outcome
		for _, id := range s.accountsAfter() {
			w.Identity = id
			out = append(out, outcome{w, "identity"})
		}
		return out
	case policies.RequireInvoker, DisableInvoker:
		w.InvokerCheckDisabled = cloud.KnownFlag(*s.After.InvokerIAMDisabled)
		return []outcome{{w, "invoker check"}}
	case policies.RestoreIngress:
		w.Ingress = s.After.Ingress
		return []outcome{{w, "ingress"}}
	}
	return nil
}

// moved is the step without the tags that stay where they are: what a plan does not
// touch counts for nothing.
func (s Step) moved(now Snapshot) Step {
	return s.lessTraffic(now, func(t, is cloud.TrafficTarget) bool { return t.Percent == 0 && t.Tag == is.Tag })
}

// newlyReached is the step without what requests reach already: by traffic where it has
// any, else by the tag.
func (s Step) newlyReached(now Snapshot) Step {
	return s.lessTraffic(now, func(t, is cloud.TrafficTarget) bool { return t.Tag == is.Tag && (t.Percent == 0 || is.Percent > 0) })
}

func (s Step) lessTraffic(now Snapshot, there func(t, is cloud.TrafficTarget) bool) Step {
	if now.Workload == nil {
		return s
	}
	s.After.Traffic = slices.DeleteFunc(slices.Clone(s.After.Traffic), func(t cloud.TrafficTarget) bool {
		return slices.ContainsFunc(now.Workload.Serving, func(is cloud.TrafficTarget) bool {
			return t.Revision != "" && is.Revision == t.Revision && is.UID == t.UID && there(t, is)
		})
	})
	return s
}

// accountsAfter are what runs once the traffic stands as the step leaves it. The
// newest revision is the one that the step is about.
func (s Step) accountsAfter() []cloud.Identity {
	var out []cloud.Identity
	for _, t := range s.After.Traffic {
		id := cloud.Identity{}
		switch {
		case t.Revision == "" || t.Revision == s.After.Template:
			id = cloud.KnownIdentity(s.After.ServiceAccount)
		case t.Account != "":
			id = cloud.KnownIdentity(t.Account)
		}
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out
}

// suits says why the step is none for the policy whose violation it is to end, or for
// another, or "". Whatever blames finds in a result has to be gone.
func (j Judge) suits(ctx context.Context, s Step, policy string, c cloud.Change, now Snapshot, blames func(policies.Result) bool) string {
	_, after := s.moved(now).asChanges(c, now)
	if len(after) == 0 {
		return "what is there now is not known"
	}
	for _, a := range after {
		if slices.ContainsFunc(j.results(ctx, a, now.At), func(r policies.Result) bool {
			return r.Policy == policy && r.Verdict != policies.Exempt && (r.Verdict == policies.Unknown || blames(r))
		}) {
			return "the policy does not accept it"
		}
	}
	return j.Worsened(ctx, s, c, now).String()
}
