package remediate_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// doomed is a second Remediator over the rig's world, to which fate strikes.
func (g *rig) doomed(f *fate) *engine {
	g.t.Helper()
	c := g.setup
	c.Store = fatedStore{c.Store, f}
	c.IAM = fatedPolicies{c.IAM, f}
	c.Workloads = fatedWorkloads{c.Workloads, f}
	c.Notifier = fatedNotifier{c.Notifier, f}
	r := newEngine(g.t, c)
	return r
}

// recover delivers again what was not acknowledged and sweeps until nothing is
// due, with a process that lives.
func (g *rig) recover(changes []cloud.Change) {
	g.t.Helper()
	for _, c := range changes {
		g.handle(c)
	}
	for range 4 { // within the hour that a question stays open
		g.pass(6 * time.Minute)
		_, err := g.Sweep(g.t.Context())
		g.must(err)
	}
}

func TestI3WhateverFailsAtWhateverCallTheEndIsThatOfACleanRun(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		enforce set
		mess    func(*rig)
		answer  bool
		fixed   func(*rig) bool
		how     []failure
	}{
		{
			"a public grant is reverted", set{public: policies.Revert},
			func(g *rig) { g.grant(apiPath, "roles/run.invoker", "allUsers") }, false,
			func(g *rig) bool { return !slices.Contains(g.members(apiPath, "roles/run.invoker"), "allUsers") },
			[]failure{refusedOnce, answerLost, dies, requestIsGone},
		},
		{
			"an identity is asked about and restored", set{identity: policies.Approve},
			func(g *rig) { g.deploy(defaultAccount) }, true,
			func(g *rig) bool { return g.identity(apiPath) == apiAccount },
			[]failure{dies},
		},
		{
			"a condition is put back", set{lostCondition: policies.Approve},
			func(g *rig) { g.loseCondition("projects/pay-prod") }, true,
			func(g *rig) bool { return len(g.policyOf("projects/pay-prod").Bindings[0].Members) == 1 },
			[]failure{answerLost},
		},
		{
			"an ingress is restored", set{ingress: policies.Revert},
			func(g *rig) { g.open("internal") }, false,
			func(g *rig) bool { return g.service().Ingress == runpb.IngressTraffic_INGRESS_TRAFFIC_INTERNAL_ONLY },
			[]failure{dies},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for _, how := range tt.how {
				calls := 1
				for at := 0; at <= calls; at++ { // 0: the clean run, which counts the calls
					if n := struckRun(t, tt.enforce, tt.mess, tt.answer, tt.fixed, how, at); at == 0 {
						calls = n
					}
				}
			}
		})
	}
}

// struckRun makes one run that is struck at a call, recovers, and checks the
// end. It returns how many calls the run made.
func struckRun(t *testing.T, enforce set, mess func(*rig), answer bool, fixed func(*rig) bool, how failure, at int) int {
	t.Helper()
	g := newRig(t, enforce)
	mess(g)
	changes := g.events()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	f := &fate{failure: how, at: at, cancel: cancel}
	doomed := g.doomed(f)
	var unacknowledged []cloud.Change
	for _, c := range changes {
		if _, err := doomed.Handle(ctx, c); err != nil || at > 0 {
			unacknowledged = append(unacknowledged, c)
		}
	}
	if answer {
		g.answerAndWork(ctx, doomed)
	}
	g.recover(unacknowledged)
	if answer {
		g.answerAndWork(t.Context(), g.engine) // the person clicks again
		g.recover(nil)
	}
	g.checkCleanEnd(fmt.Sprintf("%s, call %d", how, at), fixed)
	return f.calls
}

// answerAndWork answers every open question by reverting.
func (g *rig) answerAndWork(ctx context.Context, r *engine) {
	g.t.Helper()
	open, err := g.Store.Findings(g.t.Context(), finding.Query{States: []state.State{state.Pending}})
	g.must(err)
	for _, f := range open {
		_, _ = r.Answer(ctx, f.ID, finding.Answer{Choice: finding.ChooseRevert, Principal: "user:ada@example.com", Digest: f.Plan.Digest})
		_, _ = r.Work(ctx, f.ID)
	}
}

func (g *rig) checkCleanEnd(when string, fixed func(*rig) bool) {
	g.t.Helper()
	fs, err := g.Store.Findings(g.t.Context(), finding.Query{})
	g.must(err)
	if len(fs) != 1 {
		g.t.Fatalf("%s: %d findings, want one: %+v", when, len(fs), fs)
	}
	if f := fs[0]; f.State != state.Reverted || len(f.Outbox) != 0 || !f.DueAt.IsZero() {
		g.t.Errorf("%s: %s (%s), owes %v, due %v; want reverted and done\n%+v", when, f.State, f.Why, f.Outbox, f.DueAt, f.Timeline)
	}
	if !fixed(g) {
		g.t.Errorf("%s: it still violates", when)
	}
	if n := g.writes(); n != 1 {
		g.t.Errorf("%s: %d writes, want one", when, n)
	}
	if n := len(g.told.states); n == 0 || g.told.states[n-1] != state.Reverted {
		g.t.Errorf("%s: people were told %v, want them to have been told last that it is reverted", when, g.told.states)
	}
}
