package remediate

import (
	"slices"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
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
	if s.Workload != nil {
		c.Workload = s.Workload
		c.Unread = without(c.Unread, "identity", "invoker check", "ingress")
	}
	return c
}

func without(us []cloud.Unread, fields ...string) []cloud.Unread {
	return slices.DeleteFunc(slices.Clone(us), func(u cloud.Unread) bool { return slices.Contains(fields, u.Field) })
}
