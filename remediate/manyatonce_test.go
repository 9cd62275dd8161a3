package remediate_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

func TestI3TwoProcessesAndManyDeliveriesComeToOneEffectAndOneCard(t *testing.T) {
	t.Parallel()
	for enforcement, want := range map[policies.Enforcement]state.State{policies.Revert: state.Reverted, policies.Approve: state.Pending} {
		t.Run(string(enforcement), func(t *testing.T) {
			g := newRig(t, set{public: enforcement}, yields)
			other := newEngine(t, g.setup)
			g.grant(apiPath, "roles/run.invoker", "allUsers")
			c := g.events()[0]
			var wg sync.WaitGroup
			for i := range 32 {
				r := []*engine{g.engine, other}[i%2]
				wg.Go(func() {
					if _, err := r.Handle(t.Context(), c); err != nil {
						t.Error(err)
					}
					if _, err := r.Sweep(t.Context()); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			fs, err := g.Store.Findings(t.Context(), finding.Query{})
			g.must(err)
			if len(fs) != 1 || fs[0].State != want || len(fs[0].Outbox) != 0 {
				t.Errorf("findings %+v, want one that is %s with nothing owed", fs, want)
			}
			if len(g.told.states) != 1 {
				t.Errorf("people were told %v, want once", g.told.states)
			}
			if n := g.writes(); (n == 1) != (want == state.Reverted) || n > 1 {
				t.Errorf("%d writes", n)
			}
		})
	}
}

// Of two deliveries at once, the later one looked for the finding before the other
// stored it, and for open ones after that: it comes upon its own.
func TestAChangeDoesNotJoinItself(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	c := g.events()[0]
	s := g.setup
	s.Store = &lateStore{Store: g.Store, meanwhile: func() { g.handle(c) }}
	_, err := newEngine(t, s).Handle(t.Context(), c)
	g.must(err)
	fs, err := g.Store.Findings(t.Context(), finding.Query{})
	g.must(err)
	if len(fs) != 1 || len(fs[0].Joined) > 0 || len(g.told.states) != 1 {
		t.Errorf("findings %+v, and people were told %v; want the change once", fs, g.told.states)
	}
}

// lateStore has something happen just after a finding was looked for and is not there.
type lateStore struct {
	remediate.Store
	meanwhile func()
}

func (s *lateStore) Finding(ctx context.Context, id string) (finding.Finding, error) {
	f, err := s.Store.Finding(ctx, id)
	if run := s.meanwhile; errors.Is(err, fault.ErrNotFound) && run != nil {
		s.meanwhile = nil
		run()
	}
	return f, err
}

func TestManyAnswersAtOnceDecideOnce(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve}, yields)
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	var wg sync.WaitGroup
	var mu sync.Mutex
	accepted := 0
	for i := range 32 {
		choice := []finding.Choice{finding.ChooseRevert, finding.ChooseKeep}[i%2]
		wg.Go(func() {
			_, err := g.Answer(t.Context(), f.ID, finding.Answer{Choice: choice, Principal: "user:ada@example.com", Digest: f.Plan.Digest, Reason: "by design"})
			_, _ = g.Work(t.Context(), f.ID)
			var refused *finding.RefusedError
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				accepted++
			case !errors.As(err, &refused):
				t.Errorf("answer: %v, want a refusal that says why", err)
			}
		})
	}
	wg.Wait()
	if n := g.writes(); accepted != 1 || n > 1 {
		t.Errorf("%d answers were accepted with %d writes, want one answer", accepted, n)
	}
}

// TestAnyOrderOfEventsKeepsTheRulesOfAFinding plays random events and watches
// every state a finding is stored in.
func TestAnyOrderOfEventsKeepsTheRulesOfAFinding(t *testing.T) {
	t.Parallel()
	for i := range uint64(16) {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			rng := rand.New(rand.NewPCG(i, 3))
			watch := &watchedStore{t: t, seen: map[string]finding.Finding{}}
			flaky := &flakyPolicies{}
			g := newRig(t, set{public: policies.Approve}, func(c *setup) {
				watch.Store = c.Store
				flaky.PolicyClient = c.IAM
				c.Store, c.IAM = watch, flaky
				c.OnExpiry = []remediate.Expiry{remediate.LeaveOnExpiry, remediate.RevertOnExpiry}[i%2]
			})
			var past []cloud.Change
			for range 25 {
				switch rng.IntN(7) {
				case 0, 1:
					g.grant(apiPath, "roles/run.invoker", []string{"allUsers", "allAuthenticatedUsers"}[rng.IntN(2)])
					past = append(past, g.events()...)
				case 2, 3:
					if len(past) > 0 {
						_, _ = g.Handle(t.Context(), past[rng.IntN(len(past))])
					}
				case 4:
					g.pass(time.Duration(rng.IntN(50)) * time.Minute)
					_, _ = g.Sweep(t.Context())
				case 5:
					flaky.next = []error{fault.ErrConflict, errors.New("unavailable"), &fault.PermissionError{Err: errors.New("denied")}}[rng.IntN(3)]
				case 6:
					g.answerAtRandom(rng)
				}
			}
		})
	}
}

// flakyPolicies is a policy client whose next write ends in an error.
type flakyPolicies struct {
	remediate.PolicyClient
	next error
}

func (p *flakyPolicies) SetPolicy(ctx context.Context, r cloud.Resource, a cloud.AllowPolicy) error {
	if err := p.next; err != nil {
		p.next = nil
		return err
	}
	return p.PolicyClient.SetPolicy(ctx, r, a)
}

func (g *rig) answerAtRandom(rng *rand.Rand) {
	g.t.Helper()
	fs, err := g.Store.Findings(g.t.Context(), finding.Query{})
	g.must(err)
	if len(fs) == 0 {
		return
	}
	f := fs[rng.IntN(len(fs))]
	_, err = g.Answer(g.t.Context(), f.ID, finding.Answer{
		Choice:    []finding.Choice{finding.ChooseRevert, finding.ChooseKeep}[rng.IntN(2)],
		Principal: []string{"user:ada@example.com", "user:" + mallory, "user:eve@example.com"}[rng.IntN(3)],
		Digest:    f.Plan.Digest, Reason: "by design",
	})
	if err == nil && (f.State != state.Pending || !g.Clock().Before(f.ExpiresAt)) {
		g.t.Errorf("an answer at %s counted on a finding that is %s and expires at %s", g.Clock(), f.State, f.ExpiresAt)
	}
}

// watchedStore checks every transition that is stored.
type watchedStore struct {
	remediate.Store
	t    *testing.T
	seen map[string]finding.Finding
	also func(t *testing.T, was, is finding.Finding) // one more check of every update; nil: none
}

func (w *watchedStore) Create(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	f, err := w.Store.Create(ctx, f)
	if err == nil {
		w.seen[f.ID] = f
	}
	return f, err
}

func (w *watchedStore) Update(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	f, err := w.Store.Update(ctx, f)
	if err == nil {
		w.check(w.seen[f.ID], f)
		w.seen[f.ID] = f
	}
	return f, err
}

func (w *watchedStore) check(was, is finding.Finding) {
	w.t.Helper()
	if w.also != nil {
		w.also(w.t, was, is)
	}
	switch {
	case was.State.Ended() && is.State != was.State:
		w.t.Errorf("%s left %s for %s", is.ID, was.State, is.State)
	case is.State == state.Pending && was.State != state.Pending:
		w.t.Errorf("%s came to pending from %s", is.ID, was.State)
	case !is.State.Ended() && is.DueAt.IsZero():
		w.t.Errorf("%s is %s and never due", is.ID, is.State)
	case len(is.Outbox) > 0 && is.DueAt.IsZero():
		w.t.Errorf("%s owes %v and is never due", is.ID, is.Outbox)
	case is.State.Ended() && is.Owes(finding.Apply):
		w.t.Errorf("%s is %s and still owes its plan", is.ID, is.State)
	case is.Plan.Digest != was.Plan.Digest:
		w.t.Errorf("%s: the plan changed under its card", is.ID)
	}
}
