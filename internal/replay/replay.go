package replay

import (
	"cmp"
	"context"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/replay/records"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// Config is what a replay judges by.
type Config struct {
	Policies judge.Policies
	// Compare are other policies by which the same history is judged once more; nil for none.
	Compare judge.Policies
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
	// Progress is told how far the reading is, at the begin and then after each half MiB
	// of text, by one goroutine at a time; nil for nobody.
	Progress func(Progress)
}

// Progress is how far the reading of all inputs is.
type Progress struct {
	Input string // that is being read
	// Read counts the bytes of the inputs that were read, as they are stored, and Size all
	// that there are; Size is 0 where that is not known, as of standard input.
	Read, Size       int64
	Records, Changes int
	// Judging is true once all is read.
	Judging bool
}

// Report is what a replay found.
type Report struct {
	Findings []Finding // in the order of the changes, then of the policies
	Summary  Summary
	// Compared are the findings by Config.Compare, in the same order.
	Compared []Finding
}

// Run reads the inputs to their ends, then judges what they say. An input that
// cannot be read is a problem in the summary and stops no other. The error is
// the context's; the report then is about what was read before it ended.
func Run(ctx context.Context, cfg Config, in Inputs) (Report, error) {
	s := newSummary(in)
	h := newHistory()
	by := reading{h: h, s: s, progress: cfg.Progress}
	by.opts.Literals, s.Full = literals(cfg)
	by.opts.Head = cmp.Or(cfg.Head, fullHead)
	stopped := by.all(ctx, in)
	if stopped != nil {
		ctx = context.WithoutCancel(ctx)
	}
	by.far.Judging = true
	by.tell(records.Counts{})
	findings, compared, err := judgeAll(ctx, cfg, h, s)
	s.found(findings)
	if err = cmp.Or(stopped, err); err != nil {
		s.Stopped = err.Error()
	}
	return Report{findings, *s, compared}, err
}

func judgeAll(ctx context.Context, cfg Config, h *history, s *Summary) (findings, compared []Finding, err error) {
	changes := h.changes(cfg.Facts)
	l := learn(changes, h.numbers.with(cfg.Facts))
	s.learned(changes, l, h)
	for _, c := range changes {
		switch {
		case c.Time.IsZero() && cfg.bounded():
			s.Undated++ // whether it is within is not known, and so it is judged
		case cfg.outside(c):
			s.Outside++
		}
		if saysNothingOfGrants(c) && (!cfg.outside(c) || c.Resource.Kind.Workload()) {
			s.WithoutDelta++
		}
	}
	if findings, err = judgeSide(ctx, cfg, changes, l); err != nil || cfg.Compare == nil {
		return findings, nil, err
	}
	cfg.Policies = cfg.Compare
	compared, err = judgeSide(ctx, cfg, changes, l)
	return findings, compared, err
}

func (cfg Config) bounded() bool { return !cfg.Since.IsZero() || !cfg.Until.IsZero() }

// outside reports whether a change is known to be outside of the bounds.
func (cfg Config) outside(c cloud.Change) bool { return !c.Time.IsZero() && !cfg.covers(c.Time) }

func (cfg Config) covers(t time.Time) bool {
	return !t.Before(cfg.Since) && (cfg.Until.IsZero() || t.Before(cfg.Until))
}
