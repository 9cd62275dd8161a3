package replay

import (
	"context"
	"fmt"
	"hash/maphash"
	"runtime"
	"sync"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// judgeSide judges the changes, by several goroutines side by side. Each has resources of
// its own, as what is said of a change may depend on what was said of the same resource
// before; the findings are in the order of the changes all the same.
func judgeSide(ctx context.Context, cfg Config, changes []cloud.Change, l *learned) ([]Finding, error) {
	found := make([][]foundAt, len(changes))
	sides := uint64(runtime.GOMAXPROCS(0))
	seed := maphash.MakeSeed()
	var all sync.WaitGroup
	for side := range sides {
		all.Go(func() {
			before, shared := told{}, words{}
			for i, c := range changes {
				if maphash.Comparable(seed, c.Resource)%sides != side {
					continue
				}
				if ctx.Err() != nil {
					return
				}
				found[i] = judgeOne(ctx, cfg, changes, i, l, before)
				for _, f := range found[i] {
					shared.shareOut(f.finding)
				}
			}
		})
	}
	all.Wait()
	endings(changes, found, l.before)
	n := 0
	for _, fs := range found {
		n += len(fs)
	}
	out := make([]Finding, 0, n)
	for i, fs := range found {
		for _, f := range fs {
			if f.finding != nil {
				out = append(out, *f.finding)
			}
		}
		found[i] = nil
	}
	if err := ctx.Err(); err != nil {
		return out, fmt.Errorf("judge the history: %w", err)
	}
	return out, nil
}

// shareOut has the finding's sentences be those of others that say the same.
func (w words) shareOut(f *Finding) {
	if f == nil {
		return
	}
	for n := range f.Reasons {
		f.Reasons[n] = w.share(f.Reasons[n])
	}
}

// judgeOne is what is found of one change, also what is none of the report: what still
// violates was not ended.
func judgeOne(ctx context.Context, cfg Config, changes []cloud.Change, i int, l *learned, before told) (out []foundAt) {
	c := changes[i]
	outside := cfg.outside(c)
	// Of those outside, what stays has its finding there.
	if outside && !c.Resource.Kind.Workload() || saysNothingOfGrants(c) {
		return nil
	}
	at := moment(changes, i)
	j := judge.Judge{Policies: cfg.Policies, Facts: factsAt{cfg.Facts, l, at}}
	for _, k := range l.judgedOnce(ctx, j, changes, i, at, before) {
		f := foundOf(k)
		if !outside && !k.found {
			one := findingOf(k.change, k.Judgement)
			f.finding = &one
		}
		out = append(out, f)
	}
	return out
}
