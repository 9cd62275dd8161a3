package replay

import (
	"slices"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// setBefore are the organization policies as they were set, while a history is
// read in order.
type setBefore map[policyKey]*cloud.ConstraintChange

// take returns what was set before the change, nil where the history does not
// show it, and remembers what is set since. A write at a time that nobody knows,
// or one that may have failed, leaves what is set unknown.
func (s setBefore) take(c cloud.Change) *cloud.ConstraintChange {
	if c.Constraint == nil {
		return nil
	}
	k := policyKey{c.Constraint.Name, c.Resource.Parent}
	was, is := s[k], *c.Constraint
	switch {
	case c.Time.IsZero() || c.Half == cloud.FirstHalf:
		delete(s, k)
		return nil
	case is.Enforced.Knowledge == cloud.Unchanged && c.CreatesOrgPolicy(): // it rehearses, and enforces nothing
		s[k] = &cloud.ConstraintChange{Became: cloud.PolicyDryRunOnly}
	case is.Enforced.Knowledge == cloud.Unchanged:
	case is.Reach() == "":
		delete(s, k)
	default:
		s[k] = &is
	}
	return was
}

// asOf is the change with what its history says was set before it.
func (l *learned) asOf(c cloud.Change, i int) cloud.Change {
	c.Lost = l.lost[i]
	if c.Workload != nil && len(c.Workload.Shares) > 0 {
		with := *c.Workload
		if with.GivesNewest() {
			with.Identity = l.previous[i]
		}
		with.Shares = cloud.Beside(l.shares[i], with.Identity)
		if with.Identity.Knowledge == cloud.Unknown {
			c.Unread = append(slices.Clip(c.Unread), cloud.Unread{Field: "identity", Why: "the history does not show what its template was deployed as"})
		}
		c.Workload = &with
	}
	if c.Constraint == nil || l.before[i] == nil {
		return c
	}
	with := *c.Constraint
	with.Before = l.before[i]
	c.Constraint = &with
	return c
}

// conditionsSeen is what is remembered of each resource's grants under conditions, while a
// history is read in order.
type conditionsSeen map[cloud.Resource]cloud.Conditions

// take returns what had been taken away by the change or shortly before it.
func (s conditionsSeen) take(c cloud.Change) []cloud.Grant {
	if c.Verb == cloud.Delete {
		delete(s, c.Resource)
	}
	if c.Verb != cloud.SetPolicy {
		return nil
	}
	next, lost := s[c.Resource].After(c)
	s[c.Resource] = next
	return lost
}
