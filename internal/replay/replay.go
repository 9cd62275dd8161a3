package replay

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/remediate/judge"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// Config is what a replay judges by.
type Config struct {
	Policies judge.Policies
	// Facts is the facts file, nil for none.
	Facts *FactsFile
	// Since and Until bound the changes that are judged, Until excluded; zero
	// for no bound. Facts are learned from outside of them, too.
	Since, Until time.Time
	// Full has every record read, and none passed over for naming nothing that matters.
	Full bool
	// Head is how much of each input is read in full whatever it holds, in bytes of its
	// text; 8 MiB for 0, nothing for less. What a file is shows there, and in a small one
	// each record is accounted for.
	Head int64
}

// Report is what a replay found.
type Report struct {
	Findings []Finding // in the order of the changes, then of the policies
	Summary  Summary
}

// Run reads the inputs to their ends, then judges what they say. An input that
// cannot be read is a problem in the summary and stops no other; the error is
// the context's.
func Run(ctx context.Context, cfg Config, in Inputs) (Report, error) {
	s := newSummary(in)
	h := newHistory()
	by := reading{h: h, s: s}
	by.opts.Literals, s.Full = literals(cfg)
	by.opts.Head = cmp.Or(cfg.Head, fullHead)
	if err := by.all(ctx, in); err != nil {
		return Report{}, err
	}
	findings, err := judgeAll(ctx, cfg, h, s)
	s.found(findings)
	return Report{findings, *s}, err
}

func judgeAll(ctx context.Context, cfg Config, h *history, s *Summary) ([]Finding, error) {
	changes := h.changes(cfg.Facts)
	l := learn(changes, h.numbers.with(cfg.Facts))
	s.learned(changes, l, h)
	var out []Finding
	for i, c := range changes {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("judge the history: %w", err)
		}
		if undated := c.Time.IsZero() && cfg.bounded(); undated {
			s.Undated++ // whether it is within is not known, and so it is judged
		} else if !cfg.covers(c.Time) {
			s.Outside++
			continue
		}
		if saysNothingOfGrants(c) {
			s.WithoutDelta++
			continue
		}
		at := moment(changes, i)
		j := judge.Judge{Policies: cfg.Policies, Facts: factsAt{cfg.Facts, l, at}}
		for _, k := range l.judged(ctx, j, c, i, at) {
			out = append(out, findingOf(k.change, k.Judgement))
		}
	}
	return out, nil
}

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
			out = append(out, judgedAt{granted, g})
		}
	}
	if len(out) > 0 {
		return out
	}
	for _, g := range j.Judge(ctx, l.asOf(c, i), snapshot(c, l.previous[i], at)) {
		if why := brokenOff(c); why != "" {
			g.Lower(judge.Ask, why)
		}
		out = append(out, judgedAt{c, g})
	}
	return out
}

// judgedAt is a judgement, and the change as which it was made.
type judgedAt struct {
	change cloud.Change
	judge.Judgement
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

func (cfg Config) bounded() bool { return !cfg.Since.IsZero() || !cfg.Until.IsZero() }

func (cfg Config) covers(t time.Time) bool {
	return !t.Before(cfg.Since) && (cfg.Until.IsZero() || t.Before(cfg.Until))
}
