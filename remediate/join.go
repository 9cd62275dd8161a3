package remediate

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// join adds the change to an open finding about the same thing with the same
// plan. An open finding whose plan this one replaces is superseded: what its
// card shows is no longer what would be done. One that is being carried out is
// left alone: it may have looked before this change came.
func (r *Remediator) join(ctx context.Context, k judged) (finding.Finding, bool, error) {
	open, err := r.cfg.Store.Findings(ctx, finding.Query{Resource: k.change.Resource, Policy: k.Policy, States: []state.State{state.Waiting, state.Pending, state.Approved}})
	if err != nil {
		return finding.Finding{}, false, fmt.Errorf("look up open findings of %s: %w", k.change.Resource, err)
	}
	for _, f := range open {
		switch {
		case f.UndoOf != "": // about what rescind did, not about a change
		case f.ID == k.id(): // another delivery of this change stored it since
			f, err := r.resume(ctx, f, k)
			return f, err == nil, err
		case slices.Contains(f.Joined, k.change.ID):
			return withoutLeased(f), true, nil
		case f.SameAs(k.Judgement) && k.preexisting: // it was there all along, and is asked about
			return withoutLeased(f), true, nil
		case f.SameAs(k.Judgement) && k.Decision == judge.Revert && f.State == state.Pending && foundInPassing(f):
			// Something else came upon it before the change's own event: that must
			// not keep the policy from reverting it.
			f, err := r.update(ctx, f.Superseded(state.ByEvent, k.now.At, "an event told of the change after all, and the policy reverts it"))
			if err != nil {
				return finding.Finding{}, false, err
			}
			r.work(ctx, f)
		case f.Unconfirmed && f.SameAs(k.Judgement) && k.Decision == judge.Revert: // nor may an event that may be forged
			continue
		case f.SameAs(k.Judgement):
			borneOut, err := r.borneOut(ctx, k.entry)
			if !borneOut { // where the look failed it comes again, and then may name one more
				return withoutLeased(f), err == nil, err
			}
			f, err := r.update(ctx, f.JoinedBy(k.change, k.now.At))
			return f, err == nil, err
		case f.State != state.Approved && !k.unconfirmed && k.replaces(f):
			f, err := r.update(ctx, f.Superseded(state.ByEvent, k.now.At, "a later change needs another plan"))
			if err != nil {
				return finding.Finding{}, false, err
			}
			r.work(ctx, f)
		}
	}
	return finding.Finding{}, false, nil
}

// foundInPassing reports whether the finding was opened by something that did not make
// what it is about: a scan, a deploy as the account that held it, a change that left it as
// it was, or an entry that does not say what it added to a container.
func foundInPassing(f finding.Finding) bool {
	return f.Change.Method == judge.ScanMethod || f.LeftAsItWas() || strings.HasSuffix(f.Change.ID, preexistingSuffix(f.Resource)) ||
		f.Resource.Kind.Container() && !f.Change.HasDelta
}

// supersedeFixed ends the open findings of a resource that live state shows to
// be fixed, whoever did it. It returns those that ended.
func (r *Remediator) supersedeFixed(ctx context.Context, res cloud.Resource, now judge.Snapshot) ([]finding.Finding, error) {
	if err := r.looked(ctx, res, now); err != nil {
		return nil, err
	}
	open, err := r.cfg.Store.Findings(ctx, finding.Query{Resource: res, States: []state.State{state.Pending}})
	if err != nil {
		return nil, fmt.Errorf("look up open findings of %s: %w", res, err)
	}
	var ended []finding.Finding
	for _, f := range open {
		if f.UndoOf != "" || f.Plan.Empty() || now.Needs(f.Plan) {
			continue
		}
		f, err := r.update(ctx, f.Superseded(state.ByEvent, now.At, judge.VanishedWhy(now)))
		if err != nil {
			return nil, err
		}
		ended = append(ended, f)
	}
	return ended, nil
}
