package process

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/rescind-dev/rescind/remediate/before"
)

const (
	// baselineAgain is after how long projects are looked for that are not read yet: new
	// ones, and those that could not be read. Where any is known it is baselineRetry.
	baselineAgain = time.Hour
	baselineRetry = time.Minute
)

// baseline reads what is live where that was never read, so that nobody is blamed for it.
type baseline struct {
	reads before.Baseline

	mu   sync.Mutex // held while it reads: a sweep that comes then leaves it alone
	next time.Time
}

// read reads what is live of each project that was never read, where it is time to look
// for those, and returns when no more can be read for now. What cannot be read is logged
// and left; an error is that of ctx, or of the store.
func (b *baseline) read(ctx context.Context) error {
	if !b.mu.TryLock() {
		return nil
	}
	defer b.mu.Unlock()
	began := b.reads.Now()
	if began.Before(b.next) {
		return nil
	}
	sum, err := b.reads.Read(ctx)
	if err != nil {
		return fmt.Errorf("read the baseline: %w", err)
	}
	log, what := b.reads.Log.InfoContext, "baseline is complete"
	b.next = began.Add(baselineAgain)
	if sum.Left > 0 {
		log, what = b.reads.Log.WarnContext, "baseline is not complete: what violates where nothing was read is asked about, as it may be older"
		b.next = began.Add(baselineRetry)
	}
	log(ctx, what, "projects", sum.Projects, "workloads", sum.Workloads, "left", sum.Left, "took", b.reads.Now().Sub(began).String())
	return nil
}
