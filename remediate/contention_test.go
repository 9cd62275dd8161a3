package remediate_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/state"
)

func TestEightProcessesTogetherRevertAsManyAsTheLimitSays(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert}, yields, func(c *setup) { c.Limits = remediate.Limits{TotalHour: 30} })
	changes := g.exposed(2, 40)
	var wg sync.WaitGroup
	for i := range 8 {
		r := newEngine(t, g.setup)
		for n := i; n < len(changes); n += 8 {
			wg.Go(func() {
				if _, err := r.Handle(t.Context(), changes[n]); err != nil {
					t.Error(err)
				}
			})
		}
	}
	wg.Wait()
	if _, total := g.automatic(); total != 30 {
		t.Errorf("%d were reverted unasked, want 30", total)
	}
}

// losing is a store that forgets the count of reverts when its time is over,
// which is between the reading and the writing of whoever is at it.
type losing struct {
	remediate.Store
	g       *rig
	dropped int
	late    bool  // what is over was read
	from    int64 // the revision that was forgotten
}

func (s *losing) Cell(ctx context.Context, name string) (cells.Cell, error) {
	c, err := s.Store.Cell(ctx, name)
	if name != "reverts" || err != nil {
		return c, err
	}
	switch over := !c.KeepUntil.IsZero() && !s.g.Clock().Before(c.KeepUntil); {
	case over && !s.late:
		s.late, s.from = true, c.Revision
	case s.from > 0 && c.Revision <= s.from:
		return cells.Cell{Name: name}, nil
	case s.from > 0:
		c.Revision -= s.from
	}
	return c, err
}

func (s *losing) SetCell(ctx context.Context, c cells.Cell) (cells.Cell, error) {
	if c.Name != "reverts" || s.from == 0 {
		return s.Store.SetCell(ctx, c)
	}
	if c.Revision == s.from {
		s.dropped++
		return cells.Cell{}, fault.ErrConflict
	}
	c.Revision += s.from
	return s.Store.SetCell(ctx, c)
}

func TestACountThatIsForgottenWhileItIsReadBeginsAnew(t *testing.T) {
	t.Parallel()
	store := &losing{}
	g := newRig(t, set{public: policies.Revert}, func(c *setup) {
		store.Store, c.Store = c.Store, store
		c.Limits, c.Judge.MaxEventAge = remediate.Limits{TotalHour: 1}, 0
	})
	store.g = g
	changes := g.exposed(1, 3)
	g.want(g.handleOne(changes[0]), state.Reverted, "")
	g.pass(2*time.Hour + time.Minute)
	g.want(g.handleOne(changes[1]), state.Reverted, "")
	g.want(g.handleOne(changes[2]), state.Pending, "the limit is 1")
	if store.dropped == 0 {
		t.Error("nothing was forgotten under anybody: the test cannot fail")
	}
}

// Clocks that differ make the hour of a limit longer or shorter by as much.
func TestClocksThatDifferChangeALimitByNoMoreThanThat(t *testing.T) {
	t.Parallel()
	const skew = 30 * time.Second
	for _, tt := range []struct {
		name           string
		counts, judges time.Duration // how far the clock of each is ahead
		after          time.Duration
		want           state.State
	}{
		{"whoever judges is ahead", 0, skew, time.Hour - skew - time.Second, state.Pending},
		{"whoever judges is ahead, and the hour is over for them", 0, skew, time.Hour - skew + time.Second, state.Reverted},
		{"whoever counted is ahead", skew, 0, time.Hour + skew - time.Second, state.Pending},
		{"whoever counted is ahead, and the hour is over", skew, 0, time.Hour + skew + time.Second, state.Reverted},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newRig(t, set{public: policies.Revert}, func(c *setup) {
				c.Limits, c.Judge.MaxEventAge = remediate.Limits{TotalHour: 1}, 0
			})
			by := func(ahead time.Duration) *engine {
				c := g.setup
				c.Now = func() time.Time { return g.Clock().Add(ahead) }
				r := newEngine(g.t, c)
				return r
			}
			changes := g.exposed(1, 2)
			_, err := by(tt.counts).Handle(t.Context(), changes[0])
			g.must(err)
			g.pass(tt.after)
			out, err := by(tt.judges).Handle(t.Context(), changes[1])
			g.must(err)
			g.want(g.stored(out.Findings[0].ID), tt.want, "")
		})
	}
}
