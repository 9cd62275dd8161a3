package replay

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/remediate/judge"

	"github.com/rescind-dev/rescind/internal/auditlog"
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
	for _, i := range in.Files {
		if err := read(ctx, i, s, func(r record) { take(i.Name, r, h, s) }); err != nil {
			return Report{}, err
		}
	}
	findings, err := judgeAll(ctx, cfg, h, s)
	s.found(findings)
	return Report{findings, *s}, err
}

// read hands the records of one input to each.
func read(ctx context.Context, in Input, s *Summary, each func(record)) error {
	err := records(in, func(r record) error {
		s.Records++
		each(r)
		return ctx.Err()
	})
	switch {
	case ctx.Err() != nil:
		return fmt.Errorf("read %s: %w", in.Name, ctx.Err())
	case err != nil:
		s.Refused = append(s.Refused, Problem{Input: in.Name, Reason: reason(err)})
	}
	s.Inputs++
	return nil
}

func records(in Input, visit func(record) error) error {
	f, err := in.open()
	if err != nil {
		return err
	}
	defer f.Close()
	br, err := text(f)
	if err != nil {
		return err
	}
	return split(br, visit)
}

// take puts one record where it belongs; none is left uncounted.
func take(input string, r record, h *history, s *Summary) {
	if r.err != nil {
		s.unreadable(input, r.line, r.err)
		return
	}
	c, err := decode(r.raw)
	switch {
	case err == nil:
		s.Changes++
		h.numbers.learn(r.raw)
		if !h.add(c) {
			s.Duplicates++
		}
	case errors.Is(err, auditlog.ErrFailedCall):
		s.Failed++
		h.failed(c, err)
	case errors.Is(err, auditlog.ErrRehearsal):
		s.Rehearsals++
		h.void(c)
	case errors.Is(err, auditlog.ErrUnknownMethod):
		s.UnknownMethods[c.Method]++
	case errors.Is(err, auditlog.ErrNotChange):
		s.Irrelevant++
	default:
		s.unreadable(input, r.line, err)
	}
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
