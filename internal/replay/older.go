package replay

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// What an entry shows that was there before its call is found once, with the change that
// made it.

// told are what findings of before said of each part of a resource, by policy.
type told map[toldOf]policies.Verdict

type toldOf struct {
	policy   string
	resource cloud.Resource
	grant    cloud.Grant // the zero Grant for the invoker check
}

// says reports whether a finding of before said this of the part already, or more.
func (t told) says(g judge.Judgement, r cloud.Resource, part cloud.Grant) bool {
	said, ok := t[toldOf{g.Policy, r, part}]
	return ok && (said == g.Verdict || said == policies.Violation)
}

// note remembers what the judgement says of its parts.
func (t told) note(g judge.Judgement, r cloud.Resource) {
	for _, grant := range g.Grants {
		t[toldOf{g.Policy, r, grant}] = g.Verdict
	}
	if g.InvokerCheck {
		t[toldOf{g.Policy, r, cloud.Grant{}}] = g.Verdict
	}
}

// judgedOnce are the judgements of one change. What was there before it and has its
// finding is marked so; what was there and has none is asked about, and so is what may
// have been.
func (l *learned) judgedOnce(ctx context.Context, j judge.Judge, changes []cloud.Change, i int, at time.Time, t told) []judgedAt {
	c := changes[i]
	var out []judgedAt
	switch {
	case c.Resource.Kind.Workload() && c.Verb == cloud.SetPolicy && c.Policy != nil && !c.HasDelta:
		out = l.judgedGrants(ctx, j, changes, i, at, t)
	case c.Resource.Kind.Workload():
		out = l.judgedSettings(ctx, j, changes, i, at, t)
	default:
		return l.judged(ctx, j, c, i, at)
	}
	for _, k := range out {
		if !k.found {
			t.note(k.Judgement, c.Resource)
		}
	}
	return out
}

func (l *learned) judgedGrants(ctx context.Context, j judge.Judge, changes []cloud.Change, i int, at time.Time, t told) []judgedAt {
	c, had := changes[i], l.had[i]
	if !had.grantsKnown {
		out := l.judged(ctx, j, c, i, at)
		for n := range out {
			if k := &out[n]; len(k.Grants) > 0 && k.Verdict != policies.Exempt {
				k.Lower(judge.Ask, "what violates may be older than the history: its first entry about this policy shows it, and not what was there before")
			}
		}
		return out
	}
	var added, kept []cloud.Grant
	for _, g := range c.Policy.Grants() {
		if _, there := had.grants[g]; there {
			kept = append(kept, g)
		} else {
			added = append(added, g)
		}
	}
	granted := judge.Granting(c, added)
	granted.HasDelta = true
	out := l.judged(ctx, j, granted, i, at)
	if len(kept) == 0 {
		return out
	}
	for _, k := range l.judged(ctx, j, holding(c, kept), i, at) {
		left := slices.DeleteFunc(slices.Clone(k.Grants), func(g cloud.Grant) bool { return t.says(k.Judgement, c.Resource, g) })
		switch {
		case len(k.Grants) == 0: // it is judged with what was added
			continue
		case len(left) == 0:
			k.stands(changes[oldest(k.Grants, had)], c)
			out = append(out, k)
			continue
		case len(left) < len(k.Grants):
			again := l.judged(ctx, j, holding(c, left), i, at)
			n := slices.IndexFunc(again, func(o judgedAt) bool { return o.Policy == k.Policy })
			if n < 0 {
				continue
			}
			k = again[n]
		}
		k.Lower(judge.Ask, olderThan(changes[oldest(left, had)], c)+", when it was no violation")
		out = append(out, k)
	}
	return out
}

func (l *learned) judgedSettings(ctx context.Context, j judge.Judge, changes []cloud.Change, i int, at time.Time, t told) []judgedAt {
	c, had := changes[i], cmp.Or(l.had[i], &heldBefore{})
	var out []judgedAt
	for _, k := range l.judged(ctx, j, c, i, at) {
		alone := !k.Identity && len(k.Serving) == 0 && len(k.Grants) == 0
		switch known := had.invoker.Knowledge == cloud.Known; {
		case !k.InvokerCheck || known && !had.invoker.On:
		case k.Verdict == policies.Exempt: // nothing is done about it
		case !known:
			k.Lower(judge.Ask, "that the invoker check is off may be older than the history: no earlier entry shows how it was")
		case alone && t.says(k.Judgement, c.Resource, cloud.Grant{}):
			k.stands(changes[had.invokerSince], c)
		default:
			k.Lower(judge.Ask, olderThan(changes[had.invokerSince], c)+", when it was no violation")
		}
		out = append(out, k)
	}
	return out
}

// holding is the change as one whose entry shows these grants and nothing else.
func holding(c cloud.Change, grants []cloud.Grant) cloud.Change {
	others := slices.DeleteFunc(c.Policy.Grants(), func(g cloud.Grant) bool { return slices.Contains(grants, g) })
	p, _ := c.Policy.Apply(cloud.Deltas(cloud.Remove, others))
	c.Policy, c.Unread = &p, nil
	return c
}

// oldest is the change that made the first of the grants.
func oldest(grants []cloud.Grant, had *heldBefore) int {
	first := slices.MinFunc(grants, func(a, b cloud.Grant) int { return cmp.Compare(had.grants[a], had.grants[b]) })
	return had.grants[first]
}

// stands says that what violates has its finding, with the change that made it.
func (k *judgedAt) stands(made, c cloud.Change) {
	k.found = true
	k.Lower(judge.DoNothing, olderThan(made, c)+", and it has its finding there")
}

// olderThan says that a change is not to blame for what another made.
func olderThan(made, c cloud.Change) string {
	return judge.Older(c.Actor.Principal, made.Actor.Principal, made.Time)
}
