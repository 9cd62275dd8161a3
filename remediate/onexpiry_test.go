package remediate_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

func (g *rig) sweepAt(f finding.Finding) finding.Finding {
	g.t.Helper()
	g.pass(f.DueAt.Sub(g.Clock()))
	_, err := g.Sweep(g.t.Context())
	g.must(err)
	return g.stored(f.ID)
}

func TestSilenceRevertsOnlyWhatAPersonWasAskedForByPolicy(t *testing.T) {
	t.Parallel()
	onExpiry := func(c *setup) { c.OnExpiry = remediate.RevertOnExpiry }
	for _, tt := range []struct {
		name    string
		enforce policies.Enforcement
		before  func(*rig)
		why     string
	}{
		{"not what is unknown", policies.Approve, func(g *rig) { g.cloud.Fail("GetEffectivePolicy", 1000, codes.PermissionDenied) }, "not certain"},
		{"not what is stale", policies.Revert, func(g *rig) { g.pass(time.Hour) }, "a guardrail"},
		{"not what a policy that asks found stale", policies.Approve, func(g *rig) { g.pass(time.Hour) }, "a guardrail"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newRig(t, set{public: tt.enforce}, onExpiry)
			g.grant(apiPath, "roles/run.invoker", "allUsers")
			tt.before(g)
			f := g.one()
			g.want(f, state.Pending, "")
			g.want(g.sweepAt(f), state.Expired, tt.why)
			if n := g.writes(); n != 0 {
				t.Errorf("%d writes, want none", n)
			}
		})
	}
}

func TestSilenceRevertsNothingBeyondTheLimits(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve}, func(c *setup) {
		c.OnExpiry = remediate.RevertOnExpiry
		c.Limits.PerPolicyHour = 1
	})
	var asked []finding.Finding
	for _, c := range g.exposed(1, 2) {
		asked = append(asked, g.handle(c).Findings[0])
		g.pass(time.Second)
	}
	g.want(g.sweepAt(asked[0]), state.Reverted, "")
	f := g.sweepAt(asked[1])
	g.want(f, state.Expired, "rate: 1 automatic reverts in the last hour for policy no-public-invoker, the limit is 1")
	if f.Limit != "policy no-public-invoker" {
		t.Errorf("its limit is %q", f.Limit)
	}
}

// pendingElsewhere is a finding of the same policy on another resource.
func pendingElsewhere(g *rig) finding.Finding {
	other := cloud.RunResource(cloud.RunService, "other", "europe-west1", "x")
	return finding.Finding{
		ID: "elsewhere", Policy: public, Resource: other, Change: cloud.Change{Resource: other},
		Plan: judge.NewPlan([]judge.Step{{Kind: policies.RemoveGrants, Resource: other}}, ""),
	}
}

func TestUnreadableFindingsDoNotKeepOthersOutOfTheSweep(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{identity: policies.Approve})
	for i := range 201 {
		g.stuck(fmt.Sprint("stuck-", i))
	}
	f := pendingElsewhere(g)
	f.State, f.ExpiresAt, f.DueAt = state.Pending, g.Clock(), g.Clock()
	_, err := g.Store.Create(t.Context(), f)
	g.must(err)
	g.cloud.Fail("GetService", 1_000_000, codes.Internal)
	for range 3 {
		if _, err := g.Sweep(t.Context()); err == nil && g.stored(f.ID).State == state.Pending {
			t.Error("the sweep hides that it could not read")
		}
	}
	g.want(g.stored(f.ID), state.Expired, "")
}

func TestAnUnreadableFindingFailsInTheEnd(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{identity: policies.Approve})
	g.stuck("stuck")
	g.cloud.Fail("GetService", 1_000_000, codes.Internal)
	for !g.stored("stuck").State.Ended() {
		g.pass(2 * time.Hour)
		_, _ = g.Sweep(t.Context())
	}
	g.want(g.stored("stuck"), state.Failed, "could not be read")
}

// stuck stores a finding that waits for the other half of a deploy, and is due.
func (g *rig) stuck(id string) {
	g.t.Helper()
	c := defaultDeploy(g, cloud.FirstHalf, "user:"+mallory)
	_, err := g.Store.Create(g.t.Context(), finding.Finding{
		ID: id, Policy: identity, Resource: c.Resource, Change: c, State: state.Waiting, DueAt: g.Clock().Add(-time.Hour),
	})
	g.must(err)
}

func TestNoticesThatFailDoNotCostARevertItsAttempts(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.told.failing = errors.New("slack is down")
	g.cloud.Fail("Services.SetIamPolicy", 7, codes.Unavailable)
	f := g.one()
	most := 0
	for tries := 0; !f.State.Ended() && tries < 500; tries++ { // most of them to tell people
		f = g.sweepAt(f)
		most = max(most, f.Tries(finding.Notify))
	}
	if g.want(f, state.Reverted, ""); most <= finding.MaxAttempts {
		t.Errorf("people were tried to be told %d times meanwhile", most)
	}
}

func TestAnExpiryIsNotPutOffByANoticeThatFails(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve})
	g.told.failing = errors.New("slack is down")
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	for g.Clock().Before(f.ExpiresAt) {
		f = g.sweepAt(f)
	}
	g.want(f, state.Expired, "")
	if g.Clock().After(f.ExpiresAt) {
		t.Errorf("expired at %s, want %s", g.Clock(), f.ExpiresAt)
	}
}
