package remediate_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// yielding is a store that lets others go first, before and after every call: a few
// calls of theirs, and now and then so many that whole deliveries pass by. A store in
// memory answers at once, so that processes that share it are hardly ever between two
// calls at the same time.
type yielding struct {
	remediate.Store
	calls atomic.Int64
}

func yields(c *setup) { c.Store = &yielding{Store: c.Store} }

func (s *yielding) yield() {
	until := s.calls.Add(1) + rand.Int64N(4)
	if rand.IntN(6) == 0 {
		until += rand.Int64N(150)
	}
	for range 100 { // no more: those that are waited for may wait for this one
		if s.calls.Load() >= until {
			return
		}
		runtime.Gosched()
	}
}

func between[T any](s *yielding, call func() (T, error)) (T, error) {
	s.yield()
	defer s.yield()
	return call()
}

func (s *yielding) Finding(ctx context.Context, id string) (finding.Finding, error) {
	return between(s, func() (finding.Finding, error) { return s.Store.Finding(ctx, id) })
}

func (s *yielding) Findings(ctx context.Context, q finding.Query) ([]finding.Finding, error) {
	return between(s, func() ([]finding.Finding, error) { return s.Store.Findings(ctx, q) })
}

func (s *yielding) Due(ctx context.Context, at time.Time, limit int) ([]finding.Finding, error) {
	return between(s, func() ([]finding.Finding, error) { return s.Store.Due(ctx, at, limit) })
}

func (s *yielding) Create(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	return between(s, func() (finding.Finding, error) { return s.Store.Create(ctx, f) })
}

func (s *yielding) Update(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	return between(s, func() (finding.Finding, error) { return s.Store.Update(ctx, f) })
}

func (s *yielding) Handled(ctx context.Context, id string) (bool, error) {
	return between(s, func() (bool, error) { return s.Store.Handled(ctx, id) })
}

func (s *yielding) MarkHandled(ctx context.Context, id string, at time.Time) error {
	_, err := between(s, func() (struct{}, error) { return struct{}{}, s.Store.MarkHandled(ctx, id, at) })
	return err
}

func (s *yielding) Pause(ctx context.Context) (desk.Pause, error) {
	return between(s, func() (desk.Pause, error) { return s.Store.Pause(ctx) })
}

func (s *yielding) Cell(ctx context.Context, name string) (cells.Cell, error) {
	return between(s, func() (cells.Cell, error) { return s.Store.Cell(ctx, name) })
}

func (s *yielding) SetCell(ctx context.Context, c cells.Cell) (cells.Cell, error) {
	return between(s, func() (cells.Cell, error) { return s.Store.SetCell(ctx, c) })
}
