package remediate_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/group"

	"cloud.google.com/go/run/apiv2/runpb"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// A failure strikes at one of the calls that rescind makes to the store, to
// Google Cloud and to the people it tells.
type failure string

const (
	refusedOnce   failure = "the call fails without effect"
	answerLost    failure = "the call has its effect and its answer is lost"
	dies          failure = "the process dies after the call"
	requestIsGone failure = "the request is gone when the call returns"
)

var errStruck = errors.New("struck")

// fate strikes at the n-th call.
type fate struct {
	failure
	at     int
	cancel context.CancelFunc // ends the request

	mu    sync.Mutex
	calls int
}

// struck makes one call, or not.
func (f *fate) struck(do func() error) error {
	f.mu.Lock()
	f.calls++
	n := f.calls
	f.mu.Unlock()
	switch {
	case f.at == 0 || n < f.at || n > f.at && f.failure != dies:
		return do()
	case n > f.at, f.failure == refusedOnce:
		return errStruck
	}
	err := do()
	if f.failure == requestIsGone {
		f.cancel()
		return err
	}
	return errors.Join(err, errStruck)
}

func struck[T any](f *fate, do func() (T, error)) (out T, err error) {
	err = f.struck(func() (err error) { out, err = do(); return err })
	if errors.Is(err, errStruck) {
		var none T
		return none, err
	}
	return out, err
}

type fatedStore struct {
	remediate.Store
	*fate
}

func (s fatedStore) Create(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	return struck(s.fate, func() (finding.Finding, error) { return s.Store.Create(ctx, f) })
}

func (s fatedStore) Finding(ctx context.Context, id string) (finding.Finding, error) {
	return struck(s.fate, func() (finding.Finding, error) { return s.Store.Finding(ctx, id) })
}

func (s fatedStore) Update(ctx context.Context, f finding.Finding) (finding.Finding, error) {
	return struck(s.fate, func() (finding.Finding, error) { return s.Store.Update(ctx, f) })
}

func (s fatedStore) Findings(ctx context.Context, q finding.Query) ([]finding.Finding, error) {
	return struck(s.fate, func() ([]finding.Finding, error) { return s.Store.Findings(ctx, q) })
}

func (s fatedStore) Pause(ctx context.Context) (desk.Pause, error) {
	return struck(s.fate, func() (desk.Pause, error) { return s.Store.Pause(ctx) })
}

func (s fatedStore) Handled(ctx context.Context, id string) (bool, error) {
	return struck(s.fate, func() (bool, error) { return s.Store.Handled(ctx, id) })
}

func (s fatedStore) MarkHandled(ctx context.Context, id string, at time.Time) error {
	return s.struck(func() error { return s.Store.MarkHandled(ctx, id, at) })
}

func (s fatedStore) LearnIdentity(ctx context.Context, i remediate.Sighting) error {
	return s.struck(func() error { return s.Store.LearnIdentity(ctx, i) })
}

func (s fatedStore) Cell(ctx context.Context, name string) (cells.Cell, error) {
	return struck(s.fate, func() (cells.Cell, error) { return s.Store.Cell(ctx, name) })
}

func (s fatedStore) SetCell(ctx context.Context, c cells.Cell) (cells.Cell, error) {
	return struck(s.fate, func() (cells.Cell, error) { return s.Store.SetCell(ctx, c) })
}

type fatedPolicies struct {
	remediate.PolicyClient
	*fate
}

func (p fatedPolicies) Policy(ctx context.Context, r cloud.Resource) (cloud.AllowPolicy, error) {
	return struck(p.fate, func() (cloud.AllowPolicy, error) { return p.PolicyClient.Policy(ctx, r) })
}

func (p fatedPolicies) SetPolicy(ctx context.Context, r cloud.Resource, a cloud.AllowPolicy) error {
	return p.struck(func() error { return p.PolicyClient.SetPolicy(ctx, r, a) })
}

type fatedWorkloads struct {
	remediate.WorkloadClient
	*fate
}

func (w fatedWorkloads) Workload(ctx context.Context, r cloud.Resource) (cloud.Workload, error) {
	return struck(w.fate, func() (cloud.Workload, error) { return w.WorkloadClient.Workload(ctx, r) })
}

func (w fatedWorkloads) SetIdentity(ctx context.Context, l cloud.Workload, email string) error {
	return w.struck(func() error { return w.WorkloadClient.SetIdentity(ctx, l, email) })
}

func (w fatedWorkloads) SetIngress(ctx context.Context, l cloud.Workload, to string) error {
	return w.struck(func() error { return w.WorkloadClient.SetIngress(ctx, l, to) })
}

func (w fatedWorkloads) Serving(ctx context.Context, r cloud.Resource) ([]string, error) {
	return struck(w.fate, func() ([]string, error) { return w.WorkloadClient.Serving(ctx, r) })
}

type fatedNotifier struct {
	group.Plain
	*fate
}

func (n fatedNotifier) Notify(ctx context.Context, f finding.Finding) ([]finding.Surface, error) {
	s, err := struck(n.fate, func() ([]finding.Surface, error) { return n.Plain.Notify(ctx, f) })
	if err != nil {
		s = f.Surfaces
	}
	return s, err
}

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
			"a condition is put back", set{lostCondition: policies.Revert},
			func(g *rig) { g.loseCondition("projects/pay-prod") }, false,
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
