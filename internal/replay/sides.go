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
	found := make([][]Finding, len(changes))
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
					for n := range f.Reasons {
						f.Reasons[n] = shared.share(f.Reasons[n])
					}
				}
			}
		})
	}
	all.Wait()
	n := 0
	for _, fs := range found {
		n += len(fs)
	}
	out := make([]Finding, 0, n)
	for i, fs := range found {
		out, found[i] = append(out, fs...), nil
	}
	if err := ctx.Err(); err != nil {
		return out, fmt.Errorf("judge the history: %w", err)
	}
	return out, nil
}

// judgeOne is what is found of one change.
func judgeOne(ctx context.Context, cfg Config, changes []cloud.Change, i int, l *learned, before told) (out []Finding) {
	c := changes[i]
	outside := cfg.outside(c)
	// Of those outside, what stays has its finding there.
	if outside && !c.Resource.Kind.Workload() || saysNothingOfGrants(c) {
		return nil
	}
	at := moment(changes, i)
	j := judge.Judge{Policies: cfg.Policies, Facts: factsAt{cfg.Facts, l, at}}
	for _, k := range l.judgedOnce(ctx, j, changes, i, at, before) {
		if !outside && !k.found {
			out = append(out, findingOf(k.change, k.Judgement))
		}
	}
	return out
}
