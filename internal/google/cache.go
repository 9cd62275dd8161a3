package google

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"
)

const (
	// maxKept bounds the memory that names in other people's logs can take.
	maxKept = 10_000
	// maxOvertaken is how often something is read for one question while changes
	// to it keep coming in.
	maxOvertaken = 3
)

// readings are what was read of Google Cloud and is kept for a time. The same is
// read once however many ask for it at one time. What can go wrong, and does not:
//
//   - Something changes while it is read. Whoever asks from then on starts a read
//     anew, and the one under way is not kept: it may show what was before.
//   - A change of something else discards nothing.
//   - Whoever began a read goes away. It goes on for the others, and ends with the
//     last of them.
//   - A read that fails is kept by nobody.
type readings struct {
	now func() time.Time

	mu   sync.Mutex
	kept map[reading]answer
	// flights are the reads under way that still count, each a call of group: both
	// change under mu, so that nobody joins one which a change overtook.
	flights map[reading]*flight
	group   singleflight.Group
}

// answer is what was read, and when that began.
type answer struct {
	value any
	began time.Time
}

// flight is one read under way.
type flight struct {
	began   time.Time
	waiting int
	cancel  context.CancelFunc
}

func newReadings(now func() time.Time) *readings {
	return &readings{now: now, kept: map[reading]answer{}, flights: map[reading]*flight{}}
}

// read returns what do returns, or what it returned not long ago, and when that was
// read. It is as of a moment after every change that was forgotten before the call.
// What changes during the call is read again, up to maxOvertaken times. A value beside
// an error is passed on, and not kept. Callers share the value.
func read[V any](ctx context.Context, rs *readings, r reading, do func(context.Context) (V, error)) (V, time.Time, error) {
	a, err := rs.ask(ctx, r, func(ctx context.Context) (any, error) { return do(ctx) })
	v, _ := a.value.(V) // nil for a caller that went away
	return v, a.began, err
}

func (rs *readings) ask(ctx context.Context, r reading, do func(context.Context) (any, error)) (answer, error) {
	for reads := 1; ; reads++ {
		kept, f, done := rs.join(ctx, r, do)
		if f == nil {
			return kept, nil
		}
		select {
		case <-ctx.Done():
			rs.leave(r, f)
			return answer{}, notSent(ctx.Err())
		case out := <-done:
			a, _ := out.Val.(landed)
			if a.overtaken && reads < maxOvertaken && ctx.Err() == nil {
				continue
			}
			return a.answer, out.Err
		}
	}
}

// join returns what is kept, or a read under way, which it begins where there is none.
func (rs *readings) join(ctx context.Context, r reading, do func(context.Context) (any, error)) (answer, *flight, <-chan singleflight.Result) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	now := rs.now()
	if a, ok := rs.kept[r]; ok && now.Sub(a.began) < r.kind.lifetime() {
		return a, nil, nil
	}
	f := rs.flights[r]
	if f == nil {
		f = &flight{began: now}
		ctx, f.cancel = context.WithCancel(context.WithoutCancel(ctx))
		rs.flights[r] = f
	}
	f.waiting++
	return answer{}, f, rs.group.DoChan(r.key(), func() (any, error) {
		v, err := do(ctx)
		return rs.land(r, f, v, err), err
	})
}

// landed is the answer of a read that has ended, and whether it was no longer the
// one that counts.
type landed struct {
	answer
	overtaken bool
}

func (rs *readings) land(r reading, f *flight, v any, err error) landed {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	f.cancel()
	a := answer{v, f.began}
	if rs.flights[r] != f {
		return landed{a, true}
	}
	rs.drop(r)
	if err == nil {
		rs.keep(r, a)
	}
	return landed{a, false}
}

// leave ends a read that nobody waits for.
func (rs *readings) leave(r reading, f *flight) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	if f.waiting--; f.waiting > 0 {
		return
	}
	f.cancel()
	if rs.flights[r] == f {
		rs.drop(r)
	}
}

// drop lets nobody join the read any more.
func (rs *readings) drop(r reading) {
	delete(rs.flights, r)
	rs.group.Forget(r.key())
}

// keep makes room by letting go of any other: clearing all would have all of it read
// again at once.
func (rs *readings) keep(r reading, a answer) {
	if len(rs.kept) >= maxKept {
		for other := range rs.kept {
			delete(rs.kept, other)
			break
		}
	}
	rs.kept[r] = a
}

// forget lets go of what is stale by a change that was seen just now, also of what is
// being read.
func (rs *readings) forget(stale func(reading) bool) {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	for r := range rs.kept {
		if stale(r) {
			delete(rs.kept, r)
		}
	}
	for r := range rs.flights {
		if stale(r) {
			rs.drop(r)
		}
	}
}
