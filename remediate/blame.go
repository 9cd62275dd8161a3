package remediate

import (
	"context"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/before"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// An entry of Cloud Run shows a whole allow policy, or a whole service. Whoever made the
// change is to answer for what it made alone.

// part is what of a change is judged by itself.
type part struct {
	change cloud.Change
	// left says why the change may have left it as it was; "" where it made it.
	left string
	// invokerLeft says that of the invoker check alone.
	invokerLeft string
}

// took remembers what the change shows, and returns what was there before it. With a nil
// lookup the entry is one that was looked for already.
func (r *Remediator) took(ctx context.Context, c cloud.Change, now judge.Snapshot, l *entryLookup) (before.Held, error) {
	if !r.cfg.Baseline || !c.Resource.Kind.Workload() || c.HasDelta {
		return before.Held{}, nil
	}
	sure := r.cfg.Entries == nil
	// What violates nothing, and ends nothing, is not worth a look.
	if !sure && l != nil && (r.before.Ends(ctx, c) || len(r.cfg.Judge.Judge(ctx, now.Observe(c), now)) > 0) {
		sure, _ = r.borneOut(ctx, l) // one that fails says nothing, and is made again for the finding
	}
	return r.before.Took(ctx, c, now, sure)
}

// remember has what a scan read count as what was there.
func (r *Remediator) remember(ctx context.Context, res cloud.Resource, now judge.Snapshot) error {
	if !r.cfg.Baseline || !res.Kind.Workload() {
		return nil
	}
	return r.before.Read(ctx, res, now)
}

// wrote has what rescind wrote count as what was there, at once: whoever makes the same
// again a moment later made it.
func (r *Remediator) wrote(ctx context.Context, res cloud.Resource, now judge.Snapshot) {
	if err := r.remember(ctx, res, now); err != nil { // then it is asked about
		r.cfg.Log.WarnContext(ctx, "what rescind wrote is not remembered: if it is made again, people are asked", "resource", res.String(), "error", err.Error())
	}
}

// parts are what is judged of the change, as live state shows it: what it made, and what
// it may only have left as it was.
func (r *Remediator) parts(c cloud.Change, now judge.Snapshot, was before.Held) []part {
	live := now.Observe(c)
	switch {
	case !r.cfg.Baseline || !c.Resource.Kind.Workload():
	case c.Verb != cloud.SetPolicy:
		return []part{{change: live, invokerLeft: was.InvokerLeft(c)}}
	case live.Policy != nil && !c.HasDelta:
		made, left, why := was.Split(c, live.Policy.Grants())
		if len(left) == 0 {
			break
		}
		live.HasDelta = true
		return []part{{change: judge.Granting(live, made)}, {change: judge.Granting(live, left), left: why}}
	}
	return []part{{change: live}}
}

// of is the judgement of the part. What a change may have left as it was is asked about at
// most, and is one finding however many change the resource.
func (p part) of(k judged) judged {
	why := p.left
	if why == "" && k.InvokerCheck {
		why = p.invokerLeft
	}
	if why == "" {
		return k
	}
	k.preexisting = true
	k.change.ID += finding.LeftAsItWas // a finding of its own, which waits for nothing and so is judged once
	k.Lower(judge.Ask, why)
	return k
}
