package remediate_test

import (
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/run/apiv2/runpb"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

func apiResource(t *testing.T) cloud.Resource {
	t.Helper()
	api, err := cloud.ParseResource("//run.googleapis.com/" + apiPath)
	if err != nil {
		t.Fatal(err)
	}
	return api
}

// defaultDeploy is an entry of an update that makes the service run as a
// default account.
func defaultDeploy(g *rig, h cloud.Half, who string) cloud.Change {
	api := apiResource(g.t)
	return cloud.Change{
		ID: "operation:1", Half: h, Operation: "1", Time: g.Clock(), Resource: api, Verb: cloud.Update,
		Service: "run.googleapis.com", Method: "google.cloud.run.v2.Services.UpdateService", Actor: cloud.Actor{Principal: who},
		Workload: &cloud.Workload{Resource: api, Identity: cloud.KnownIdentity(defaultAccount), InvokerCheckDisabled: cloud.Flag{Knowledge: cloud.Unchanged}},
	}
}

func (g *rig) handle(c cloud.Change) remediate.Outcome {
	g.t.Helper()
	o, err := g.Handle(g.t.Context(), c)
	g.must(err)
	return o
}

func TestTheHalvesOfAnOperationAreOneChangeInEitherOrder(t *testing.T) {
	t.Parallel()
	for _, order := range [][]cloud.Half{{cloud.FirstHalf, cloud.LastHalf}, {cloud.LastHalf, cloud.FirstHalf}} {
		t.Run(string(order[0])+" half first", func(t *testing.T) {
			g := newRig(t, set{identity: policies.Approve})
			g.deploy(defaultAccount)
			g.events()
			for _, h := range order {
				who := "user:" + mallory
				if h == cloud.LastHalf {
					who = cloud.UnknownActor
				}
				g.handle(defaultDeploy(g, h, who))
			}
			fs, err := g.Store.Findings(t.Context(), finding.Query{})
			g.must(err)
			if len(fs) != 1 || len(fs[0].Actors) != 1 || fs[0].Actors[0].Principal != "user:"+mallory {
				t.Errorf("findings %+v, want one, made by %s", fs, mallory)
			}
		})
	}
}

func TestALastHalfThatShowsLateIsNotLost(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{identity: policies.Approve})
	f := g.handle(defaultDeploy(g, cloud.FirstHalf, "user:"+mallory)).Findings[0]
	g.want(g.sweepAt(f), state.Superseded, "")
	g.deploy(defaultAccount) // the operation took longer than that
	g.events()
	last := defaultDeploy(g, cloud.LastHalf, cloud.UnknownActor)
	fs := g.handle(last).Findings
	if len(fs) != 1 || fs[0].State != state.Pending || fs[0].ID == f.ID {
		t.Fatalf("findings %+v, want a question, and the ended finding left alone", fs)
	}
	if o := g.handle(last); o.Kind != remediate.Duplicate {
		t.Errorf("again: %s, want duplicate", o.Kind)
	}
}

func TestAnUpdateOfSomethingElseDoesNotJudgeAnOldIdentity(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{identity: policies.Revert})
	g.deploy(defaultAccount)
	g.events()
	c := defaultDeploy(g, cloud.Whole, "user:"+mallory)
	c.Workload.Identity = cloud.Identity{Knowledge: cloud.Unchanged} // the mask named the labels
	if o := g.handle(c); len(o.Findings) != 0 {
		t.Errorf("findings %+v, want none: the change did not touch the identity", o.Findings)
	}
	if got := g.identity(apiPath); got != defaultAccount {
		t.Errorf("runs as %s: a change of the labels reverted the identity", got)
	}
}

func TestAJoinedChangeThatComesAgainJoinsOnce(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	g.editPolicy(apiPath, func(*iampb.Policy) {})
	c := g.events()[0]
	c.Half = cloud.FirstHalf // which is never marked as handled
	for range 3 {
		g.handle(c)
	}
	joined := 0
	for _, e := range g.stored(f.ID).Timeline {
		if strings.Contains(e.What, "the same change again") {
			joined++
		}
	}
	if joined != 1 {
		t.Errorf("joined %d times, want once", joined)
	}
}

func TestAFirstHalfThatComesLastNamesWhoMadeItInEveryFindingOfTheOperation(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{identity: policies.Approve, public: policies.Approve})
	g.must(g.cloud.PutService(&runpb.Service{Name: apiPath, InvokerIamDisabled: true, Template: &runpb.RevisionTemplate{ServiceAccount: defaultAccount}}))
	half := func(h cloud.Half, who string) remediate.Outcome {
		c := defaultDeploy(g, h, who)
		c.Workload.InvokerCheckDisabled = cloud.KnownFlag(true)
		return g.handle(c)
	}
	fs := half(cloud.LastHalf, cloud.UnknownActor).Findings
	half(cloud.FirstHalf, "user:"+mallory)
	if len(fs) != 2 {
		t.Fatalf("%d findings, want one of each policy", len(fs))
	}
	for _, f := range fs {
		if f = g.stored(f.ID); len(f.Actors) != 1 || f.Actors[0].Principal != "user:"+mallory {
			t.Errorf("that of %s names %+v", f.Policy, f.Actors)
		}
	}
}

func TestALastHalfThatNamesWhoMadeItNamesThemInAFindingThatIsOpen(t *testing.T) {
	t.Parallel()
	for _, kept := range []bool{false, true} {
		g := newRig(t, set{identity: policies.Approve}, withBob)
		g.deploy(defaultAccount)
		g.events()
		f := g.handleOne(defaultDeploy(g, cloud.FirstHalf, cloud.UnknownActor))
		want := "user:" + mallory
		if kept {
			f.State, f.EndedAt, f.Outbox, f.DueAt, want = state.Kept, g.Clock(), nil, time.Time{}, cloud.UnknownActor
			_, err := g.Store.Update(t.Context(), f)
			g.must(err)
		}
		again := g.handleOne(defaultDeploy(g, cloud.LastHalf, "user:"+mallory))
		if again.ID != f.ID || len(again.Actors) != 1 || again.Actors[0].Principal != want {
			t.Errorf("finding %s, kept %t, names %+v, want %s", again.ID, kept, again.Actors, want)
		}
	}
}
