package remediate_test

import (
	"context"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/group"
	"github.com/rescind-dev/rescind/remediate/state"
)

// beaten is a store in which another delivery of a change stores its finding first,
// as made makes it.
type beaten struct {
	remediate.Store
	made func(finding.Finding) finding.Finding
}

func (s *beaten) Create(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	if s.made == nil {
		return s.Store.Create(ctx, f)
	}
	theirs := s.made(f)
	s.made = nil
	if _, err := s.Store.Create(ctx, theirs); err != nil {
		return theirs, err
	}
	return finding.Finding{}, fault.ErrExists
}

func TestARevertCountsOnceWhicheverDeliveryOfItsChangeIsFaster(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		theirs func(finding.Finding) finding.Finding
		next   state.State // of a second change, where one an hour is allowed
	}{
		"the other reverts too": {func(f finding.Finding) finding.Finding { return f }, state.Pending},
		"the other asks": {func(f finding.Finding) finding.Finding {
			f.Automatic, f.State, f.Outbox = false, state.Pending, nil
			f.ExpiresAt = f.CreatedAt.Add(time.Hour)
			f.Timeline = nil
			return f
		}, state.Reverted},
	} {
		t.Run(name, func(t *testing.T) {
			store := &beaten{made: tt.theirs}
			g := newRig(t, set{public: policies.Revert}, func(c *setup) {
				store.Store, c.Store = c.Store, store
				c.Limits = remediate.Limits{TotalHour: 1}
			})
			changes := g.exposed(1, 2)
			g.handleOne(changes[0])
			g.want(g.handleOne(changes[1]), tt.next, "")
		})
	}
}

func TestADeliveryThatIsBeatenLeavesTheCardToTheOtherAndDoesNotWaitToRevert(t *testing.T) {
	t.Parallel()
	for enforce, want := range map[policies.Enforcement]state.State{policies.Approve: state.Pending, policies.Revert: state.Reverted} {
		store := &beaten{made: func(f finding.Finding) finding.Finding { return f }}
		g := newRig(t, set{public: enforce}, func(c *setup) { store.Store, c.Store = c.Store, store })
		f := g.handleOne(g.exposed(1, 1)[0])
		g.want(f, want, "")
		if told := len(g.told.states) > 0; told != (want == state.Reverted) {
			t.Errorf("%s: people were told of %v", enforce, g.told.states)
		}
		g.pass(time.Minute)
		g.sweepOnce()
		if f = g.stored(f.ID); len(g.told.states) != 1 || len(f.Outbox) > 0 {
			t.Errorf("%s: after a minute people were told of %v, and it owes %v", enforce, g.told.states, f.Outbox)
		}
	}
}

// overtaken is a store in which another process does all that a finding owes just
// before this one claims its plan.
type overtaken struct {
	remediate.Store
	other *engine
}

func (s *overtaken) Update(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	if other := s.other; other != nil && f.State == state.Applying {
		s.other = nil
		if _, err := other.Work(ctx, f.ID); err != nil {
			return finding.Finding{}, err
		}
	}
	return s.Store.Update(ctx, f)
}

func TestWhoeverIsOvertakenLeavesAllThatAFindingOwesToTheOther(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	store := &overtaken{Store: g.Store, other: newEngine(t, g.setup)}
	g.change(func(c *setup) { c.Store = store })
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.want(g.one(), state.Reverted, "verified")
	if store.other != nil || g.writes() != 1 || len(g.told.states) != 1 {
		t.Errorf("overtaken %t, %d writes, and people were told of %v; want one write and one card", store.other == nil, g.writes(), g.told.states)
	}
}

// contended is a store in which another writer is faster, once, where what is
// written is of that kind.
type contended struct {
	remediate.Store
	kind func(finding.Finding) bool
	lost int
}

func (s *contended) Update(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	if s.lost == 0 && s.kind(f) {
		s.lost++
		return finding.Finding{}, fault.ErrConflict
	}
	return s.Store.Update(ctx, f)
}

func TestWhatFollowsAnEffectIsStoredThoughAnotherWriterWasFaster(t *testing.T) {
	t.Parallel()
	t.Run("that a finding was undone", func(t *testing.T) {
		store := &contended{kind: func(f finding.Finding) bool { return f.UndoneBy != "" }}
		g := newRig(t, set{public: policies.Revert}, func(c *setup) { store.Store, c.Store = c.Store, store })
		g.grant(apiPath, "roles/run.invoker", "allUsers")
		f := g.one()
		u := g.undo(f)
		g.want(u, state.Undone, "")
		if by := g.stored(f.ID).UndoneBy; by != u.ID || store.lost != 1 {
			t.Errorf("it is undone by %q, after %d other writers", by, store.lost)
		}
	})
	t.Run("that somebody was paged", func(t *testing.T) {
		p := &bell{}
		store := &contended{kind: func(f finding.Finding) bool { return len(p.paged) > 0 }}
		g := newRig(t, set{public: policies.Approve}, func(c *setup) {
			store.Store, c.Store = c.Store, store
			c.OnCall, c.PageAfter = []group.PlainPager{p}, 20*time.Minute
		})
		g.grant(apiPath, "roles/run.invoker", "allUsers")
		f := g.one()
		g.pass(20 * time.Minute)
		g.sweepOnce()
		if f = g.stored(f.ID); len(f.Outbox) > 0 || len(p.paged) != 1 || store.lost != 1 {
			t.Errorf("it owes %v, and on-call was paged %d times, after %d other writers", f.Outbox, len(p.paged), store.lost)
		}
	})
	t.Run("that people were told", func(t *testing.T) {
		var g *rig
		store := &contended{kind: func(finding.Finding) bool { return len(g.told.states) > 0 }}
		g = newRig(t, set{public: policies.Approve}, func(c *setup) { store.Store, c.Store = c.Store, store })
		g.grant(apiPath, "roles/run.invoker", "allUsers")
		if f := g.one(); f.Owes(finding.Notify) || len(f.Surfaces) != 1 || len(g.told.states) != 1 || store.lost != 1 {
			t.Errorf("it owes %v, is shown at %v, and people were told of %v, after %d other writers", f.Outbox, f.Surfaces, g.told.states, store.lost)
		}
	})
}
