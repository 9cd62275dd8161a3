package remediate_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// became is what a story comes to: for each finding what was judged, decided and done.
func (g *rig) became() []string {
	g.t.Helper()
	fs, err := g.Store.Findings(g.t.Context(), finding.Query{})
	g.must(err)
	out := []string{fmt.Sprintf("%d writes", g.writes())}
	for _, f := range fs {
		out = append(out, fmt.Sprintf("%s on %s: %s, %s, %s", f.Policy, f.Resource.Path(), f.Verdict, f.Decision, f.State))
	}
	slices.Sort(out)
	return out
}

// toTheEnd delivers what was logged until all of it is taken, and sweeps for a while.
func (g *rig) toTheEnd() []string {
	g.t.Helper()
	for _, c := range g.events() {
		for try := 0; ; try++ {
			_, err := g.Handle(g.t.Context(), c)
			if err == nil {
				break
			}
			if try == 60 {
				g.t.Fatalf("still refused: %v", err)
			}
			g.pass(10 * time.Second)
		}
	}
	g.sweepFor(2 * time.Minute)
	return g.became()
}

// told are stories of changes that are reverted, and of one that nobody may touch.
var told = []struct {
	name string
	mess func(*rig)
}{
	{"a public grant", func(g *rig) { g.grant(apiPath, "roles/run.invoker", "allUsers") }},
	{"a public grant beside an agent that nobody knows", func(g *rig) {
		g.editPolicy(apiPath, func(p *iampb.Policy) {
			p.Bindings = append(p.Bindings, &iampb.Binding{Role: "roles/run.invoker", Members: []string{
				"allUsers", "serviceAccount:service-999@gcp-sa-pubsub.iam.gserviceaccount.com",
			}})
		})
	}},
	{"an old account", func(g *rig) { g.deploy(defaultAccount) }},
	{"Editor for a runtime identity", func(g *rig) {
		g.deploy(apiAccount)
		g.grant("projects/pay-prod", "roles/editor", "serviceAccount:"+apiAccount)
	}},
}

// struckAt are the calls at which a failure is tried: every other one in an ordinary run, of
// which the two tests of R10 take one half each, and all with RESCIND_STORIES.
func struckAt(calls, half int) (at []int) {
	for n := 1; n <= calls; n++ {
		if os.Getenv("RESCIND_STORIES") != "" || n%2 == half%2 {
			at = append(at, n)
		}
	}
	return at
}

// A limit of ours and an answer that took too long say nothing of a change. Whichever
// call they come at, the change waits and then comes to what it comes to without them.
func TestR10WhatIsNotKnownYetChangesNoVerdict(t *testing.T) {
	t.Parallel()
	for _, story := range told {
		tell := func(t *testing.T, between func(g *rig, n int, method string) error) []string {
			g := confirming(t, set{public: policies.Revert, identity: policies.Revert, editor: policies.Revert}, func(c *setup) {
				c.Limits = remediate.Limits{}
			})
			story.mess(g)
			var mu sync.Mutex
			n := 0
			g.between = func(method string) error {
				mu.Lock()
				defer mu.Unlock()
				n++
				return between(g, n, method)
			}
			return g.toTheEnd()
		}
		t.Run(story.name, func(t *testing.T) {
			t.Parallel()
			calls, methods := 0, map[string]bool{}
			want := tell(t, func(_ *rig, n int, method string) error { calls, methods[method] = n, true; return nil })
			for i, what := range slices.Sorted(maps.Keys(failing)) {
				err := failing[what]
				for _, at := range struckAt(calls, i) {
					name := ""
					got := tell(t, func(_ *rig, n int, method string) error {
						if n != at {
							return nil
						}
						name = method
						return err
					})
					if d := cmp.Diff(want, got); d != "" {
						t.Errorf("%s at call %d, %s (-want +got):\n%s", what, at, name, d)
					}
				}
			}
			for method := range methods {
				began := time.Time{}
				got := tell(t, func(g *rig, _ int, m string) error {
					if began.IsZero() {
						began = g.Clock()
					}
					if m == method && g.Clock().Before(began.Add(time.Minute)) {
						return status.Error(codes.Unauthenticated, "no token")
					}
					return nil
				})
				if d := cmp.Diff(want, got); d != "" {
					t.Errorf("%s without a token for a minute (-want +got):\n%s", method, d)
				}
			}
			if calls < 5 || !strings.Contains(fmt.Sprint(want), "revert") {
				t.Errorf("the story comes to %q after %d calls: it shows nothing", want, calls)
			}
		})
	}
}

// Nobody would be told of a change that waits for ever.
func TestAChangeWaitsForADayForWhatIsNotKnownYet(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	c := g.events()[0]
	g.between = func(method string) error {
		if strings.Contains(method, "OrgPolicy/GetEffectivePolicy") {
			return &fault.BusyError{Where: "300 reads a minute", After: 2 * time.Minute}
		}
		return nil
	}
	for range 24 {
		o, err := g.Handle(t.Context(), c)
		if after, busy := fault.NextTurn(err); !busy || after != 2*time.Minute || len(o.Findings) > 0 {
			t.Fatalf("after %s it came to %v, %v", g.Clock().Sub(c.Time), o, err)
		}
		g.pass(time.Hour)
	}
	g.want(g.handleOne(c), state.Pending, "300 reads a minute")
}

// What a scan leaves open is looked at by the next one, and raises nothing.
func TestAScanRaisesNothingOnWhatIsNotKnownYet(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	api := cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "api")
	for _, down := range []string{"Projects/GetProject", "OrgPolicy/GetEffectivePolicy"} {
		g.between = func(method string) error {
			if strings.HasSuffix(method, down) {
				return status.Error(codes.Unauthenticated, "no token")
			}
			return nil
		}
		if o, err := g.Scan(t.Context(), api); err == nil || len(g.became()) != 1 {
			t.Errorf("without an answer to %s: %v, %v, findings %q", down, o, err, g.became())
		}
	}
	g.between = nil
	o, err := g.Scan(t.Context(), api)
	if err != nil || len(o.Findings) != 1 || o.Findings[0].Verdict != policies.Violation {
		t.Errorf("with all answers: %+v, %v", o, err)
	}
}

// A question that nobody answered is reverted by silence once it can be told that it is
// fit for that, and not left because it could not.
func TestR10SilenceWaitsForWhatIsNotKnownYet(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve}, func(c *setup) { c.OnExpiry = remediate.RevertOnExpiry })
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	g.pass(f.ExpiresAt.Sub(g.Clock()))
	down := true
	g.between = func(method string) error {
		if down && strings.HasSuffix(method, "OrgPolicy/GetEffectivePolicy") {
			return &fault.BusyError{Where: "300 reads a minute", After: 2 * time.Minute}
		}
		return nil
	}
	_, err := g.Sweep(t.Context())
	if _, busy := fault.NextTurn(err); !busy {
		t.Errorf("the sweep ends with %v", err)
	}
	g.want(g.stored(f.ID), state.Pending, "")
	down = false
	g.sweepFor(3 * time.Minute)
	g.want(g.stored(f.ID), state.Reverted, "")
}
