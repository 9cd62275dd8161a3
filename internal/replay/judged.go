package replay

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// judged are the judgements of one change. A role that gained something is judged where
// the history shows it held, as if it had been granted there by the change; where that
// violates nothing, by what is not known of its holders.
func (l *learned) judged(ctx context.Context, j judge.Judge, c cloud.Change, i int, at time.Time) []judgedAt {
	var out []judgedAt
	for _, r := range l.holders(i) {
		granted := judge.Granting(c, l.held[i][r])
		granted.Resource, granted.Verb, granted.HasDelta, granted.Role = r, cloud.SetPolicy, true, nil
		for _, g := range j.Judge(ctx, granted, judge.Snapshot{At: at}) {
			g.Lower(judge.Ask, "the grants are older: "+c.Role.Name+" was changed, which they hold")
			out = append(out, judgedAt{change: granted, Judgement: g})
		}
	}
	if out = append(out, l.elsewhere(ctx, j, c, at)...); len(out) > 0 {
		return out
	}
	for _, g := range j.Judge(ctx, l.asOf(c, i), snapshot(c, l.previous[i], at)) {
		if why := brokenOff(c); why != "" {
			g.Lower(judge.Ask, why)
		}
		out = append(out, judgedAt{change: c, Judgement: g})
	}
	return out
}

// judgedAt is a judgement, and the change as which it was made.
type judgedAt struct {
	change cloud.Change
	judge.Judgement
	found bool // with an earlier change, which made what it is about
}

func (l *learned) holders(i int) []cloud.Resource {
	var out []cloud.Resource
	for r := range l.held[i] {
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b cloud.Resource) int { return cmp.Compare(a.String(), b.String()) })
	return out
}

// moment is when a change was made. Of an undated one nothing is known to have
// been later.
func moment(changes []cloud.Change, i int) time.Time {
	if at := changes[i].Time; !at.IsZero() {
		return at
	}
	return changes[len(changes)-1].Time
}

// saysNothingOfGrants reports a write of a container's policy whose entry is
// whole and holds no delta. Its body shows the policy with all that was there
// before: nothing can be claimed of the change from the log alone.
func saysNothingOfGrants(c cloud.Change) bool {
	return c.Resource.Kind.Container() && c.Verb == cloud.SetPolicy && !c.HasDelta && len(c.Unread) == 0
}

// snapshot is what was known of the resource at the time: what the history
// shows of it, in place of the live read.
func snapshot(c cloud.Change, previous cloud.Identity, at time.Time) judge.Snapshot {
	now := judge.Snapshot{At: at}
	if c.Workload != nil {
		w := *c.Workload
		w.Previous = previous
		now.Workload = &w
	}
	return now
}

// elsewhere are the judgements of constraints that may have stopped being in force by a move
// or a tag: of those that were in force before. Of any other nothing was lost that is known.
func (l *learned) elsewhere(ctx context.Context, j judge.Judge, c cloud.Change, at time.Time) []judgedAt {
	facts, ok := j.Facts.(factsAt)
	if !ok || c.Half == cloud.FirstHalf {
		return nil
	}
	before := facts
	before.at = at.Add(-1)
	var out []judgedAt
	for _, d := range j.Elsewhere(c) {
		held := before.held(d.Constraint.Name, d.Resource.Parent)
		if !held.Known || !held.Value {
			continue
		}
		d.Constraint.Before = &cloud.ConstraintChange{Enforced: cloud.KnownFlag(true)}
		for _, g := range j.Judge(ctx, d, judge.Snapshot{At: at}) {
			out = append(out, judgedAt{change: d, Judgement: g})
		}
	}
	return out
}
