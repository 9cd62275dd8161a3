package judge

import (
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// Snapshot is what is known of a resource at one moment: read live, or, in
// replay, learned from the history before the change.
type Snapshot struct {
	// At is when reading it began, Done when it ended; Done is zero where that is not told apart.
	At, Done time.Time
	// Policy is the live allow policy, nil where it was not read.
	Policy *cloud.AllowPolicy
	// Workload is the live workload, nil where it was not read.
	Workload *cloud.Workload
	// OrgPolicy is what is set of an organization policy at its own resource,
	// nil where it was not read.
	OrgPolicy *OrgPolicy
	// AsMade is true when OrgPolicy is what the change made of it, so that
	// nobody wrote to it since.
	AsMade bool
	// Gone is true when the resource no longer exists.
	Gone bool
}

// Needs reports whether any step of the plan still has something to do. Of
// what was not read it says yes: only seeing a fix makes it one.
func (s Snapshot) Needs(p Plan) bool {
	if s.Gone {
		return false
	}
	return slices.ContainsFunc(p.Steps, s.StepNeeded)
}

// StepNeeded reports whether the step still has something to do; of what was not
// read it says yes.
func (s Snapshot) StepNeeded(st Step) bool {
	switch st.Kind {
	case policies.RemoveGrants:
		return s.Policy == nil || slices.ContainsFunc(st.Before.Grants, s.Policy.Has)
	case RestoreGrants:
		return s.Policy == nil || slices.ContainsFunc(st.After.Grants, func(g cloud.Grant) bool { return !s.Policy.Has(g) })
	case policies.RequireInvoker:
		return s.Workload == nil || s.Workload.InvokerCheckDisabled.On
	case DisableInvoker:
		return s.Workload == nil || !s.Workload.InvokerCheckDisabled.On
	case policies.RestoreIdentity:
		return s.Workload == nil || s.Workload.Identity.Email == st.Before.ServiceAccount
	case policies.RestoreRevision:
		w := s.Workload
		if w == nil || !w.IsTemplate(st.Before.Template, st.Before.TemplateUID) {
			return w == nil
		}
		if st.Before.ServiceAccount == "" { // an undo
			return cloud.SameTraffic(w.Traffic, st.Before.Traffic)
		}
		return cloud.Reached(w.Serving, st.Before.Template)
	case policies.RestoreIngress:
		return s.Workload == nil || s.Workload.Ingress == st.Before.Ingress
	case policies.RestoreCondition:
		return s.Policy == nil || slices.ContainsFunc(st.Before.Grants, s.Policy.Has)
	case policies.RestoreConstrain:
		return s.OrgPolicy == nil || s.OrgPolicy.Body == st.Before.OrgPolicy
	}
	return true
}

// Missing is what live state does not have of what the step would change, false for
// nothing: grants that are not there, or the whole step where the setting is another.
// What was not read is not missing.
func (s Snapshot) Missing(st Step) (Step, bool) {
	switch {
	case s.Gone:
		return st, true
	case len(st.Before.Grants) > 0:
		if s.Policy == nil {
			return Step{}, false
		}
		st.Before.Grants = slices.DeleteFunc(slices.Clone(st.Before.Grants), s.Policy.Has)
		return st, len(st.Before.Grants) > 0
	case st.ofIdentity(): // whichever template it is, and whatever it serves
		return st, s.Workload != nil && s.Workload.Identity.Email != st.Before.ServiceAccount
	}
	read := s.Workload != nil
	if st.Resource.Kind == cloud.OrgPolicy {
		read = s.OrgPolicy != nil
	}
	return st, read && !s.StepNeeded(st)
}

// StillDeploying says that what the plan gives an account to is not known yet, or "".
func (s Snapshot) StillDeploying(p Plan) string {
	for _, st := range p.Steps {
		if st.Kind == policies.RestoreIdentity && stillDeploying(s.Workload) {
			return "Google Cloud is still at work on it, so what would run as " + st.After.ServiceAccount + " is not known yet"
		}
	}
	return ""
}

// LeftBehind reports whether the template is the one that the plan left where it is when
// it gave the traffic back, requests do not reach it, and all that they do reach runs
// as an account that the traffic was given back to.
func (s Snapshot) LeftBehind(p Plan) bool {
	return s.Workload != nil && slices.ContainsFunc(p.Steps, func(st Step) bool {
		if st.Kind != policies.RestoreRevision || st.Before.ServiceAccount == "" || !s.Workload.IsTemplate(st.After.Template, st.After.TemplateUID) {
			return false
		}
		return !slices.ContainsFunc(s.Workload.Serving, func(t cloud.TrafficTarget) bool {
			given := func(a cloud.TrafficTarget) bool { return a.Account != "" && a.Account == t.Account }
			reached := t.Percent != 0 || t.Tag != ""
			return reached && (t.Revision == st.After.Template || !slices.ContainsFunc(st.After.Traffic, given))
		})
	})
}

// Replaces reports whether step does all that is left to do of old.
func (s Snapshot) Replaces(step, old Step) bool {
	return (step.Kind == old.Kind || step.ofIdentity() && old.ofIdentity()) && step.Resource == old.Resource && step.Before.ServiceAccount == old.Before.ServiceAccount &&
		step.Before.Ingress == old.Before.Ingress && step.Before.OrgPolicy == old.Before.OrgPolicy &&
		!slices.ContainsFunc(old.Before.Grants, func(g cloud.Grant) bool {
			return (s.Policy == nil || s.Policy.Has(g)) && !slices.Contains(step.Before.Grants, g)
		})
}

// Remaining is what live state leaves to do of the step; false for nothing. Of what
// was not read it is the whole step.
func (s Snapshot) Remaining(st Step) (Step, bool) {
	if ds := st.Deltas(); len(ds) > 0 && s.Policy != nil {
		_, effective := s.Policy.Apply(st.DeltasOn(*s.Policy))
		return st.WithDeltas(effective), len(effective) > 0
	}
	return st, s.StepNeeded(st)
}

// Observe returns the change as live state shows it. What the entry left open
// is filled in; grants that are no longer there were not, in effect, added.
func (s Snapshot) Observe(c cloud.Change) cloud.Change {
	if s.Policy != nil {
		switch {
		case c.HasDelta:
			c.Deltas = s.stillAdded(c.Deltas)
		default:
			c.Policy = s.Policy
		}
		c.Unread = without(c.Unread, "grants")
	}
	if s.OrgPolicy != nil {
		c.Constraint = s.OrgPolicy.observed(c.Constraint)
	}
	// A change of the allow policy says nothing of the workload: judging both
	// would lay an old identity at the door of whoever changed the policy.
	if s.Workload != nil && c.Verb != cloud.SetPolicy {
		c.Workload = changedIn(*s.Workload, c)
		c.Unread = without(c.Unread, "identity", "invoker check", "ingress", "traffic")
	}
	return c
}

// changedIn is the live workload, but for what the entry says the change did not
// touch: a deploy of something else is no reason to judge an old setting.
func changedIn(live cloud.Workload, c cloud.Change) *cloud.Workload {
	entry := c.Workload
	unread := func(field string) bool {
		return slices.ContainsFunc(c.Unread, func(u cloud.Unread) bool { return u.Field == field })
	}
	if entry != nil && entry.Ingress == "" && !unread("ingress") {
		live.Ingress = ""
	}
	if entry != nil && len(entry.Shares) == 0 && !unread("traffic") {
		live.Shares = nil
	}
	if entry != nil && entry.Identity.Knowledge == cloud.Unchanged && !entry.GivesNewest() {
		live.Identity = entry.Identity
	}
	if entry != nil && entry.InvokerCheckDisabled.Knowledge == cloud.Unchanged {
		live.InvokerCheckDisabled = entry.InvokerCheckDisabled
	}
	if entry != nil { // no live read shows it
		live.SSH, live.SSHWhy = entry.SSH, entry.SSHWhy
		live.AgentIdentity = live.AgentIdentity || entry.AgentIdentity
	}
	live.Shares = cloud.Beside(live.Shares, live.Identity)
	return &live
}

// stillAdded leaves out grants that are not there, and writes the others as the
// policy does: IAM takes an address in any case, and stores it in one.
func (s Snapshot) stillAdded(ds []cloud.Delta) []cloud.Delta {
	live := s.Policy.Grants()
	var out []cloud.Delta
	for _, d := range ds {
		if d.Action == cloud.Add && !slices.Contains(live, d.Grant) {
			i := slices.IndexFunc(live, func(g cloud.Grant) bool { return SameGrant(g, d.Grant) })
			if i < 0 {
				continue
			}
			d.Grant = live[i]
		}
		out = append(out, d)
	}
	return out
}

// SameGrant reports whether both are one grant to one address, which IAM takes in
// any case and stores in one. Of members without an address it says no.
func SameGrant(a, b cloud.Grant) bool {
	return a.Role == b.Role && a.Condition == b.Condition && a.Member.Email() != "" && strings.EqualFold(string(a.Member), string(b.Member))
}

func without(us []cloud.Unread, fields ...string) []cloud.Unread {
	return slices.DeleteFunc(slices.Clone(us), func(u cloud.Unread) bool { return slices.Contains(fields, u.Field) })
}
