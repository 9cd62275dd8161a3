package remediate

import (
	"slices"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

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

// deltasOn are the step's deltas, as the policy leaves them to be made. A grant
// that takes another's place is not made where that other one has gone: whoever
// took it away since meant the member to have neither.
func (s Step) deltasOn(p cloud.AllowPolicy) []cloud.Delta {
	ds := s.deltas()
	if s.Kind != policies.RestoreCondition {
		return ds
	}
	return slices.DeleteFunc(ds, func(d cloud.Delta) bool {
		return d.Action == cloud.Add && !slices.ContainsFunc(s.Before.Grants, func(g cloud.Grant) bool {
			return sameHolder(g, d.Grant) && p.Has(g)
		})
	})
}
