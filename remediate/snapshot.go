package remediate

import (
	"slices"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// Snapshot is what is known of a resource at one moment: read live, or, in
// replay, learned from the history before the change.
type Snapshot struct {
	At time.Time
	// Policy is the live allow policy, nil where it was not read.
	Policy *cloud.AllowPolicy
	// Workload is the live workload, nil where it was not read.
	Workload *cloud.Workload
	// Gone is true when the resource no longer exists.
	Gone bool
}

// holds reports whether any step of the plan still has something to do. Of
// what was not read it says yes: only seeing a fix makes it one.
func (s Snapshot) holds(p Plan) bool {
	if s.Gone {
		return false
	}
	return slices.ContainsFunc(p.Steps, s.stepHolds)
}

func (s Snapshot) stepHolds(st Step) bool {
	switch st.Kind {
	case policies.RemoveGrants:
		return s.Policy == nil || slices.ContainsFunc(st.Before.Grants, s.Policy.Has)
	case policies.RequireInvoker:
		return s.Workload == nil || s.Workload.InvokerCheckDisabled.On
	case policies.RestoreIdentity:
		return s.Workload == nil || s.Workload.Identity.Email == st.Before.ServiceAccount
	}
	return true
}

// observe returns the change as live state shows it. What the entry left open
// is filled in; grants that are no longer there were not, in effect, added.
func (s Snapshot) observe(c cloud.Change) cloud.Change {
	if s.Policy != nil {
		switch {
		case c.HasDelta:
			c.Deltas = slices.DeleteFunc(slices.Clone(c.Deltas), func(d cloud.Delta) bool {
				return d.Action == cloud.Add && !s.Policy.Has(d.Grant)
			})
		default:
			c.Policy = s.Policy
		}
		c.Unread = without(c.Unread, "grants")
	}
	// A change of the allow policy says nothing of the workload: judging both
	// would lay an old identity at the door of whoever changed the policy.
	if s.Workload != nil && c.Verb != cloud.SetPolicy {
		c.Workload = s.Workload
		c.Unread = without(c.Unread, "identity", "invoker check", "ingress")
	}
	return c
}

func without(us []cloud.Unread, fields ...string) []cloud.Unread {
	return slices.DeleteFunc(slices.Clone(us), func(u cloud.Unread) bool { return slices.Contains(fields, u.Field) })
}
