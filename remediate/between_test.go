package remediate_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/group"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// What happens between two parts of a finding's life, each of which has tests
// of its own.

func TestAFindingThatAGroupShowsIsToldToHaveEndedBeforeItWasDrawnForItself(t *testing.T) {
	t.Parallel()
	b := newBurst(t)
	first := b.opens()
	second := b.opens() // within the same second: its message waits for its turn
	if f := b.stored(second); f.Group == "" || len(f.Surfaces) != 0 {
		t.Fatalf("group %q, surfaces %+v; want one that was put into a group and not drawn", f.Group, f.Surfaces)
	}
	b.pass(2 * time.Second)
	_, err := b.RecordSurface(t.Context(), first.ID, b.stored(first).Surfaces[0])
	b.must(err)
	for range 3 { // the card of both, and what its thread tells
		_, err = b.Work(t.Context(), first.ID)
		b.must(err)
		b.pass(2 * time.Second)
	}
	if g := b.group(b.stored(first)); g.Items[1].Seen == 0 || len(b.stored(first).Outbox) > 0 || len(b.stored(second).Surfaces) > 0 {
		t.Fatalf("the message shows %+v; want it to show the second, which does not know, and nothing owed by the first", g.Items)
	}
	b.change(func(c *setup) { c.Workloads = deleted{} })
	_, err = b.Handle(t.Context(), cloud.Change{ID: "deleted", Resource: second.Resource, Verb: cloud.Delete, Actor: cloud.Actor{Principal: jo}, Time: b.Clock()})
	b.must(err)
	b.settle()
	b.wantStates(map[state.State]int{state.Pending: 1, state.Superseded: 1})
	if g := b.group(b.stored(first)); g.Count(state.Superseded) != 1 || g.Drawn != g.Changes {
		t.Errorf("the message shows %+v", g.Items)
	}
}

// deleted is a cloud without workloads.
type deleted struct{ remediate.WorkloadClient }

func (deleted) Workload(context.Context, cloud.Resource) (cloud.Workload, error) {
	return cloud.Workload{}, fault.ErrNotFound
}

func TestAnAnswerToAGroupThatCannotBeCarriedIsDueLaterAndNeverExpires(t *testing.T) {
	t.Parallel()
	b := newBurst(t)
	b.several(3)
	b.pass(50 * time.Minute)
	f, err := b.click(b.card(), "rescind.revert_all", ada, "")
	b.must(err)
	broken := b.twin()
	broken.change(func(c *setup) { c.Store = &brokenCells{Store: b.Store, get: errStruck} })
	for _, d := range []time.Duration{time.Minute, 20 * time.Minute} { // before and after the question would expire
		b.pass(d)
		_, err = broken.Work(t.Context(), f.ID)
		b.must(err)
		if f := b.stored(f); f.State != state.Pending || !f.Owes(finding.Carry) || !f.DueAt.After(b.Clock()) {
			t.Errorf("it is %s, owes %v and is due %s from now", f.State, f.Outbox, f.DueAt.Sub(b.Clock()))
		}
	}
}

func TestAnAnswerToAGroupIsCarriedByAFindingThatDoesNotKnowOfItsGroupYet(t *testing.T) {
	t.Parallel()
	b := newBurst(t)
	for _, f := range b.several(3) {
		f = b.stored(f)
		f.Group = "" // as if whoever put it there died before it could say so
		_, err := b.Store.Update(t.Context(), f)
		b.must(err)
	}
	_, err := b.click(b.card(), "rescind.revert_all", ada, "")
	b.must(err)
	b.pass(time.Minute)
	b.settle()
	b.wantStates(map[state.State]int{state.Reverted: 3})
}

func TestAPageThatNoPagerDoesAnyMoreIsGivenUpInTheEnd(t *testing.T) {
	t.Parallel()
	b, p := escalating(t)
	f := b.several(1)[0]
	p.failing = errors.New("PagerDuty does not answer")
	_, err := b.Desk().Page(t.Context(), f.ID, ada, "test")
	b.must(err)
	b.change(func(c *setup) { c.OnCall, c.ExpiresIn = c.OnCall[1:], 24*time.Hour })
	tries := 0
	for ; len(b.stored(f).Outbox) > 0; tries++ {
		_, err := b.Sweep(t.Context())
		b.must(err)
		if f := b.stored(f); len(f.Outbox) > 0 && !f.DueAt.After(b.Clock()) || tries > 100 {
			t.Fatalf("owes %v, is due %s ago", f.Outbox, b.Clock().Sub(f.DueAt))
		}
		b.pass(30 * time.Minute)
	}
	if tries < finding.MaxAttempts {
		t.Errorf("given up after %d tries: a process with the configuration of before could have paged", tries)
	}
}

// What could not be told of for hours is no reason to fail at the first hiccup
// of reading live state.
func TestFailedNoticesAreNoAttemptsToReadLiveState(t *testing.T) {
	t.Parallel()
	flaky := &unreadable{}
	g := newRig(t, set{public: policies.Approve}, func(c *setup) {
		flaky.PolicyClient, c.IAM, c.OnExpiry, c.ExpiresIn = c.IAM, flaky, remediate.RevertOnExpiry, 24*time.Hour
	})
	g.told.failing = errors.New("Slack is down")
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	for range 23 {
		g.pass(time.Hour)
		_, _ = g.Sweep(t.Context())
	}
	flaky.failing = errStruck
	g.pass(time.Hour)
	_, _ = g.Sweep(t.Context())
	g.want(g.stored(f.ID), state.Pending, "")
	flaky.failing = nil
	g.pass(time.Minute)
	g.sweepOnce()
	g.want(g.stored(f.ID), state.Reverted, "")

	flaky.failing = errStruck
	g.grant(apiPath, "roles/run.invoker", "allAuthenticatedUsers")
	flaky.failing = nil
	f = g.one()
	g.pass(24 * time.Hour)
	flaky.failing = errStruck
	for range 130 {
		_, _ = g.Sweep(t.Context())
		g.pass(time.Minute)
	}
	g.want(g.stored(f.ID), state.Failed, "live state could not be read")
}

type unreadable struct {
	remediate.PolicyClient
	failing error
}

func (u *unreadable) Policy(ctx context.Context, r cloud.Resource) (cloud.AllowPolicy, error) {
	if u.failing != nil {
		return cloud.AllowPolicy{}, u.failing
	}
	return u.PolicyClient.Policy(ctx, r)
}

func TestANoticeThatFailsPutsOffNoGracePeriod(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert}, func(c *setup) { c.Limits.Grace = 10 * time.Minute })
	g.told.failing = errors.New("Slack is down")
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	g.redeployed() // joins it, which is to be told
	if f := g.stored(f.ID); f.State != state.Waiting || !f.Owes(finding.Notify) {
		t.Fatalf("it is %s and owes %v; want one that waits, and is to be told of", f.State, f.Outbox)
	}
	g.sweepFor(10*time.Minute + 30*time.Second)
	g.want(g.stored(f.ID), state.Reverted, "")
}

// racing is a store where another process keeps a finding just before it is
// stored as approved.
type racing struct {
	remediate.Store
	lost int
}

func (s *racing) Update(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	if f.State == state.Approved && s.lost == 0 {
		s.lost++
		other, err := s.Store.Finding(ctx, f.ID)
		if err != nil {
			return other, err
		}
		other.State, other.EndedAt, other.DueAt, other.Outbox = state.Kept, other.ExpiresAt, time.Time{}, nil
		if _, err := s.Store.Update(ctx, other); err != nil {
			return other, err
		}
	}
	return s.Store.Update(ctx, f)
}

func TestARevertThatLostTheRaceToBeDecidedDoesNotCount(t *testing.T) {
	t.Parallel()
	race := &racing{}
	g := newRig(t, set{public: policies.Approve}, func(c *setup) {
		race.Store, c.Store = c.Store, race
		c.OnExpiry, c.Limits.TotalHour = remediate.RevertOnExpiry, 1
	})
	changes := g.exposed(1, 2)
	var fs []finding.Finding
	for _, c := range changes {
		fs = append(fs, g.handleOne(c))
	}
	g.pass(time.Hour)
	g.sweepOnce()
	states := []state.State{g.stored(fs[0].ID).State, g.stored(fs[1].ID).State}
	slices.Sort(states)
	if !slices.Equal(states, []state.State{state.Kept, state.Reverted}) {
		t.Errorf("they are %v, want the one that nobody kept to have had the turn", states)
	}
}

func TestAPageLeavesTheLeaseOfWhoeverCarriesThePlanOut(t *testing.T) {
	t.Parallel()
	b, _ := escalating(t)
	f := b.opens(func(f *finding.Finding) {
		f.State, f.Outbox, f.DueAt = state.Applying, []finding.Effect{finding.Apply}, b.Clock().Add(finding.Lease)
		f.Timeline = nil
	})
	d := b.Desk()
	d.HandOver = true
	f, err := d.Page(t.Context(), f.ID, ada, "test")
	b.must(err)
	if f.DueAt.Sub(b.Clock()) < finding.Lease {
		t.Errorf("it is due in %s: another process would begin the same", f.DueAt.Sub(b.Clock()))
	}
}

func TestAQuestionThatAPauseMadeOfARevertIsAQuestionLikeAnyOther(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert}, func(c *setup) {
		c.OnCall, c.PageAfter = []group.PlainPager{&bell{}}, 20*time.Minute
	})
	g.pause(time.Hour)
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	g.pass(61 * time.Minute)
	g.sweepOnce()
	f = g.stored(f.ID)
	g.want(f, state.Pending, "paused")
	if !f.PageAt.Equal(g.Clock().Add(20 * time.Minute)) {
		t.Errorf("on-call is paged at %s, want in 20 minutes", f.PageAt)
	}
	g.pass(time.Hour)
	g.sweepOnce()
	f = g.stored(f.ID)
	g.want(f, state.Expired, "nobody answered")
	if f.Lapsed() {
		t.Error("it counts as an approval that lapsed, and would be asked about at every scan")
	}
}

func TestAPageAboutAGroupIsResolvedWhenTheLastOfItEnds(t *testing.T) {
	t.Parallel()
	b, p := escalating(t)
	b.several(3)
	b.pass(time.Hour)
	_, err := b.Sweep(t.Context())
	b.must(err)
	b.settle()
	if len(p.paged) != 1 {
		t.Fatalf("paged %d times", len(p.paged))
	}
	paged := b.stored(finding.Finding{ID: p.paged[0]})
	_, err = b.Answer(t.Context(), paged.ID, finding.Answer{Choice: finding.ChooseRevert, Principal: ada, Digest: paged.Plan.Digest})
	b.must(err)
	b.settle()
	if len(p.resolved) != 0 {
		t.Errorf("resolved %v while two still wait", p.resolved)
	}
	_, err = b.click(b.card(), "rescind.revert_all", ada, "")
	b.must(err)
	b.settle()
	if b.wantStates(map[state.State]int{state.Reverted: 3}); !slices.Contains(p.resolved, paged.ID) {
		t.Errorf("resolved %v, want it to have %s, which was paged", p.resolved, paged.ID)
	}
}
