package remediate

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// An entry that gives a grant without a condition does not say that another entry took the
// same under one just before. What was taken is remembered, for a resource in a cell, and
// only where a policy asks for it.

// asksForConditions reports whether any loaded policy asks whether a condition was removed.
func asksForConditions(p judge.Policies) bool {
	set, ok := p.(interface{ Asks(field string) bool })
	return ok && set.Asks("conditionRemoved")
}

// withLost is the change with the grants under a condition that were lost before it.
func (r *Remediator) withLost(ctx context.Context, c cloud.Change, now judge.Snapshot) (cloud.Change, error) {
	if !r.conditions || c.Verb != cloud.SetPolicy {
		return c, nil
	}
	shown := c
	if !c.HasDelta && now.Policy != nil {
		shown.Policy = now.Policy
	}
	keep := now.At.Add(cloud.LostWithin + 24*time.Hour)
	_, err := cells.Change(ctx, r.cfg.Store, "conditions/"+c.Resource.String(), keep, func(k cloud.Conditions) (cloud.Conditions, bool, error) {
		next, lost := k.After(shown)
		c.Lost = lost
		return next, !reflect.DeepEqual(next, k) && len(next.Held)+len(next.Lost)+len(k.Held)+len(k.Lost) > 0, nil
	})
	if err != nil {
		return c, fmt.Errorf("remember conditions on %s: %w", c.Resource, err)
	}
	return c, nil
}
