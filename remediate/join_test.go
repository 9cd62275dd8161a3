package remediate_test

import (
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/run/apiv2/runpb"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/state"
)

func TestAnotherGrantDoesNotCloseTheQuestionAboutTheFirst(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{editor: policies.Approve})
	g.grant("projects/pay-prod", "roles/editor", "serviceAccount:"+apiAccount)
	first := g.one()
	g.grant("projects/pay-prod", "roles/editor", "serviceAccount:job@pay-prod.iam.gserviceaccount.com")
	second := g.one()
	g.want(g.stored(first.ID), state.Pending, "")
	g.want(second, state.Pending, "")
}

func TestADeployDoesNotCloseTheQuestionAboutApublicGrant(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	g.must(g.cloud.PutService(&runpb.Service{Name: apiPath, InvokerIamDisabled: true,
		Template: &runpb.RevisionTemplate{ServiceAccount: apiAccount, Containers: []*runpb.Container{{Image: "example.com/app:v2"}}}}))
	c := defaultDeploy(g, cloud.Whole, "user:"+mallory)
	c.Workload.InvokerCheckDisabled = cloud.KnownFlag(true)
	g.want(g.handle(c).Findings[0], state.Pending, "")
	g.want(g.stored(f.ID), state.Pending, "")
}

func TestAnAddressInAnotherCaseIsStillTheMember(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{editor: policies.Revert})
	g.grant("projects/pay-prod", "roles/editor", "serviceAccount:"+apiAccount)
	events := g.events()
	c := events[len(events)-1]
	for i := range c.Deltas {
		c.Deltas[i].Grant.Member = cloud.Member("serviceAccount:" + strings.ToUpper(apiAccount[:3]) + apiAccount[3:])
	}
	fs := g.handle(c).Findings
	if len(fs) != 1 || fs[0].State != state.Reverted {
		t.Fatalf("findings %+v, want a revert", fs)
	}
	if got := g.members("projects/pay-prod", "roles/editor"); len(got) != 0 {
		t.Errorf("editors: %v, want none", got)
	}
}

// What something else came upon first is reverted all the same when the event
// of the change that made it comes, as it would have been in the other order.
func TestAQuestionOfSomebodyElsesChangeDoesNotKeepThePolicyFromReverting(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]func(*rig, []cloud.Change) cloud.Change{
		"a deploy as the account": func(g *rig, cs []cloud.Change) cloud.Change { return cs[len(cs)-1] },
		"an entry that does not say what it added": func(_ *rig, cs []cloud.Change) cloud.Change {
			c := cs[0]
			c.ID, c.HasDelta, c.Deltas = "another", false, nil
			return c
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t, set{editor: policies.Revert})
			g.grant("projects/pay-prod", "roles/editor", "serviceAccount:"+apiAccount)
			g.deploy(apiAccount)
			changes := g.events()
			asked := g.handle(first(g, changes)).Findings[0]
			g.want(asked, state.Pending, "")
			var reverted []state.State
			for _, f := range g.handle(changes[0]).Findings {
				reverted = append(reverted, f.State)
			}
			if len(reverted) != 1 || reverted[0] != state.Reverted {
				t.Errorf("the change came to %v, want it reverted", reverted)
			}
			asked = g.stored(asked.ID)
			g.want(asked, state.Superseded, "an event told of the change after all")
			if len(asked.Outbox) > 0 {
				t.Errorf("it still owes %v", asked.Outbox)
			}
		})
	}
}

func TestAQuestionThatALaterChangeReplacesIsToldToHaveEndedAtOnce(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	first := g.one()
	g.grant(apiPath, "roles/run.invoker", "allAuthenticatedUsers")
	second := g.one()
	g.want(second, state.Pending, "")
	first = g.stored(first.ID)
	g.want(first, state.Superseded, "a later change needs another plan")
	if len(first.Outbox) > 0 {
		t.Errorf("it still owes %v", first.Outbox)
	}
}

// The reports of what an account holds would else be as many as its deploys.
func TestWhatAnAccountHeldAllAlongIsReportedOnce(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{editor: policies.Audit})
	g.grant("projects/pay-prod", "roles/editor", "serviceAccount:"+apiAccount)
	g.events() // lost
	g.deploy(apiAccount)
	g.want(g.one(), state.Reported, "held this before")
	g.pass(time.Hour)
	g.deploy(apiAccount)
	g.nothingNew()
}

func TestWhatWasReportedIsReportedAgainWhenSomebodyWritesItAgain(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Audit})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.want(g.one(), state.Reported, "")
	g.pass(time.Hour)
	if again := g.redeployed(); len(again) != 1 || again[0].State != state.Reported {
		t.Errorf("written again it is %+v, want another report", again)
	}
}
