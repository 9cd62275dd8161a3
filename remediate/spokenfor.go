package remediate

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// withoutKnown is what no finding from before speaks for, zero if there is nothing,
// and the findings that speak for the rest.
func (r *Remediator) withoutKnown(ctx context.Context, k judged, before []Finding, unsure string) (left judged, known []Finding) {
	for _, f := range before {
		if grants := f.grantsCovered(k); len(grants) > 0 {
			known = append(known, f)
			k.change = judge.Granting(k.change, slices.DeleteFunc(k.change.Added(), func(g cloud.Grant) bool { return slices.Contains(grants, g) }))
		} else if f.standsFor(k.Judgement, k.now.At) && f.matches(k) {
			return judged{}, []Finding{f}
		}
	}
	if len(known) == 0 {
		return k, nil
	}
	for _, g := range r.Judge.Judge(ctx, k.change, k.now) {
		if g.Policy == k.Policy && !g.Plan.Empty() { // else what is left is never touched, and was told of
			return scannedOf(g, k.change, k.now, unsure), known
		}
	}
	return judged{}, known
}

// standsFor reports whether a finding from before still stands for what it is
// about. What was only reported does not, once the policy asks.
func (f Finding) standsFor(g judge.Judgement, now time.Time) bool {
	switch f.State {
	case state.Superseded, state.Reverted:
		return false
	case state.Expired:
		return f.UndoOf == "" && !f.Lapsed() && now.Sub(f.CreatedAt) < decisionHolds
	case state.Exempted:
		return f.exempts(now)
	case state.Reported:
		return g.Decision == judge.Report && now.Sub(f.CreatedAt) < decisionHolds
	case state.Undone:
		return now.Sub(f.CreatedAt) < decisionHolds
	}
	return f.UndoOf == "" && (!f.State.Ended() || now.Sub(f.CreatedAt) < decisionHolds)
}

// grantsCovered are the grants of k that the finding speaks for.
func (f Finding) grantsCovered(k judged) []cloud.Grant {
	if !f.standsFor(k.Judgement, k.now.At) {
		return nil
	}
	var out []cloud.Grant
	for _, s := range f.Subject() {
		for _, g := range s.Before.Grants {
			if slices.Contains(k.Grants, g) {
				out = append(out, g)
			}
		}
	}
	return out
}

// matches reports whether the finding is about the same as k, grants apart.
func (f Finding) matches(k judged) bool {
	if k.Plan.Empty() {
		return f.Plan.Empty() && f.Message == k.Message
	}
	return !slices.ContainsFunc(k.Plan.Steps, func(s judge.Step) bool {
		return !slices.ContainsFunc(f.Subject(), func(o judge.Step) bool { return k.now.Covers(o, s) })
	})
}

// identified gives the change its identity: that of what was found, so that two
// scans at once find one thing, and of the last finding that ended about it, so
// that what was reverted and is there again is found anew. Where the history
// goes on beyond what was looked at, its end stands in for one that ended before.
func (k judged) identified(before []Finding) judged {
	k.change.ID = "scan " + cmp.Or(k.Plan.Digest, ID(k.Message, k.Policy, k.change.Resource))
	i := slices.IndexFunc(before, func(f Finding) bool {
		return f.UndoOf == "" && f.Plan.Digest == k.Plan.Digest && f.State.Ended()
	})
	if i < 0 && len(before) >= recentLook {
		i = len(before) - 1
	}
	if i >= 0 {
		k.change.ID += " after " + before[i].ID
	}
	return k
}
