package remediate

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// withoutKnown is what no finding from before speaks for, zero if there is nothing,
// and the findings that speak for the rest.
func (r *Remediator) withoutKnown(ctx context.Context, k judged, before []finding.Finding, unsure string) (left judged, known []finding.Finding) {
	for _, f := range before {
		if grants := r.grantsSpokenFor(k, f); len(grants) > 0 {
			known = append(known, f)
			k.change = judge.Granting(k.change, slices.DeleteFunc(k.change.Added(), func(g cloud.Grant) bool { return slices.Contains(grants, g) }))
		} else if f.StandsFor(k.Judgement, k.now.At, r.settledAtMost(f)) && k.sameAs(f) {
			return judged{}, []finding.Finding{f}
		}
	}
	if len(known) == 0 {
		return k, nil
	}
	for _, g := range r.cfg.Judge.Judge(ctx, k.change, k.now) {
		if g.Policy == k.Policy && !g.Plan.Empty() { // else what is left is never touched, and was told of
			return scannedOf(g, k.change, k.now, unsure), known
		}
	}
	return judged{}, known
}

// grantsSpokenFor are the grants of the judgement that a finding from before speaks for.
func (r *Remediator) grantsSpokenFor(k judged, f finding.Finding) []cloud.Grant {
	if !f.StandsFor(k.Judgement, k.now.At, r.settledAtMost(f)) {
		return nil
	}
	var out []cloud.Grant
	for _, s := range f.StandingFor() {
		for _, g := range s.Before.Grants {
			if slices.Contains(k.Grants, g) {
				out = append(out, g)
			}
		}
	}
	return out
}

// sameAs reports whether the finding is about the same, grants apart.
func (k judged) sameAs(f finding.Finding) bool {
	if k.Plan.Empty() {
		return f.SameAs(k.Judgement)
	}
	return !slices.ContainsFunc(k.Plan.Steps, func(s judge.Step) bool {
		return !slices.ContainsFunc(f.StandingFor(), func(o judge.Step) bool { return k.now.Replaces(o, s) })
	})
}

// identified gives the change its identity: that of what was found, so that two
// scans at once find one thing, and of the last finding that ended about it, so
// that what was reverted and is there again is found anew. Where the history
// goes on beyond what was looked at, its end stands in for one that ended before.
func (k judged) identified(before []finding.Finding) judged {
	k.change.ID = "scan " + cmp.Or(k.Plan.Digest, finding.ID(k.Message+k.Blamed().String(), k.Policy, k.change.Resource))
	i := slices.IndexFunc(before, func(f finding.Finding) bool {
		return f.UndoOf == "" && f.SameAs(k.Judgement) && f.State.Ended()
	})
	if i < 0 && len(before) >= recentLook {
		i = len(before) - 1
	}
	if i >= 0 {
		k.change.ID += " after " + before[i].ID
	}
	return k
}

// recentLook is how many findings of one resource and policy are looked at to
// learn what people settled, and what is known: the newest. A resource that is
// changed every minute must not make every look at it dearer for years.
const recentLook = 200

// history is what is known of a resource and policy: all that is open, and the
// newest of what ended; newest first.
func (r *Remediator) history(ctx context.Context, res cloud.Resource, policy string) ([]finding.Finding, error) {
	recent, err := r.cfg.Store.Findings(ctx, finding.Query{Resource: res, Policy: policy, Limit: recentLook})
	if err == nil && len(recent) == recentLook {
		var open []finding.Finding
		open, err = r.cfg.Store.Findings(ctx, finding.Query{
			Resource: res, Policy: policy, States: state.Open(), After: recent[len(recent)-1].Position(),
		})
		recent = slices.Concat(recent, open)
	}
	if err != nil {
		return nil, fmt.Errorf("look up findings of %s: %w", res, err)
	}
	return recent, nil
}
