package remediate

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Limits bound what rescind does on its own. A zero number is no limit: cmd
// fills in the defaults.
type Limits struct {
	PerPolicyHour  int
	PerProjectHour int
	TotalHour      int
	// SameChange is how often one plan is reverted within FightWindow before
	// rescind stops fighting and asks.
	SameChange  int
	FightWindow time.Duration
	// Grace is how long after a change rescind waits before it reverts on its
	// own, for infrastructure code that is still at work.
	Grace time.Duration
}

// limited returns why an automatic revert must become a question, or "".
func (r *Remediator) limited(ctx context.Context, f Finding) (string, error) {
	if why, err := r.fighting(ctx, f); why != "" || err != nil {
		return why, err
	}
	hourAgo := r.Now().Add(-time.Hour)
	// A question that expired, or a grace period, began earlier than its revert.
	recent, err := r.Store.Findings(ctx, Query{Since: hourAgo.Add(-r.ExpiresIn - r.Limits.Grace - lease)})
	if err != nil {
		return "", fmt.Errorf("count recent reverts: %w", err)
	}
	var policy, project, total int
	for _, o := range recent {
		if o.ID == f.ID || !o.revertedItself(hourAgo) {
			continue
		}
		total++
		if o.Policy == f.Policy {
			policy++
		}
		if o.Resource.Project == f.Resource.Project {
			project++
		}
	}
	for _, l := range []struct {
		what      string
		is, limit int
	}{
		{"policy " + f.Policy, policy, r.Limits.PerPolicyHour},
		{"project " + f.Resource.Project, project, r.Limits.PerProjectHour},
		{"all policies and projects", total, r.Limits.TotalHour},
	} {
		if l.limit > 0 && l.is >= l.limit {
			return fmt.Sprintf("rate: %d automatic reverts in the last hour for %s, the limit is %d", l.is, l.what, l.limit), nil
		}
	}
	return "", nil
}

// revertedItself reports whether a policy had the finding reverted since then.
// What was found to be fixed, or was not allowed, is no revert.
func (f Finding) revertedItself(since time.Time) bool {
	return f.Automatic && f.State != Superseded && f.State != Blocked &&
		slices.ContainsFunc(f.Timeline, func(e Event) bool { return e.State == Approved && !e.At.Before(since) })
}

func (r *Remediator) fighting(ctx context.Context, f Finding) (string, error) {
	if r.Limits.SameChange == 0 {
		return "", nil
	}
	before, err := r.Store.Findings(ctx, Query{Resource: f.Resource, Policy: f.Policy, Since: r.Now().Add(-r.Limits.FightWindow)})
	if err != nil {
		return "", fmt.Errorf("count earlier reverts of %s: %w", f.Resource, err)
	}
	n := 0
	for _, o := range before {
		if o.ID != f.ID && o.Plan.Digest == f.Plan.Digest && o.revertedItself(time.Time{}) {
			n++
		}
	}
	if n < r.Limits.SameChange {
		return "", nil
	}
	return fmt.Sprintf("fight: the same change was reverted %d times within %s and came back; somebody wants it", n, r.Limits.FightWindow), nil
}
