package remediate_test

import (
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

func TestAVoteDoesNotCountOnceTheVoterMadeTheChange(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve}, func(c *setup) {
		c.Authority.Quorum = map[finding.Choice]int{finding.ChooseKeep: 2}
		c.Authority.Approvers["user:bob@example.com"] = true
	})
	c := cloud.Change{
		ID: "1", Time: g.Clock(), Resource: apiResource(t), Verb: cloud.SetPolicy, Actor: cloud.Actor{Principal: "user:ci@example.com"},
	}
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.events()
	f := g.handle(c).Findings[0]
	keep := func(who string) finding.Finding {
		f, err := g.Answer(t.Context(), f.ID, finding.Answer{
			Choice: finding.ChooseKeep, Principal: who, Digest: f.Plan.Digest, Revision: g.stored(f.ID).Revision, Reason: "by design",
		})
		g.must(err)
		return f
	}
	keep("user:" + mallory)
	c.ID, c.Actor.Principal = "2", "user:"+mallory // who now makes the same change
	g.handle(c)
	if got := keep("user:ada@example.com"); got.State != state.Pending {
		t.Errorf("kept by %s's vote on their own change: %s", mallory, got.Why)
	}
	if got := keep("user:bob@example.com"); got.State != state.Kept {
		t.Errorf("two others kept it, and it is %s", got.State)
	}
}

func TestWhoActedThroughTheSameAccountIsAnActorToo(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.events()
	c := cloud.Change{ID: "1", Time: g.Clock(), Resource: apiResource(t), Verb: cloud.SetPolicy,
		Actor: cloud.Actor{Principal: "serviceAccount:ci@pay-prod.iam.gserviceaccount.com", Delegation: []string{"user:bob@example.com"}}}
	f := g.handle(c).Findings[0]
	c.ID, c.Actor.Delegation = "2", []string{"user:" + mallory}
	g.handle(c)
	_, err := g.Answer(t.Context(), f.ID, finding.Answer{Choice: finding.ChooseKeep, Principal: "user:" + mallory, Digest: f.Plan.Digest, Reason: "by design"})
	if err == nil || !strings.Contains(err.Error(), "cannot keep it") {
		t.Errorf("answer keep: %v, want a refusal", err)
	}
}

func TestAnEntryThatNamesNobodyTakesTwoToKeep(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.events()
	f := g.handle(cloud.Change{ID: "1", Time: g.Clock(), Resource: apiResource(t), Verb: cloud.SetPolicy}).Findings[0]
	f, err := g.Answer(t.Context(), f.ID, finding.Answer{Choice: finding.ChooseKeep, Principal: "user:" + mallory, Digest: f.Plan.Digest, Reason: "by design"})
	g.must(err)
	g.want(f, state.Pending, "1 of 2")
}

func TestSomebodyActingThroughRescindIsNotRescind(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	c := g.events()[0]
	agent := "serviceAccount:service-264172533001@serverless-robot-prod.iam.gserviceaccount.com"
	for _, tt := range []struct {
		actor cloud.Actor
		want  remediate.OutcomeKind
	}{
		{cloud.Actor{Principal: "serviceAccount:" + self}, remediate.OwnChange},
		{cloud.Actor{Principal: "serviceAccount:" + self, Delegation: []string{agent}}, remediate.OwnChange},
		{cloud.Actor{Principal: "serviceAccount:" + self, Delegation: []string{agent, "user:" + mallory}}, remediate.Found},
	} {
		c.Actor = tt.actor
		if o := g.handle(c); o.Kind != tt.want {
			t.Errorf("%+v: %s, want %s", tt.actor, o.Kind, tt.want)
		}
	}
}
