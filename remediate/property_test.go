package remediate_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// moody is a facts client that answers a question rightly, wrongly or not at
// all, and the same until it is asked about the next change.
type moody struct {
	remediate.FactsClient
	rng     *rand.Rand
	moods   map[policies.Question]int
	unknown bool // whether it failed to answer a question that a verdict can rest on
}

func (m *moody) Fact(ctx context.Context, q policies.Question) policies.Fact {
	f := m.FactsClient.Fact(ctx, q)
	if q.Kind == policies.Ancestors { // the scope's, not a verdict's
		return f
	}
	if _, ok := m.moods[q]; !ok {
		m.moods[q] = m.rng.IntN(3)
	}
	switch m.moods[q] {
	case 0:
		m.unknown = true
		return policies.Fact{Why: "it could not be read"}
	case 1:
		f.Value = !f.Value
	}
	return f
}

func TestUnknownFactsNeverProduceAnAutomaticRevert(t *testing.T) {
	t.Parallel()
	const times = 30
	reverted := 0
	g := newRig(t, set{public: policies.Revert, identity: policies.Revert, editor: policies.Revert}, func(c *remediate.Config) {
		c.Limits = remediate.Limits{}
	})
	for i := range uint64(times) {
		m := &moody{FactsClient: g.google, rng: rand.New(rand.NewPCG(i, 1))}
		g.Facts, g.Judge.Facts = m, m
		g.grant(apiPath, "roles/run.invoker", "allUsers")
		g.grant("projects/pay-prod", "roles/editor", "serviceAccount:"+apiAccount)
		for _, c := range g.events() {
			m.unknown, m.moods = false, map[policies.Question]int{}
			for _, f := range g.handle(c).Findings {
				switch {
				case f.Automatic && (m.unknown || f.Verdict != policies.Violation):
					t.Fatalf("run %d: %s reverted %s on its own, verdict %s: %v", i, f.Policy, f.Resource, f.Verdict, f.Reasons)
				case f.Automatic:
					reverted++
				}
			}
		}
		g.answerAndWork(t.Context(), g.Remediator) // so that the next grant is not one more of the same
		g.events()
	}
	if reverted == 0 || reverted == 2*times {
		t.Errorf("%d reverts of %d changes: the test cannot fail", reverted, 2*times)
	}
}

func TestRemovingGrantsChangesNoOtherTuple(t *testing.T) {
	res := apiResource(t)
	rng := rand.New(rand.NewPCG(7, 7))
	fake := &onePolicy{}
	g := bareRemediator(t, fake)
	for i := range 100 {
		before := randomPolicy(rng)
		all := before.Grants()
		var gone []cloud.Grant
		for _, gr := range all {
			if rng.IntN(3) == 0 {
				gone = append(gone, gr)
			}
		}
		if len(gone) == 0 {
			continue
		}
		fake.policy = before
		gone = append(gone, cloud.Grant{Role: "roles/viewer", Member: "user:who@was.never.there"})
		f := finding.Finding{
			ID: fmt.Sprint("f", i), Resource: res, State: state.Approved, Automatic: true, Outbox: []finding.Effect{finding.Apply},
			Plan: judge.NewPlan([]judge.Step{{Kind: policies.RemoveGrants, Resource: res, Before: judge.StepState{Grants: gone}}}, ""),
		}
		if _, err := g.Store.Create(t.Context(), f); err != nil {
			t.Fatal(err)
		}
		if f, _ = g.Work(t.Context(), f.ID); f.State != state.Reverted {
			t.Fatalf("run %d: %s (%s)", i, f.State, f.Why)
		}
		want := slices.DeleteFunc(all, func(gr cloud.Grant) bool { return slices.Contains(gone, gr) })
		if got := fake.policy.Grants(); !slices.Equal(got, want) {
			t.Fatalf("run %d: removed %v\nof   %v\nleft %v", i, gone, all, got)
		}
	}
}

func randomPolicy(rng *rand.Rand) cloud.AllowPolicy {
	p := cloud.AllowPolicy{Version: 3, Etag: "e"}
	pick := func(from ...string) string { return from[rng.IntN(len(from))] }
	for range 1 + rng.IntN(5) {
		b := cloud.Binding{Role: pick("roles/run.invoker", "roles/editor", "roles/owner")}
		b.Condition.Title = pick("", "", "a", "b")
		b.Condition.Expression = pick("", "true")
		for range 1 + rng.IntN(4) {
			b.Members = append(b.Members, cloud.Member(pick("allUsers", "allAuthenticatedUsers", "user:a@example.com", "user:A@example.com", "deleted:user:a@example.com?uid=1")))
		}
		p.Bindings = append(p.Bindings, b)
	}
	return p
}

// onePolicy is a policy client that holds one policy.
type onePolicy struct{ policy cloud.AllowPolicy }

func (o *onePolicy) Policy(context.Context, cloud.Resource) (cloud.AllowPolicy, error) {
	return o.policy, nil
}

func (o *onePolicy) SetPolicy(_ context.Context, _ cloud.Resource, p cloud.AllowPolicy) error {
	o.policy = p
	return nil
}

func TestI3TwoProcessesAndManyDeliveriesComeToOneEffectAndOneCard(t *testing.T) {
	for enforcement, want := range map[policies.Enforcement]state.State{policies.Revert: state.Reverted, policies.Approve: state.Pending} {
		t.Run(string(enforcement), func(t *testing.T) {
			g := newRig(t, set{public: enforcement})
			other, err := remediate.New(g.Config)
			g.must(err)
			g.grant(apiPath, "roles/run.invoker", "allUsers")
			c := g.events()[0]
			var wg sync.WaitGroup
			for i := range 32 {
				r := []*remediate.Remediator{g.Remediator, other}[i%2]
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

func TestManyAnswersAtOnceDecideOnce(t *testing.T) {
	g := newRig(t, set{public: policies.Approve})
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
			g := newRig(t, set{public: policies.Approve}, func(c *remediate.Config) {
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
