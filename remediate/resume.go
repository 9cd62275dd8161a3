package remediate

import (
	"context"
	"fmt"
	"slices"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/reverts"
	"github.com/rescind-dev/rescind/remediate/scope"
	"github.com/rescind-dev/rescind/remediate/state"
)

// resume continues the finding that an earlier delivery, or the other half of
// the same change, began.
func (r *Remediator) resume(ctx context.Context, f finding.Finding, k judged) (finding.Finding, error) {
	if next, named := f.Attributed(k.change, k.now.At); named && !f.State.Ended() {
		borneOut, err := r.borneOut(ctx, k.entry)
		if borneOut {
			f, err = r.update(ctx, next)
		}
		if err != nil {
			return finding.Finding{}, err
		}
	}
	if f.State != state.Waiting {
		return withoutLeased(f), nil
	}
	if k.vanished { // it waits for live state to show it: the sweep looks, in time
		return withoutLeased(f), nil
	}
	if f.Change.Content != k.change.Content {
		if borneOut, err := r.borneOut(ctx, k.entry); !borneOut { // it waits for its own entry
			return withoutLeased(f), err
		}
	}
	return r.reopen(ctx, f, k, state.ByEvent)
}

// reopen takes a waiting finding to what a later judgement comes to.
func (r *Remediator) reopen(ctx context.Context, f finding.Finding, k judged, by state.Cause) (finding.Finding, error) {
	if k.seen = f.CreatedAt; !f.Unconfirmed {
		k.makers = f.Actors
	}
	k, err := r.confirmed(ctx, k)
	if err != nil {
		return finding.Finding{}, err
	}
	next, over, err := r.open(ctx, k)
	if err != nil {
		return finding.Finding{}, err
	}
	if next.State == state.Waiting && next.DueAt.Equal(f.DueAt) {
		return withoutLeased(f), nil
	}
	if next.State == state.Waiting && next.Why == f.Why { // nothing new to tell
		f.DueAt = next.DueAt
		return r.update(ctx, f)
	}
	return r.decide(ctx, r.asking(f.Rejudged(next, by), over))
}

// attribute adds the actor of a first half that came after its last half: the
// last half often names nobody, and whoever made the change may not keep it.
func (r *Remediator) attribute(ctx context.Context, c cloud.Change) error {
	if c.Half != cloud.FirstHalf {
		return nil
	}
	known, err := r.cfg.Store.Findings(ctx, finding.Query{Resource: c.Resource, States: state.Open(), Since: c.Time.Add(-finding.DecisionHolds)})
	if err != nil {
		return fmt.Errorf("look up findings of %s: %w", c.Resource, err)
	}
	l := &entryLookup{change: c}
	for _, f := range known {
		next, named := f.Attributed(c, r.cfg.Now())
		if !named || f.Change.ID != c.ID && !slices.Contains(f.Joined, c.ID) {
			continue
		}
		if borneOut, err := r.borneOut(ctx, l); !borneOut || err != nil {
			return err
		}
		if _, err := r.update(ctx, next); err != nil {
			return err
		}
	}
	return r.charge(ctx, c, l)
}

// charge has what was reverted for a change that named nobody count for whom this
// half of it names, also where that has ended. What is not borne out names nobody.
func (r *Remediator) charge(ctx context.Context, c cloud.Change, l *entryLookup) error {
	who := finding.BudgetOf(c.Actor)
	if who == cloud.UnknownActor {
		return nil
	}
	isUnnamed := func(e reverts.Entry) bool {
		return e.Actor == actorHash(cloud.UnknownActor) && e.Finding == finding.ID(c.ID, e.Policy, c.Resource)
	}
	found := false
	err := r.reverts.Change(ctx, func(t *reverts.Tally) []reverts.Entry {
		found = slices.ContainsFunc(t.All(), isUnnamed)
		return nil
	})
	if err != nil || !found {
		return err
	}
	if borneOut, err := r.borneOut(ctx, l); !borneOut || err != nil {
		return err
	}
	return r.reverts.Change(ctx, func(t *reverts.Tally) (named []reverts.Entry) {
		for _, e := range t.All() {
			if isUnnamed(e) {
				e.Actor = actorHash(who)
				named = append(named, e)
			}
		}
		return named
	})
}

// rejudge reads live state again for a finding that waits: for the grace
// period to end, or for state that did not show its change yet. What still
// does not show is superseded.
func (r *Remediator) rejudge(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	ctx, open := noting(ctx)
	in, unsure := r.cfg.Scope.Membership(ctx, r.cfg.Facts, f.Resource)
	if in == scope.Out {
		return r.update(ctx, f.Superseded(state.ByTimer, r.cfg.Now(), errOutOfScope.Error()))
	}
	now, err := r.snapshot(ctx, f.Change)
	if err != nil {
		return finding.Finding{}, err
	}
	was, err := r.took(ctx, f.Change, now, nil)
	if err != nil {
		return finding.Finding{}, err
	}
	cases := r.judge(ctx, f.Change, now, was)
	if err := open.of(f.Resource, f.CreatedAt, now.At); err != nil {
		return finding.Finding{}, err
	}
	for _, k := range cases {
		if k.Policy != f.Policy || k.vanished {
			continue
		}
		k.entry = &entryLookup{change: k.change}
		if unsure != "" {
			k.Lower(judge.Report, unsure)
		}
		if k, err = r.withoutExempted(ctx, k); err != nil {
			return finding.Finding{}, err
		}
		return r.reopen(ctx, f, k, state.ByTimer)
	}
	return r.update(ctx, f.Superseded(state.ByTimer, now.At, judge.VanishedWhy(now)))
}
