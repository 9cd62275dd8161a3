package remediate_test

import (
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
	"google.golang.org/grpc/codes"
)

func TestADuplicateDoesNothing(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	events := g.events()
	for i := range 3 {
		for _, c := range events {
			o, err := g.Handle(t.Context(), c)
			g.must(err)
			if i > 0 && o.Kind != remediate.Duplicate {
				t.Errorf("delivery %d: %s, want duplicate", i+1, o.Kind)
			}
		}
	}
	if n := g.writes(); n != 1 {
		t.Errorf("%d writes, want one", n)
	}
}

func TestTheSameMessageManyTimesAtOnceHasOneEffect(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	events := g.events()
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			for _, c := range events {
				if _, err := g.Handle(t.Context(), c); err != nil && !errors.Is(err, fault.ErrConflict) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := g.writes(); n != 1 {
		t.Errorf("%d writes, want one", n)
	}
	fs, err := g.Store.Findings(t.Context(), finding.Query{})
	g.must(err)
	if len(fs) != 1 || fs[0].State != state.Reverted {
		t.Errorf("findings: %+v, want one that is reverted", fs)
	}
}

func TestAFailureThatMayPassBringsTheMessageBack(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	events := g.events()
	g.cloud.Fail("Services.GetIamPolicy", 1, codes.Unavailable)
	if _, err := g.Handle(t.Context(), events[0]); err == nil {
		t.Fatal("handled, want an error so that the message comes again")
	}
	o, err := g.Handle(t.Context(), events[0])
	g.must(err)
	if len(o.Findings) != 1 || o.Findings[0].State != state.Reverted {
		t.Errorf("the second delivery came to %+v, want a revert", o)
	}
}

func TestEditorOnARuntimeIdentityIsFoundInEitherOrder(t *testing.T) {
	t.Parallel()
	t.Run("the deploy first", func(t *testing.T) {
		g := newRig(t, set{editor: policies.Revert})
		g.grant("projects/pay-prod", "roles/editor", "serviceAccount:"+apiAccount)
		f := g.one()
		g.want(f, state.Reverted, "removed roles/editor to serviceAccount:"+apiAccount)
		if got := g.members("projects/pay-prod", "roles/editor"); len(got) != 0 {
			t.Errorf("editors: %v, want none", got)
		}
		if got := g.members("projects/pay-prod", "roles/owner"); len(got) != 1 {
			t.Errorf("owners: %v, want the group that was there", got)
		}
	})
	t.Run("the grant first", func(t *testing.T) {
		g := newRig(t, set{editor: policies.Revert})
		const idle = "idle@pay-prod.iam.gserviceaccount.com"
		g.grant("projects/pay-prod", "roles/editor", "serviceAccount:"+idle)
		if fs := g.deliver(); len(fs) != 0 {
			t.Fatalf("findings: %+v, want none: nothing runs as the account", fs)
		}
		g.deploy(idle)
		f := g.one()
		g.want(f, state.Pending, "held this before")
		if f.Resource != cloud.ProjectResource("pay-prod") {
			t.Errorf("the finding is on %s, want the project that holds the grant", f.Resource)
		}
		told := len(g.told.states)
		g.deploy(apiAccount)
		g.deploy(idle)
		g.deliver()
		if len(g.told.states) != told {
			t.Errorf("people were told %v again", g.told.states[told:])
		}
		fs, err := g.Store.Findings(t.Context(), finding.Query{Policy: editor})
		g.must(err)
		if len(fs) != 1 {
			t.Errorf("%d findings after two more deploys, want the one", len(fs))
		}
	})
}

func TestAGrantNoEventToldOfIsFoundAtTheNextDeploy(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{editor: policies.Approve})
	g.deploy(apiAccount)
	g.deliver() // the account is known to run a workload
	g.grant("projects/pay-prod", "roles/editor", "serviceAccount:"+apiAccount)
	g.events() // and this event is lost
	g.deploy(apiAccount)
	g.want(g.one(), state.Pending, "held this before")
}

func TestAFirstHalfWaitsForStateToShow(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{identity: policies.Approve})
	api, err := cloud.ParseResource("//run.googleapis.com/" + apiPath)
	g.must(err)
	first := cloud.Change{
		ID: "operation:1", Half: cloud.FirstHalf, Operation: "1", Time: g.Clock(), Resource: api, Verb: cloud.Update,
		Service: "run.googleapis.com", Method: "google.cloud.run.v2.Services.UpdateService", Actor: cloud.Actor{Principal: "user:" + mallory},
		Workload: &cloud.Workload{Resource: api, Identity: cloud.KnownIdentity(defaultAccount), InvokerCheckDisabled: cloud.Flag{Knowledge: cloud.Unchanged}},
	}
	o, err := g.Handle(t.Context(), first)
	g.must(err)
	f := g.stored(o.Findings[0].ID)
	g.want(f, state.Waiting, "does not show the change yet")

	g.deploy(defaultAccount)
	g.events()
	g.pass(f.DueAt.Sub(g.Clock()))
	_, err = g.Sweep(t.Context())
	g.must(err)
	g.want(g.stored(f.ID), state.Pending, "")
}

func TestAFirstHalfThatNeverShowsIsSuperseded(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{identity: policies.Revert})
	api, err := cloud.ParseResource("//run.googleapis.com/" + apiPath)
	g.must(err)
	o, err := g.Handle(t.Context(), cloud.Change{
		ID: "operation:1", Half: cloud.FirstHalf, Time: g.Clock(), Resource: api, Verb: cloud.Update, Actor: cloud.Actor{Principal: "user:" + mallory},
		Workload: &cloud.Workload{Resource: api, Identity: cloud.KnownIdentity(defaultAccount), InvokerCheckDisabled: cloud.Flag{Knowledge: cloud.Unchanged}},
	})
	g.must(err)
	g.pass(30 * time.Second)
	_, err = g.Sweep(t.Context())
	g.must(err)
	g.want(g.stored(o.Findings[0].ID), state.Superseded, "live state no longer shows it")
}
