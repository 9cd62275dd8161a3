package remediate_test

import (
	"testing"

	run "cloud.google.com/go/run/apiv2"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/api/option"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/state"
)

const (
	boxPath    = "projects/pay-prod/locations/europe-west1/instances/box"
	boxAccount = "box@pay-prod.iam.gserviceaccount.com"
)

func (g *rig) createInstance(i *runpb.Instance) {
	g.t.Helper()
	c, err := run.NewInstancesClient(g.t.Context(), option.WithGRPCConn(g.conn))
	g.must(err)
	op, err := c.CreateInstance(g.t.Context(), &runpb.CreateInstanceRequest{Parent: "projects/pay-prod/locations/europe-west1", InstanceId: "box", Instance: i})
	g.must(err)
	_, err = op.Wait(g.t.Context())
	g.must(err)
}

// Nobody but a person can say what an instance is good for, and there is no revision that
// it could go back to.
func TestAnInstanceIsAskedAboutAndNeverReverted(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert, identity: policies.Revert, editor: policies.Revert})
	box := []*runpb.Container{{Image: appImage}}
	g.createInstance(&runpb.Instance{Containers: box, ServiceAccount: boxAccount, InvokerIamDisabled: true})
	f := g.one()
	g.want(f, state.Pending, "an instance is never changed without being asked")
	if f.Policy != public || !f.Plan.Empty() || g.writes() > 0 {
		t.Errorf("%s, plan %+v", f.Policy, f.Plan)
	}
	// What it runs as is a runtime identity, for grants that come later.
	g.grant("projects/pay-prod", "roles/editor", "serviceAccount:"+boxAccount)
	g.want(g.one(), state.Reverted, "")
}

func TestAScanLooksAtInstances(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{identity: policies.Revert})
	g.must(g.cloud.PutInstance(&runpb.Instance{Name: boxPath, Containers: []*runpb.Container{{Image: appImage}}}))
	out, err := g.Scan(t.Context(), cloud.RunResource(cloud.RunInstance, "pay-prod", "europe-west1", "box"))
	g.must(err)
	if len(out.Findings) != 1 {
		t.Fatalf("%+v", out)
	}
	g.want(out.Findings[0], state.Pending, "an instance is never changed without being asked")
}

func TestAnAccountThatOnlyAnInstanceRunsAsIsARuntimeIdentity(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{editor: policies.Revert})
	g.must(g.cloud.PutInstance(&runpb.Instance{Name: boxPath, ServiceAccount: boxAccount, Containers: []*runpb.Container{{Image: appImage}}}))
	g.grant("projects/pay-prod", "roles/editor", "serviceAccount:"+boxAccount)
	g.want(g.one(), state.Reverted, "listed: //run.googleapis.com/"+boxPath)
}
