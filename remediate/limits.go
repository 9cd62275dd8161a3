package remediate

import (
	"context"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/reverts"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// Limits bound what rescind does on its own, all processes on one store
// together. A zero number is no limit: cmd fills in the defaults. In all it is
// never more than maxReverts in an hour.
type Limits struct {
	PerPolicyHour  int
	PerProjectHour int
	// PerActorHour is for each of those that finding.Finding.Budget tells apart.
	PerActorHour int
	TotalHour    int
	// ReservePercent is how much of each limit is kept for severe findings, at least
	// one revert; 0 for nothing.
	ReservePercent int
	// SameChange is how often one plan is reverted within FightWindow before
	// rescind stops fighting and asks.
	SameChange  int
	FightWindow time.Duration
	// Grace is how long after a change rescind waits before it reverts on its
	// own, for infrastructure code that is still at work.
	Grace time.Duration
}

// limit is one that was reached: its name, empty for a fight, and what it says.
// The zero limit was not reached.
type limit struct{ name, why string }

// limited returns the limit that keeps the finding from being reverted
// unasked, as things stand; see allowed.
func (r *Remediator) limited(ctx context.Context, f finding.Finding) (limit, error) {
	return r.underLimits(ctx, f, func(*reverts.Tally) []reverts.Entry { return nil })
}

// reached returns the limit that allows no further revert than those of the last hour.
func (l Limits) reached(f finding.Finding, recent *reverts.Tally) limit {
	if l.TotalHour == 0 || l.TotalHour > maxReverts {
		l.TotalHour = maxReverts
	}
	by := trail.Fit(f.Budget(), trail.MaxName)
	what := by
	if by == cloud.UnknownActor {
		what = "all whom the log does not name"
	}
	for _, c := range []allowance{
		{"policy " + f.Policy, "policy " + f.Policy, recent.Beside(f.ID, reverts.Policy(f.Policy)), l.PerPolicyHour},
		{"project " + f.Resource.Project, "project " + f.Resource.Project, recent.Beside(f.ID, reverts.Project(f.Resource.Project)), l.PerProjectHour},
		{"actor " + by, what, recent.Beside(f.ID, reverts.Actor(actorHash(f.Budget()))), l.PerActorHour},
		{"total", "all policies and projects", recent.Beside(f.ID, reverts.Thing{}), l.TotalHour},
	} {
		if why := c.spent(l.kept(f, c.of)); why != "" {
			return limit{c.name, why}
		}
	}
	return limit{}
}

// kept is how many of so many reverts the finding has to leave for others. A severe
// one leaves none: it is what they are kept for.
func (l Limits) kept(f finding.Finding, of int) int {
	if l.ReservePercent == 0 || f.Severe() {
		return 0
	}
	return max(1, of*l.ReservePercent/100)
}

// allowance is one limit: its name, what it is for, how many reverts there were of
// how many.
type allowance struct {
	name, what string
	is, of     int
}

// spent says that no revert is left but for those that are kept.
func (a allowance) spent(kept int) string {
	if a.of == 0 || a.is < a.of-kept {
		return ""
	}
	why := fmt.Sprintf("rate: %d automatic reverts in the last hour for %s, the limit is %d", a.is, a.what, a.of)
	if a.is < a.of {
		why += ", and what is left of it is kept for findings of high and critical severity"
	}
	return why
}

// fightLook bounds how many findings of one resource are looked at for a fight.
// Far fewer are reverted unasked within a window; where there are more, the
// limits on reverts hold.
const fightLook = 500

// fighting says that the same plan was carried out again and again, unasked.
// What was found to be fixed, or was not allowed, was no revert.
func (r *Remediator) fighting(ctx context.Context, f finding.Finding) (string, error) {
	if r.cfg.Limits.SameChange == 0 {
		return "", nil
	}
	before, err := r.cfg.Store.Findings(ctx, finding.Query{
		Resource: f.Resource, Policy: f.Policy, States: []state.State{state.Approved, state.Applying, state.Uncertain, state.Reverted, state.Failed},
		Since: r.cfg.Now().Add(-r.cfg.Limits.FightWindow), Limit: fightLook,
	})
	if err != nil {
		return "", fmt.Errorf("count earlier reverts of %s: %w", f.Resource, err)
	}
	n := 0
	for _, o := range before {
		if o.ID != f.ID && o.Plan.Alike(f.Plan) && o.Automatic {
			n++
		}
	}
	if n < r.cfg.Limits.SameChange {
		return "", nil
	}
	return fmt.Sprintf("fight: the same change was reverted %d times within %s and came back; somebody wants it", n, judge.Span(r.cfg.Limits.FightWindow)), nil
}
