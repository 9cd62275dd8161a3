package remediate

import (
	"context"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/before"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// judged is a judgement with the change it is about, as live state shows it, and
// what is live.
type judged struct {
	judge.Judgement
	change cloud.Change
	now    judge.Snapshot
	// vanished is true when the entry shows a violation that live state no longer
	// (or, for a first half, not yet) has.
	vanished bool
	// seen is when a finding about the change was opened; zero for now.
	seen time.Time
	// makers are who is known to have made it, beside the change's own actor.
	makers []cloud.Actor
	// preexisting is true for a grant that was there before the change.
	preexisting bool
	// unconfirmed is true when Cloud Logging does not bear out the entry;
	// awaited says for how long it may still do so, and what it waits for: "two minutes: ...".
	unconfirmed bool
	awaited     string
	// entry is the look for the entry behind the change, nil for what a scan found.
	entry *entryLookup
}

// judge judges the change as live state shows it, and adds what the entry
// alone would have been judged for and live state does not show. Who made the change is not
// blamed for what was there before.
func (r *Remediator) judge(ctx context.Context, c cloud.Change, now judge.Snapshot, was before.Held) []judged {
	switch c.Verb {
	case cloud.Delete:
		return nil
	case cloud.Move, cloud.Tag:
		return r.elsewhere(ctx, c, now)
	}
	var out []judged
	if !now.Gone {
		for _, p := range r.parts(c, now, was) {
			for _, g := range r.cfg.Judge.Judge(ctx, p.change, now) {
				if c.Resource.Kind.Container() && !c.HasDelta {
					g.Unattribute(c)
				}
				if c.Verb == cloud.SetPolicy && now.Policy == nil {
					g.Lower(judge.Revert, "judged on the entry alone: the live policy could not be read; applying reads it first, and takes only what is there")
				}
				out = append(out, p.of(judged{Judgement: g, change: p.change, now: now}))
			}
		}
	}
	for _, g := range r.cfg.Judge.Judge(ctx, c, judge.Snapshot{At: now.At}) {
		seen := slices.ContainsFunc(out, func(k judged) bool { return k.Policy == g.Policy })
		if g.Verdict == policies.Violation && !seen {
			out = append(out, judged{Judgement: g, change: c, now: now, vanished: true})
		}
	}
	return out
}

// id is the finding's, which every delivery of the change comes to.
func (k judged) id() string { return finding.ID(k.change.ID, k.Policy, k.change.Resource) }

// since is when the change was made. One dated ahead was made by the time it
// was first seen, or an entry with a made-up date could put off a revert.
func (k judged) since() time.Time {
	seen := k.now.At
	if !k.seen.IsZero() {
		seen = k.seen
	}
	if k.change.Time.After(seen) {
		return seen
	}
	return k.change.Time
}

// begun is when the finding was opened.
func (k judged) begun() time.Time {
	if k.seen.IsZero() {
		return k.now.At
	}
	return k.seen
}

// waitingForRevision waits for Google Cloud to end its work on what an account would
// be given to unasked, for as long as an entry is waited for. After that a person is asked.
// The first half of a deploy arrives while the revision is still being made: what it
// will run cannot be compared with anything yet.
func (k judged) waitingForRevision() judged {
	why := k.now.StillDeploying(k.Plan)
	switch {
	case why == "" || k.Decision != judge.Revert || k.vanished:
	case k.now.At.Before(k.begun().Add(entryWait)):
		k.awaited = "two minutes: " + why
	default:
		k.Lower(judge.Ask, why)
	}
	return k
}

// replaces reports whether the new plan does all that the open finding's plan
// has left to do. A change that says what it added is judged on that alone, so
// its plan is not about what others added.
func (k judged) replaces(f finding.Finding) bool {
	if f.Plan.Empty() {
		return f.Change.Verb == k.change.Verb && k.Blamed().Includes(f.About())
	}
	return !slices.ContainsFunc(f.Plan.Steps, func(s judge.Step) bool {
		return k.now.StepNeeded(s) && !slices.ContainsFunc(k.Plan.Steps, func(o judge.Step) bool { return k.now.Replaces(o, s) })
	})
}

// elsewhere judges what a move or a tag did to the constraints that policies rest on. The
// first version of Resource Manager has one method for a move and for a new label: of what
// may be no move at all, only what was in force before counts.
func (r *Remediator) elsewhere(ctx context.Context, c cloud.Change, now judge.Snapshot) []judged {
	if c.Half == cloud.FirstHalf {
		return nil
	}
	var out []judged
	for _, d := range r.cfg.Judge.Elsewhere(c) {
		before, known := r.inForce.Of(d)
		if known {
			d.Constraint.Before = &cloud.ConstraintChange{Enforced: cloud.KnownFlag(before)}
		} else if c.Method == "UpdateProject" {
			continue
		}
		for _, g := range r.cfg.Judge.Judge(ctx, d, now) {
			out = append(out, judged{Judgement: g, change: d, now: now})
		}
	}
	return out
}
