package remediate_test

import (
	"slices"
	"testing"
	"time"

	"cloud.google.com/go/orgpolicy/apiv2/orgpolicypb"
	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/state"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/emptypb"
)

// weaken has mallory set a policy of the project's own that enforces nothing.
func (g *rig) weaken(method string, on bool) {
	g.t.Helper()
	p := &orgpolicypb.Policy{
		Name: "projects/pay-prod/policies/" + constraint,
		Spec: &orgpolicypb.PolicySpec{Rules: []*orgpolicypb.PolicySpec_PolicyRule{{Kind: &orgpolicypb.PolicySpec_PolicyRule_Enforce{Enforce: on}}}},
	}
	var request proto.Message = &orgpolicypb.CreatePolicyRequest{Parent: "projects/pay-prod", Policy: p}
	if method == "UpdatePolicy" {
		request = &orgpolicypb.UpdatePolicyRequest{Policy: p}
	}
	g.must(g.conn.Invoke(g.t.Context(), "/google.cloud.orgpolicy.v2.OrgPolicy/"+method, request, &orgpolicypb.Policy{}))
}

// ownPolicy reports whether the project has a policy of its own.
func (g *rig) ownPolicy() bool {
	return slices.ContainsFunc(g.cloud.State().Constraints, func(c sim.ConstraintState) bool { return c.Container == "projects/pay-prod" })
}

func TestAConstraintThatSomebodyOverrodeIsRestoredOnceAPersonSaysSo(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{weakening: policies.Revert})
	g.weaken("CreatePolicy", false)
	f := g.one()
	g.want(f, state.Pending, "an organization policy is never changed without being asked")
	g.cloud.Fail("DeletePolicy", 1, codes.Aborted) // somebody else was faster
	f = g.approve(f)
	g.want(f, state.Reverted, "deleted the organization policy, so that what is inherited holds again")
	if g.ownPolicy() {
		t.Error("the project still has a policy of its own")
	}
	if s := f.Plan.Steps[0].Inverse(); s.Before.OrgPolicy != "" || s.After.OrgPolicy != `{"spec":{"rules":[{"enforce":false}]}}` {
		t.Errorf("the inverse is %+v", s)
	}
}

func TestSilenceNeverRestoresAConstraint(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{weakening: policies.Revert}, func(c *setup) { c.OnExpiry = remediate.RevertOnExpiry })
	g.weaken("CreatePolicy", false)
	f := g.one()
	g.pass(2 * time.Hour)
	_, err := g.Sweep(t.Context())
	g.must(err)
	g.want(g.stored(f.ID), state.Expired, "a guardrail wants a person to decide")
}

func TestAConstraintWhosePolicyBeforeIsNotKnownIsNeverGuessed(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{weakening: policies.Revert})
	g.weaken("CreatePolicy", true)
	g.events()
	g.weaken("UpdatePolicy", false)
	f := g.one()
	g.want(f, state.Pending, "what the organization policy was before is not recorded")
	if f.Plan.Executable() {
		t.Error("the plan is executable")
	}
}

func TestAConstraintThatSomebodyRestoredFirstIsSuperseded(t *testing.T) {
	t.Parallel()
	for name, restore := range map[string]func(*rig){
		"by an update": func(g *rig) { g.weaken("UpdatePolicy", true) },
		"by a delete": func(g *rig) {
			name := &orgpolicypb.DeletePolicyRequest{Name: "projects/pay-prod/policies/" + constraint}
			g.must(g.conn.Invoke(t.Context(), "/google.cloud.orgpolicy.v2.OrgPolicy/DeletePolicy", name, &emptypb.Empty{}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t, set{weakening: policies.Approve})
			g.weaken("CreatePolicy", false)
			change := g.events()
			restore(g)
			g.events()
			f := g.stored(g.handle(change[0]).Findings[0].ID)
			g.want(f, state.Superseded, "")
		})
	}
}

func TestAConstraintThatSomebodyChangedAgainIsNotTakenAway(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{weakening: policies.Approve})
	g.weaken("CreatePolicy", false)
	change := g.events()
	reset := &orgpolicypb.UpdatePolicyRequest{Policy: &orgpolicypb.Policy{
		Name: "projects/pay-prod/policies/" + constraint, Spec: &orgpolicypb.PolicySpec{Reset_: true},
	}}
	g.must(g.conn.Invoke(t.Context(), "/google.cloud.orgpolicy.v2.OrgPolicy/UpdatePolicy", reset, &orgpolicypb.Policy{}))
	g.events()
	f := g.stored(g.handle(change[0]).Findings[0].ID)
	g.want(f, state.Pending, "the organization policy was changed again since")
	if f.Plan.Executable() {
		t.Error("the plan is executable")
	}
}

func TestAConstraintThatSomebodyChangedMeanwhileIsLeft(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{weakening: policies.Approve})
	g.weaken("CreatePolicy", false)
	f := g.one()
	g.weaken("UpdatePolicy", true)
	g.events()
	g.want(g.approve(f), state.Superseded, "the organization policy is another one now")
	if !g.ownPolicy() {
		t.Error("the project's policy is gone")
	}
}

func TestADeniedConstraintNamesThePermission(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{weakening: policies.Approve})
	g.weaken("CreatePolicy", false)
	f := g.one()
	g.cloud.Fail("DeletePolicy", 10, codes.PermissionDenied)
	g.want(g.approve(f), state.Blocked, "permission orgpolicy.policies.delete missing on //orgpolicy.googleapis.com/projects/pay-prod/policies/"+constraint)
}
