package remediate_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/run/apiv2/runpb"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

const exemptReason = "signed webhook receiver"

// exempt excepts the finding by ada and bob, for so long.
func (g *rig) exempt(f finding.Finding, d time.Duration) finding.Finding {
	g.t.Helper()
	a := finding.Answer{Choice: finding.ChooseExempt, Principal: ada, Digest: f.Plan.Digest, Reason: exemptReason, Until: g.Clock().Add(d)}
	if a.Digest == "" {
		a.Digest = finding.NoPlan
	}
	f, err := g.Answer(g.t.Context(), f.ID, a)
	g.must(err)
	g.want(f, state.Pending, "1 of 2: "+exemptReason)
	a.Principal, a.Until = bob, a.Until.Add(time.Hour) // the earlier end is the one that both said
	f, err = g.Answer(g.t.Context(), f.ID, a)
	g.must(err)
	g.want(f, state.Exempted, "exempt until "+g.Clock().Add(d).Format(time.RFC3339)+" by "+ada+" ("+exemptReason+") and "+bob)
	return g.stored(f.ID)
}

func withBob(c *setup) { c.Authority.Approvers[bob] = true }

// redeployed is what every gcloud deploy does to a policy: written as it was.
func (g *rig) redeployed() []finding.Finding {
	g.t.Helper()
	g.editPolicy(apiPath, func(*iampb.Policy) {})
	return g.deliver()
}

func TestWhatIsExemptIsNeitherAskedNorToldUntilTheExemptionEnds(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert}, withBob, func(c *setup) { c.Judge.MaxEventAge = time.Nanosecond })
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.pass(time.Minute) // too old to be reverted unasked
	f := g.exempt(g.one(), 8*time.Hour)
	if f.Exemption == nil || !slices.Equal(f.Exemption.Grants, f.Plan.Steps[0].Before.Grants) {
		t.Fatalf("exemption %+v, want one of the plan's grants", f.Exemption)
	}
	f, err := g.Work(t.Context(), f.ID)
	g.must(err)
	g.told.states = nil

	g.pass(7 * time.Hour)
	again := g.redeployed()
	if len(again) != 1 || again[0].Verdict != policies.Exempt || again[0].Decision != judge.DoNothing || !again[0].Plan.Empty() {
		t.Fatalf("found %+v; want one that is exempt, with nothing to do", again)
	}
	g.want(again[0], state.Exempted, f.Why+", finding "+f.ID)
	g.scanNone(apiService, f.ID)
	if len(g.told.states) > 0 || g.writes() > 0 {
		t.Errorf("people were told %v", g.told.states)
	}

	g.pass(time.Hour)
	if ended := g.redeployed(); len(ended) != 1 || ended[0].State != state.Pending && ended[0].State != state.Reverted {
		t.Errorf("after the end: %+v; want it raised again", ended)
	}
}

func TestAScanRaisesWhatWasExemptOnceTheExemptionEnds(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve}, withBob)
	g.unseen(apiPath, "roles/run.invoker", "allUsers")
	f := g.exempt(g.scanOne(apiService), time.Hour)
	g.pass(59 * time.Minute)
	g.scanNone(apiService, f.ID)
	g.pass(time.Minute)
	if again := g.scanOne(apiService); again.ID == f.ID || again.State != state.Pending {
		t.Errorf("%s is %s; want a new question", again.ID, again.State)
	}
}

func TestAnExemptionCoversItsGrantsAndNoOthers(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert}, withBob, func(c *setup) { c.Limits.Grace = time.Nanosecond })
	g.unseen(apiPath, "roles/run.invoker", "allUsers")
	g.exempt(g.scanOne(apiService), 8*time.Hour)
	g.grant(apiPath, "roles/run.invoker", "allAuthenticatedUsers")
	g.pass(time.Second)
	f := g.one()
	g.want(f, state.Reverted, "in part exempt until")
	if got := f.Plan.Steps[0].Before.Grants; len(got) != 1 || got[0].Member != "allAuthenticatedUsers" {
		t.Errorf("the plan takes %v, want what is not exempt alone", got)
	}
	if got := g.members(apiPath, "roles/run.invoker"); !slices.Contains(got, "allUsers") || slices.Contains(got, "allAuthenticatedUsers") {
		t.Errorf("invokers are %v; want the exempt grant left and the other one gone", got)
	}
}

func TestAnExemptSettingIsLeftWhenAGrantIsTaken(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve}, withBob)
	g.must(g.cloud.PutService(&runpb.Service{Name: apiPath, InvokerIamDisabled: true, Template: &runpb.RevisionTemplate{ServiceAccount: apiAccount}}))
	g.events()
	f := g.exempt(g.scanOne(apiService), 8*time.Hour)
	if len(f.Exemption.Grants) > 0 {
		t.Errorf("the exemption of a setting names grants: %v", f.Exemption.Grants)
	}
	g.scanNone(apiService, f.ID)
	g.unseen(apiPath, "roles/run.invoker", "allUsers")
	more := g.scanOne(apiService)
	if len(more.Plan.Steps) != 1 || more.Plan.Steps[0].Kind != policies.RemoveGrants {
		t.Errorf("the plan is %+v, want the grant alone", more.Plan.Steps)
	}
}

func TestAnIdentityIsExemptAsItIsNamed(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{identity: policies.Approve}, withBob)
	g.deploy(defaultAccount)
	f := g.exempt(g.one(), time.Hour)
	g.deploy(apiAccount)
	g.deliver()
	g.deploy(defaultAccount)
	again := g.deliver()
	if len(again) != 1 {
		t.Fatalf("%d findings, want one", len(again))
	}
	g.want(again[0], state.Exempted, f.ID)
	g.pass(time.Hour)
	g.deploy(apiAccount)
	g.deliver()
	g.deploy(defaultAccount)
	g.want(g.one(), state.Pending, "")
}

func TestSilenceDoesNotRevertWhatIsExemptInTheMeantime(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve}, withBob, func(c *setup) { c.OnExpiry = remediate.RevertOnExpiry })
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	first := g.one()
	g.grant(apiPath, "roles/run.invoker", "allAuthenticatedUsers")
	both := g.one() // supersedes the first, whose grant it takes too
	g.want(g.stored(first.ID), state.Superseded, "")
	kept := first // and somebody excepted that one elsewhere
	kept.ID, kept.State, kept.Exemption = "exempted", state.Exempted, &finding.Exemption{
		Until: g.Clock().Add(24 * time.Hour), Grants: first.Plan.Steps[0].Before.Grants,
	}
	_, err := g.Store.Create(t.Context(), kept)
	g.must(err)
	g.pass(time.Hour)
	_, err = g.Sweep(t.Context())
	g.must(err)
	g.want(g.stored(both.ID), state.Expired, "no longer sees the same violation")
	if got := g.members(apiPath, "roles/run.invoker"); !slices.Contains(got, "allUsers") {
		t.Errorf("invokers are %v; the exempt one was taken", got)
	}
}

func TestAVoteForAnExemptionThatWouldHaveEndedIsGivenAnew(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve}, withBob, func(c *setup) { c.ExpiresIn = 24 * time.Hour })
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	vote := func(who string) (finding.Finding, error) {
		return g.Answer(t.Context(), f.ID, finding.Answer{
			Choice: finding.ChooseExempt, Principal: who, Digest: f.Plan.Digest, Reason: exemptReason, Until: g.Clock().Add(time.Hour),
		})
	}
	_, err := vote(ada)
	g.must(err)
	_, err = vote(ada)
	refused(t, err, "already answered exempt")
	g.pass(2 * time.Hour)
	f, err = vote(bob)
	g.must(err)
	g.want(f, state.Pending, "1 of 2")
	f, err = vote(ada)
	g.must(err)
	g.want(f, state.Exempted, "exempt until "+g.Clock().Add(time.Hour).Format(time.RFC3339))
}

func TestAPreviewCountsWhatAnExemptionWouldHaveCovered(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve}, withBob)
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	past := func(id string, age time.Duration, change func(*finding.Finding)) {
		o := f
		o.ID, o.State, o.CreatedAt = id, state.Reverted, g.Clock().Add(-age)
		if change != nil {
			change(&o)
		}
		_, err := g.Store.Create(t.Context(), o)
		g.must(err)
	}
	const day = 24 * time.Hour
	for _, id := range []string{"1", "2", "3", "4", "5", "6"} {
		past("same "+id, 30*day, nil)
	}
	past("newest", day, nil)
	past("too old", 91*day, nil)
	past("of another policy", day, func(o *finding.Finding) { o.Policy = identity })
	past("an undo", day, func(o *finding.Finding) { o.UndoOf = f.ID })
	past("exempt by the file", day, func(o *finding.Finding) { o.Verdict, o.Plan = policies.Exempt, judge.Plan{} })
	past("wider", day, func(o *finding.Finding) {
		s := o.Plan.Steps[0]
		s.Before.Grants = append(slices.Clone(s.Before.Grants), cloud.Grant{Role: "roles/run.invoker", Member: "allAuthenticatedUsers"})
		o.Plan = judge.NewPlan([]judge.Step{s}, "")
	})
	p, err := g.Desk().Preview(t.Context(), f.ID)
	g.must(err)
	if p.Count != 7 || p.AtLeast || len(p.Examples) != 5 || p.Examples[0].ID != "newest" {
		t.Errorf("%d (at least: %v), %d examples beginning with %+v; want 7, five shown, newest first", p.Count, p.AtLeast, len(p.Examples), p.Examples)
	}
	if want := "policy no-public-invoker on //run.googleapis.com/" + apiPath + ": roles/run.invoker to allUsers, and nothing else"; p.Scope != want {
		t.Errorf("scope:\n%s\nwant:\n%s", p.Scope, want)
	}
	_, err = g.Desk().Preview(t.Context(), "an undo")
	refused(t, err, "an undo cannot be exempted")
	_, err = g.Desk().Preview(t.Context(), "nowhere")
	refused(t, err, "there is no finding nowhere")
	for i := range 500 {
		past(strings.Repeat("x", 1+i), time.Hour, nil)
	}
	if p, err = g.Desk().Preview(t.Context(), f.ID); err != nil || !p.AtLeast || p.Count < 400 {
		t.Errorf("of very many: %d, at least %v, %v", p.Count, p.AtLeast, err)
	}
}
