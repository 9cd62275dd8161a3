package replay

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/remediate/judge"
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
	found := told{}
	for i, c := range changes {
		if err := ctx.Err(); err != nil {
			return nil, fmt.Errorf("judge the history: %w", err)
		}
		undated, outside := c.Time.IsZero() && cfg.bounded(), !c.Time.IsZero() && !cfg.covers(c.Time)
		switch {
		case undated:
			s.Undated++ // whether it is within is not known, and so it is judged
		case outside:
			s.Outside++
		}
		if outside && !c.Resource.Kind.Workload() { // of those, what stays has its finding there
			continue
		}
		if saysNothingOfGrants(c) {
			s.WithoutDelta++
			continue
		}
		at := moment(changes, i)
		j := judge.Judge{Policies: cfg.Policies, Facts: factsAt{cfg.Facts, l, at}}
		for _, k := range l.judgedOnce(ctx, j, changes, i, at, found) {
			if !outside && !k.found {
				out = append(out, findingOf(k.change, k.Judgement))
			}
		}
	}
	return out, nil
}

func (cfg Config) bounded() bool { return !cfg.Since.IsZero() || !cfg.Until.IsZero() }

func (cfg Config) covers(t time.Time) bool {
	return !t.Before(cfg.Since) && (cfg.Until.IsZero() || t.Before(cfg.Until))
}
