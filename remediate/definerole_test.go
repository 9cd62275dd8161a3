package remediate_test

import (
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/state"
)

// What a role allows is asked of Google Cloud again once it was changed, and that it came
// to allow an invocation is asked of a person: who holds it is not in the entry.
func TestARoleThatGainsAnInvocationIsAskedAbout(t *testing.T) {
	t.Parallel()
	const caller = "projects/pay-prod/roles/caller"
	g := newRig(t, set{public: policies.Revert})
	g.cloud.PutRole(caller, "run.services.get")
	g.grant(apiPath, caller, "allUsers")
	if got := g.deliver(); len(got) > 0 {
		t.Fatalf("a role that cannot invoke is found: %+v", got)
	}
	g.cloud.PutRole(caller, "run.services.get", "run.routes.invoke")
	defined := cloud.Change{
		ID: "role", InsertID: "role", Time: g.Clock(), Service: "iam.googleapis.com", Method: "google.iam.admin.v1.UpdateRole",
		Verb: cloud.DefineRole, Resource: cloud.ProjectResource("pay-prod"), Actor: cloud.Actor{Principal: "user:" + mallory},
		Role: &cloud.RoleChange{Name: caller, Gained: true},
	}
	out := g.handle(defined)
	if len(out.Findings) != 1 {
		t.Fatalf("%+v, want one finding", out)
	}
	g.want(out.Findings[0], state.Pending, "who holds "+caller+" is unknown")
	if len(out.Findings[0].Plan.Steps) > 0 {
		t.Errorf("the plan is %+v", out.Findings[0].Plan)
	}
	// The answer of before is not kept: the next grant of the role is judged by what it is now.
	g.grant(g.addService(1), caller, "allUsers")
	g.want(g.one(), state.Reverted, "")
}
