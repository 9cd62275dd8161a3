package remediate

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// settledAtMost is for how long what the finding settles stays so.
func (r *Remediator) settledAtMost(f finding.Finding) time.Duration {
	return r.cfg.Authority.LongestExemption(f.Severity)
}

// withoutSettled takes out of a judgement what people settled for whoever made the
// change, and reports whether nothing is left. The findings that settle it count the
// change. A change that says what it added made the grants anew, so it is raised
// again; so is what was settled more than recentLook findings ago.
func (r *Remediator) withoutSettled(ctx context.Context, k judged) (judged, bool, error) {
	if k.change.HasDelta && !k.preexisting {
		return k, false, nil
	}
	states := finding.SettledStates()
	if k.preexisting { // one finding of what an account held all along is enough
		states = append(states, state.Reported, state.Blocked, state.Failed, state.Applying, state.Uncertain)
	}
	before, err := r.cfg.Store.Findings(ctx, finding.Query{
		Resource: k.change.Resource, Policy: k.Policy, Since: k.now.At.Add(-finding.DecisionHolds), States: states, Limit: recentLook,
	})
	if err != nil {
		return judged{}, false, fmt.Errorf("look up settled findings of %s: %w", k.change.Resource, err)
	}
	for _, f := range before {
		most := r.settledAtMost(f)
		switch {
		case k.preexisting && !slices.Contains(finding.SettledStates(), f.State):
			if !k.Plan.Empty() && f.RejectedPlan().Alike(k.Plan) {
				return k, true, nil
			}
			continue
		case !f.Settles(k.now.At, most), f.Raised(k.Enforcement), !k.preexisting && !f.HasActor(k.change.Actor):
			continue
		}
		left := k.Judgement.Without(f.SettledPart())
		if left.Verdict == k.Verdict && left.Plan.Digest == k.Plan.Digest {
			continue
		}
		if !k.preexisting || strings.HasSuffix(k.change.ID, finding.LeftAsItWas) { // a deploy did not make what its account held before
			if _, err := r.update(ctx, f.StoodFor(k.change, k.now.At, most)); err != nil {
				return judged{}, false, err
			}
		}
		if left.Verdict == policies.Exempt {
			return k, true, nil
		}
		k.Judgement = left
	}
	return k, false, nil
}

// looked tells the findings that settle something on the resource of what is live: what
// is not there is settled no more.
func (r *Remediator) looked(ctx context.Context, res cloud.Resource, now judge.Snapshot) error {
	settled, err := r.cfg.Store.Findings(ctx, finding.Query{
		Resource: res, States: finding.SettledStates(), Since: now.At.Add(-2 * finding.DecisionHolds), Limit: recentLook,
	})
	if err != nil {
		return fmt.Errorf("look up settled findings of %s: %w", res, err)
	}
	for _, f := range settled {
		if next, news := f.Looked(now, r.settledAtMost(f)); news {
			if _, err := r.update(ctx, next); err != nil {
				return err
			}
		}
	}
	return nil
}
