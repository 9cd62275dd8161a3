package remediate_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// within is how long after a crash, or after a neighbour is back, all has to be right.
const within = 45 * time.Second

// rights sweeps as serve does, each few seconds, for as long as it may take.
func (g *rig) rights() {
	g.t.Helper()
	for end := g.Clock().Add(within); g.Clock().Before(end); g.pass(5 * time.Second) {
		_, _ = g.Sweep(g.t.Context())
	}
}

func TestAfterADeathAtAnyCallEverythingIsRightWithinThreeQuartersOfAMinute(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		enforce set
		mess    func(*rig)
		answer  bool
		fixed   func(*rig) bool
	}{
		"an event under revert": {set{public: policies.Revert}, func(g *rig) { g.grant(apiPath, "roles/run.invoker", "allUsers") }, false,
			func(g *rig) bool { return !slices.Contains(g.members(apiPath, "roles/run.invoker"), "allUsers") }},
		"a click": {set{identity: policies.Approve}, func(g *rig) { g.deploy(defaultAccount) }, true,
			func(g *rig) bool { return g.identity(apiPath) == apiAccount }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			calls := 1
			for at := 0; at <= calls; at++ { // 0: a process that lives, which counts the calls
				g := newRig(t, tt.enforce)
				tt.mess(g)
				f := &fate{failure: dies, at: at}
				changes := g.events()
				first := g.doomed(f)
				if tt.answer {
					for _, c := range changes {
						g.handle(c)
					}
					g.answerAndWork(t.Context(), first)
					g.answerAndWork(t.Context(), g.engine) // the person clicks again, where it did not count
				} else {
					for _, c := range changes {
						_, _ = first.Handle(t.Context(), c)
						g.handle(c) // Pub/Sub delivers it again
					}
				}
				if at == 0 {
					calls = f.calls
				}
				g.rights()
				g.checkCleanEnd(fmt.Sprintf("dead after call %d", at), tt.fixed)
			}
		})
	}
}

// hung is a store that takes no finding for a time.
type hung struct {
	remediate.Store
	g     *rig
	until time.Time
}

func (s *hung) Update(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	if f.State.Ended() && s.until.IsZero() { // it was written to Google Cloud: now it begins
		s.until = s.g.Clock().Add(20 * time.Second)
	}
	if s.g.Clock().Before(s.until) {
		return finding.Finding{}, errStruck
	}
	return s.Store.Update(ctx, f)
}

func TestWhatCameOfAWriteIsStoredAsSoonAsTheStoreTakesIt(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	c := g.setup
	st := &hung{Store: c.Store, g: g}
	c.Store = st
	g.engine = newEngine(t, c)
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	if g.want(f, state.Reverted, "removed"); g.Clock().Sub(st.until) > 2*time.Second {
		t.Errorf("it is stored %s after the store is back", g.Clock().Sub(st.until))
	}
	if n := g.writes(); n != 1 {
		t.Errorf("%d writes", n)
	}
}

func TestAPageThatFailsPutsOffNoCard(t *testing.T) {
	t.Parallel()
	b, p := escalating(t)
	p.failing = errStruck
	other := b.opens(b.ofAnotherCause) // the channel has its message of this second
	f := b.opens(func(f *finding.Finding) { f.Outbox = append(f.Outbox, finding.PageBy("bell")) })
	if f := b.stored(f); f.DueAt.Sub(b.Clock()) != time.Second || !f.Owes(finding.Notify) || f.Tries("page bell") != 1 {
		t.Fatalf("it owes %v and is due in %s, after %d tries to page; want it due at its turn", f.Outbox, f.DueAt.Sub(b.Clock()), f.Tries("page bell"))
	}
	for range 300 {
		b.pass(time.Second)
		_, err := b.Sweep(t.Context())
		b.must(err)
		if cs := b.cards(); len(cs) != 2 {
			t.Fatalf("%d messages at its turn, beside that of %s", len(cs), other.ID)
		}
	}
	if f := b.stored(f); f.Tries("page bell") < 5 || f.Attempts != 0 || !f.DueAt.After(b.Clock()) {
		t.Errorf("in five minutes it was tried %d times to page; %d attempts at what else there is", f.Tries("page bell"), f.Attempts)
	}
	p.failing = nil
	back := b.Clock()
	for b.stored(f).Owes("page bell") {
		b.pass(time.Second)
		_, err := b.Sweep(t.Context())
		b.must(err)
	}
	if after := b.Clock().Sub(back); after > time.Minute || len(p.paged) != 1 || b.stored(f).Retries != nil {
		t.Errorf("paged %d times, %s after the pager was back; left: %v", len(p.paged), after, b.stored(f).Retries)
	}
}

func TestASweepRevertsBeforeItTellsPeople(t *testing.T) {
	t.Parallel()
	b := newBurst(t)
	b.failing(func(string) *simslack.Fault { return &simslack.Fault{Status: 503} })
	asked := b.opens()
	b.pass(time.Minute)
	revert := asked
	revert.ID, revert.State, revert.Outbox, revert.Retries = "revert", state.Approved, []finding.Effect{finding.Apply}, nil
	revert.DueAt, revert.ExecuteBy, revert.Automatic, revert.Timeline = b.Clock(), b.Clock().Add(time.Hour), true, nil
	_, err := b.Store.Create(t.Context(), revert)
	b.must(err)
	calls := 0
	b.failing(func(string) *simslack.Fault {
		if calls++; calls == 1 && b.iam.taken[revert.Resource] == 0 {
			t.Error("people are told before anything is reverted")
		}
		return nil
	})
	_, err = b.Sweep(t.Context())
	b.must(err)
	if calls == 0 || b.iam.taken[revert.Resource] == 0 {
		t.Errorf("%d messages, reverted %d times", calls, b.iam.taken[revert.Resource])
	}
}
