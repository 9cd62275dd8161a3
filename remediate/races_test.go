package remediate_test

import (
	"slices"
	"testing"
	"time"

	run "cloud.google.com/go/run/apiv2"
	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/state"
	"google.golang.org/api/option"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

func TestALostRaceStartsOverOnFreshState(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.cloud.Fail("Services.SetIamPolicy", 2, codes.Aborted)
	g.want(g.one(), state.Reverted, "verified")
	if slices.Contains(g.members(apiPath, "roles/run.invoker"), "allUsers") {
		t.Error("allUsers is still there")
	}
}

func TestARaceLostForEverIsTriedAgainBySweeps(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.cloud.Fail("Services.SetIamPolicy", 7, codes.Aborted)
	f := g.one()
	g.want(f, state.Applying, "somebody else keeps changing it")
	g.pass(f.DueAt.Sub(g.Clock()))
	if _, err := g.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	g.want(g.stored(f.ID), state.Reverted, "verified")
}

func TestTheRevisionNameTrapIsStepped(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{identity: policies.Revert})
	g.must(g.cloud.PutService(&runpb.Service{Name: apiPath, Template: &runpb.RevisionTemplate{
		Revision: "api-00007-abc", ServiceAccount: apiAccount, Containers: []*runpb.Container{{Image: appImage}}}}))
	c, err := run.NewServicesClient(t.Context(), option.WithGRPCConn(g.conn))
	g.must(err)
	_, err = c.UpdateService(t.Context(), &runpb.UpdateServiceRequest{
		Service:    &runpb.Service{Name: apiPath, Template: &runpb.RevisionTemplate{Revision: "api-00008-abc", ServiceAccount: defaultAccount}},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"template.service_account", "template.revision"}},
	})
	g.must(err)
	g.want(g.one(), state.Reverted, "")
	if got := g.identity(apiPath); got != apiAccount {
		t.Errorf("runs as %s, want %s", got, apiAccount)
	}
}

func TestARevisionThatNeverStartsIsNotCalledReverted(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{identity: policies.Revert})
	g.deploy(defaultAccount)
	g.cloud.RefuseToStart(apiAccount)
	f := g.one()
	if f.State == state.Reverted {
		t.Fatalf("the finding is reverted (%s), while the bad revision keeps serving", f.Why)
	}
	for range 20 {
		if f.State.Ended() {
			break
		}
		g.pass(2 * time.Hour)
		if _, err := g.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		f = g.stored(f.ID)
	}
	g.want(f, state.Failed, "")
}
