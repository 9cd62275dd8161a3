package remediate_test

import (
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/state"
)

// move gives the project another folder, and is the change that tells of it.
func (g *rig) move(id, method, folder string) cloud.Change {
	g.cloud.AddFolder(folder, "organizations/77")
	g.cloud.AddProject("pay-prod", "264172533001", "folders/"+folder, "organizations/77")
	return cloud.Change{
		ID: id, InsertID: id, Time: g.Clock(), Service: "cloudresourcemanager.googleapis.com", Method: method, Verb: cloud.Move,
		Resource: cloud.ProjectResource("pay-prod"), Parent: "folders/" + folder, Actor: cloud.Actor{Principal: "user:" + mallory},
	}
}

const invokerConstraint = "run.managed.requireInvokerIam"

const moveProject = "google.cloud.resourcemanager.v3.Projects.MoveProject"

// The constraint is in force at folders/4001, where the project was.
func TestAMoveAwayFromAConstraintIsOneQuestion(t *testing.T) {
	t.Parallel()
	const gone = "no longer covered: projects/pay-prod/locations/europe-west1/services/api"
	for name, tt := range map[string]struct {
		do     func(*rig) cloud.Change
		ends   state.State
		says   string
		unsure bool
	}{
		"it was seen in force before": {func(g *rig) cloud.Change {
			g.grant(apiPath, "roles/run.invoker", "allUsers") // which is judged by it
			g.deliver()
			return g.move("m", moveProject, "9")
		}, state.Pending, gone, false},
		"nobody asked before":            {func(g *rig) cloud.Change { return g.move("m", moveProject, "9") }, state.Pending, "perhaps " + gone, true},
		"it may be a label that was set": {func(g *rig) cloud.Change { return g.move("m", "UpdateProject", "9") }, "", "", false},
		"it is in force there, too": {func(g *rig) cloud.Change {
			g.cloud.SetConstraint("organizations/77", invokerConstraint, true)
			return g.move("m", moveProject, "9")
		}, "", "", false},
		"a tag that no policy asks for":     {func(g *rig) cloud.Change { c := g.move("m", moveProject, "9"); c.Verb = cloud.Tag; return c }, "", "", false},
		"a half that may still have failed": {func(g *rig) cloud.Change { c := g.move("m", moveProject, "9"); c.Half = cloud.FirstHalf; return c }, "", "", false},
	} {
		g := newRig(t, set{weakening: policies.Revert, public: policies.Audit})
		out := g.handle(tt.do(g))
		if (len(out.Findings) == 1) != (tt.ends != "") {
			t.Errorf("%s: %+v", name, out.Findings)
			continue
		}
		if tt.ends == "" {
			continue
		}
		f := out.Findings[0]
		g.want(f, tt.ends, tt.says)
		if (f.Verdict == policies.Unknown) != tt.unsure || f.Resource.String() != "//orgpolicy.googleapis.com/projects/pay-prod/policies/"+invokerConstraint || !f.Plan.Empty() {
			t.Errorf("%s: %s on %s, plan %+v", name, f.Verdict, f.Resource, f.Plan)
		}
	}
}

// After a move what is in force is read again, for whatever is judged then.
func TestAfterAMoveTheConstraintIsReadAgain(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.want(g.one(), state.Reverted, "")
	g.handle(g.move("m", moveProject, "9"))
	g.grant(g.addService(2), "roles/run.invoker", "allUsers")
	if fs := g.deliver(); len(fs) > 0 {
		t.Errorf("judged by what was in force before: %+v", fs)
	}
}
