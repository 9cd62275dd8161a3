package remediate

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// A state that rescind wrote and that has stood since is nobody else's change,
// whoever's event shows it: the late half of an operation that was reverted in the
// meantime, or a deploy of something else.

// withoutStanding gives a judgement of such a state to whom it belongs. What people
// had an undo write is decided: it reports true. What a revert wrote is asked about, in
// the name of rescind; so is, in the name of the caller, what rescind began to write and
// is not known to have written.
func (r *Remediator) withoutStanding(ctx context.Context, k judged) (judged, bool, error) {
	if k.vanished || k.preexisting || k.Verdict == policies.Exempt || k.Plan.Empty() {
		return k, false, nil
	}
	written, err := r.cfg.Store.Findings(ctx, finding.Query{
		Resource: k.change.Resource, Since: k.now.At.Add(-ownWithin), Limit: recentLook,
		States: []state.State{state.Applying, state.Uncertain, state.Reverted, state.Undone, state.Blocked, state.Failed},
	})
	if err != nil {
		return judged{}, false, fmt.Errorf("look up what rescind wrote to %s: %w", k.change.Resource, err)
	}
	by, ok := r.writerOf(k, written)
	switch {
	case !ok:
		return k, false, nil
	case by.State == state.Undone:
		return k, true, nil
	case by.State != state.Reverted: // its plan was begun, and more is not known
		k.Lower(judge.Ask, fmt.Sprintf("rescind itself may have written what violates, in finding %s, which is %s", by.ID, by.State))
		return k, false, nil
	}
	k.Lower(judge.Ask, fmt.Sprintf("rescind itself wrote what violates, in finding %s, and nobody changed it since: %s did not", by.ID, k.change.Actor.Principal))
	k.change.Actor = cloud.Actor{Principal: r.cfg.Self}
	return k, false, nil
}

// withoutLeftBehind takes out of a judgement the account of a template that is left
// behind: its traffic was given back, and requests do not reach it since. That is no new
// violation: what people, or a policy, decided of it is done. It returns the finding that
// gave the traffic back, the zero one where there is none; what else violates is left.
func (r *Remediator) withoutLeftBehind(ctx context.Context, k judged) (judged, finding.Finding, error) {
	w := k.now.Workload
	if !k.Identity || k.vanished || w == nil || w.Revision == "" || len(w.Serving) == 0 || cloud.Reached(w.Serving, w.Revision) {
		return k, finding.Finding{}, nil
	}
	reverted, err := r.cfg.Store.Findings(ctx, finding.Query{Resource: k.change.Resource, States: []state.State{state.Reverted}, Limit: recentLook})
	if err != nil {
		return judged{}, finding.Finding{}, fmt.Errorf("look up what was reverted of %s: %w", k.change.Resource, err)
	}
	i := slices.IndexFunc(reverted, func(f finding.Finding) bool { return k.now.LeftBehind(f.Plan) })
	if i < 0 {
		return k, finding.Finding{}, nil
	}
	k.Judgement = k.Judgement.WithoutIdentity("its traffic was given back in finding " + reverted[i].ID)
	return k, reverted[i], nil
}

// writerOf is the finding that wrote all that the plan would change, false if there
// is none or somebody wrote it anew.
func (r *Remediator) writerOf(k judged, written []finding.Finding) (by finding.Finding, ok bool) {
	for _, s := range k.Plan.Steps {
		f, found := r.lastToWrite(s, written)
		if !found || !f.Wrote(s) || !r.stands(k, s, f) {
			return finding.Finding{}, false
		}
		by = f
	}
	return by, true
}

// lastToWrite is the finding that wrote last to what the step is about: one that
// began earlier may have.
func (r *Remediator) lastToWrite(s judge.Step, written []finding.Finding) (last finding.Finding, ok bool) {
	now := r.cfg.Now()
	for _, f := range written {
		if f.Touched(s) && (!ok || f.WrittenBy(now).After(last.WrittenBy(now))) {
			last, ok = f, true
		}
	}
	return last, ok
}

// stands reports whether what the finding wrote has stood since, as far as the API
// shows it: the change is of before, nobody wrote to the workload since, or the
// revision before the latest one ran as the same account.
func (r *Remediator) stands(k judged, s judge.Step, f finding.Finding) bool {
	if !k.change.Time.After(f.WrittenBy(r.cfg.Now())) {
		return true
	}
	w := k.now.Workload
	if w == nil || len(s.Before.Grants) > 0 {
		return false
	}
	// With new content the plan gives traffic back in place of the account: that is as old.
	before := s.Before.ServiceAccount != "" && w.Previous.Knowledge == cloud.Known && w.Previous.Email == s.Before.ServiceAccount
	return before || w.LastWriter != "" && strings.EqualFold(w.LastWriter, cloud.Member(r.cfg.Self).Email())
}
