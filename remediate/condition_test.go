package remediate_test

import (
	"slices"
	"testing"

	"cloud.google.com/go/iam/apiv1/iampb"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/state"
	"google.golang.org/genproto/googleapis/type/expr"
	"google.golang.org/grpc/codes"
)

var pilot = &expr.Expr{Title: "pilot", Description: "until the audit", Expression: "request.time < timestamp('2027-01-01T00:00:00Z')"}

// unconditional is a rig in which eve's grant to invoke lost its condition.
func unconditional(t *testing.T, e policies.Enforcement, resource string) (*rig, *iampb.Policy) {
	t.Helper()
	g := confirming(t, set{lostCondition: e})
	return g, g.loseCondition(resource)
}

// loseCondition has mallory drop a condition, and returns the policy before.
func (g *rig) loseCondition(resource string) *iampb.Policy {
	g.t.Helper()
	g.must(g.cloud.PutPolicy(resource, &iampb.Policy{Bindings: []*iampb.Binding{
		{Role: "roles/run.invoker", Members: []string{"user:eve@example.com", "user:pat@example.com"}, Condition: pilot},
		{Role: "roles/run.invoker", Members: []string{"group:frontend@example.com"}},
	}}))
	before := g.policyOf(resource)
	g.editAny(resource, func(p *iampb.Policy) {
		p.Bindings = []*iampb.Binding{
			{Role: "roles/run.invoker", Members: []string{"user:pat@example.com"}, Condition: pilot},
			{Role: "roles/run.invoker", Members: []string{"group:frontend@example.com", "user:eve@example.com"}},
		}
	})
	return before
}

// Whoever makes up an event says what it took away.
func TestR3AForgedRemovalChoosesNoCondition(t *testing.T) {
	t.Parallel()
	const mine = "true || request.time < timestamp('2020-01-01T00:00:00Z')"
	forge := func(c cloud.Change) cloud.Change {
		for i, d := range c.Deltas {
			if d.Action == cloud.Remove {
				c.Deltas[i].Grant.Condition.Expression = mine
			}
		}
		return c
	}
	for name, tt := range map[string]struct {
		rig  func(*testing.T, set, ...func(*setup)) *rig
		says string
	}{
		"looked up in Cloud Logging": {confirming, "no removal of"},
		"taken as it comes":          {newRig, "without guardrails.confirm_entry nothing bears that out"},
	} {
		t.Run(name, func(t *testing.T) {
			g := tt.rig(t, set{lostCondition: policies.Revert})
			g.loseCondition("projects/pay-prod")
			g.want(g.handleOne(forge(g.events()[0])), state.Pending, tt.says)
			if n := g.writes(); n != 0 {
				t.Errorf("%d writes", n)
			}
		})
	}
}

func TestAConditionIsPutBackExactly(t *testing.T) {
	t.Parallel()
	for _, resource := range []string{"projects/pay-prod", folderPath, orgPath} {
		for name, fault := range map[string]func(*rig){
			"at once":           func(*rig) {},
			"after a lost race": func(g *rig) { g.cloud.Fail("SetIamPolicy", 1, codes.Aborted) },
		} {
			t.Run(resource+" "+name, func(t *testing.T) {
				g, before := unconditional(t, policies.Revert, resource)
				fault(g)
				f := g.one()
				g.want(f, state.Reverted, "put back roles/run.invoker to user:eve@example.com if request.time")
				if d := sameBindings(before, g.policyOf(resource)); d != "" {
					t.Errorf("policy (-before +after):\n%s", d)
				}
				s := f.Plan.Steps[0]
				if i := s.Inverse(); !slices.Equal(i.Before.Grants, s.After.Grants) || !slices.Equal(i.After.Grants, s.Before.Grants) {
					t.Errorf("the inverse of %+v is %+v", s, i)
				}
			})
		}
	}
}

func TestAConditionIsNotPutBackForWhoeverLostTheGrantSince(t *testing.T) {
	t.Parallel()
	g, _ := unconditional(t, policies.Approve, "projects/pay-prod")
	f := g.one()
	g.editAny("projects/pay-prod", func(p *iampb.Policy) {
		p.Bindings = []*iampb.Binding{{Role: "roles/run.invoker", Members: []string{"group:frontend@example.com"}}}
	})
	g.events()
	f = g.approve(f)
	g.want(f, state.Superseded, "already fixed")
	if got := g.members("projects/pay-prod", "roles/run.invoker"); !slices.Equal(got, []string{"group:frontend@example.com"}) {
		t.Errorf("invokers are %v", got)
	}
}

func TestADeniedConditionNamesThePermission(t *testing.T) {
	t.Parallel()
	g, _ := unconditional(t, policies.Revert, folderPath)
	g.cloud.Fail("SetIamPolicy", 10, codes.PermissionDenied)
	g.want(g.one(), state.Blocked, "permission resourcemanager.folders.setIamPolicy missing on //cloudresourcemanager.googleapis.com/folders/4001")
}
