package remediate_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
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
	g := newRig(t, set{public: policies.Revert, identity: policies.Revert, editor: policies.Revert}, func(c *setup) {
		c.Limits = remediate.Limits{}
	})
	for i := range uint64(times) {
		m := &moody{FactsClient: g.google, rng: rand.New(rand.NewPCG(i, 1))}
		g.change(func(c *setup) { c.Facts = m })
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
		g.answerAndWork(t.Context(), g.engine) // so that the next grant is not one more of the same
		g.events()
	}
	if reverted == 0 || reverted == 2*times {
		t.Errorf("%d reverts of %d changes: the test cannot fail", reverted, 2*times)
	}
}

func TestRemovingGrantsChangesNoOtherTuple(t *testing.T) {
	t.Parallel()
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
