package remediate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/run/apiv2/runpb"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/group"
	"github.com/rescind-dev/rescind/remediate/state"
)

// littered has a policy of low severity that is broken by whoever grants
// roles/run.viewer, beside the one of high severity on who may invoke.
const littered = `apiVersion: rescind/v1
policies:
  - {name: no-public-invoker, enforcement: revert}
  - {name: no-default-service-account, enforcement: revert}
  - name: no-litter
    title: No viewers of single services
    severity: low
    on: [run.service]
    when: change.added.exists(g, g.role.name == "roles/run.viewer")
    remediation: [remove-grants]
    enforcement: revert
`

// budgeted is a rig with these limits, the policies of littered and a bell.
func budgeted(t *testing.T, l remediate.Limits, change ...func(*setup)) (*rig, *bell) {
	t.Helper()
	p := &bell{}
	return newRig(t, nil, append([]func(*setup){func(c *setup) {
		set, err := policies.Load(policies.File{Name: "litter.yaml", Data: []byte(littered)})
		if err != nil {
			t.Fatal(err)
		}
		c.Judge.Policies, c.Limits, c.OnCall = set, l, []group.PlainPager{p}
	}}, change...)...), p
}

// throwaway breaks the policy of low severity on so many services of a project.
func (g *rig) throwaway(project string, services int) []cloud.Change {
	g.t.Helper()
	g.cloud.AddProject(project, "600", "folders/4001", "organizations/77")
	for s := range services {
		path := cloud.RunResource(cloud.RunService, project, "europe-west1", fmt.Sprint("app-", s)).Path()
		g.must(g.cloud.PutService(&runpb.Service{Name: path, Template: &runpb.RevisionTemplate{ServiceAccount: apiAccount}}))
		g.grant(path, "roles/run.viewer", "user:friend@example.com")
	}
	return g.events()
}

// unasked handles the changes as made by these, in turn, and counts those that are
// reverted unasked.
func (g *rig) unasked(changes []cloud.Change, by ...cloud.Actor) (n int) {
	g.t.Helper()
	for i, c := range changes {
		if len(by) > 0 {
			c.Actor = by[i%len(by)]
		}
		if g.handle(c).Findings[0].Automatic {
			n++
		}
	}
	return n
}

func (g *rig) asksFor(limit, says string) {
	g.t.Helper()
	fs, err := g.Store.Findings(g.t.Context(), finding.Query{States: []state.State{state.Pending}})
	g.must(err)
	for _, f := range fs {
		if f.Limit == limit && strings.Contains(strings.Join(f.Reasons, "\n"), says) {
			return
		}
	}
	g.t.Errorf("nothing of %d is asked about for the limit %q, which says %q", len(fs), limit, says)
}

func person(name string) cloud.Actor { return cloud.Actor{Principal: "user:" + name} }

func TestI14OneActorDoesNotUseUpTheRevertsOfOthers(t *testing.T) {
	t.Parallel()
	account := func(n int) string { return fmt.Sprintf("serviceAccount:a%d@pay-prod.iam.gserviceaccount.com", n) }
	const branches = "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/subject/repo:shop:ref:refs/heads/"
	for name, as := range map[string][]cloud.Actor{
		"by one name":       {person("mallory@example.com")},
		"by spellings":      {person("mallory@example.com"), person("Mallory+2@Example.com"), {Principal: "deleted:user:mallory@example.com?uid=7"}},
		"by accounts":       {{Principal: account(1), Delegation: []string{"user:mallory@example.com"}}, {Principal: account(2), Delegation: []string{"user:mallory@example.com", account(1)}}},
		"by a key":          {{Principal: account(1)}, {Principal: account(2), Delegation: []string{account(1)}}},
		"by no name":        {{}, {Principal: cloud.UnknownActor}, {Principal: "mallory"}, {Principal: "user:mallory"}, {Principal: "robot:m@example.com"}},
		"by pushed commits": {{Principal: branches + "a"}, {Principal: branches + "b"}},
	} {
		t.Run(name, func(t *testing.T) {
			g, _ := budgeted(t, remediate.Limits{PerPolicyHour: 100, PerProjectHour: 100, PerActorHour: 3, TotalHour: 100})
			changes := g.exposed(2, 4)
			if n := g.unasked(changes[:6], as...); n != 3 {
				t.Errorf("%d of 6 were reverted unasked, want 3", n)
			}
			if n := g.unasked(changes[6:], person("eve@example.com")); n != 2 {
				t.Errorf("of eve's 2 %d were reverted unasked", n)
			}
		})
	}
}

func TestI14TheReasonNamesTheActorWhoseLimitIsReached(t *testing.T) {
	t.Parallel()
	g, _ := budgeted(t, remediate.Limits{PerActorHour: 1})
	changes := g.exposed(1, 4)
	g.unasked(changes[:2], person("Mallory+x@example.com"))
	g.asksFor("actor user:mallory@example.com", "rate: 1 automatic reverts in the last hour for user:mallory@example.com, the limit is 1")
	g.unasked(changes[2:], cloud.Actor{})
	g.asksFor("actor unknown", "rate: 1 automatic reverts in the last hour for all whom the log does not name, the limit is 1")
}

// Many identities have a limit each, and all of them those of the policy, of the
// project and of everything.
func TestI14ManyIdentitiesMeetTheOtherLimits(t *testing.T) {
	t.Parallel()
	for limit, l := range map[string]remediate.Limits{
		"policy no-public-invoker": {PerPolicyHour: 3, PerProjectHour: 100, PerActorHour: 1, TotalHour: 100},
		"project shop-0":           {PerPolicyHour: 100, PerProjectHour: 3, PerActorHour: 1, TotalHour: 100},
		"total":                    {PerPolicyHour: 100, PerProjectHour: 100, PerActorHour: 1, TotalHour: 3},
	} {
		t.Run(limit, func(t *testing.T) {
			g, _ := budgeted(t, l)
			var many []cloud.Actor
			for i := range 6 {
				many = append(many, person(fmt.Sprintf("m%d@example.com", i)))
			}
			if n := g.unasked(g.exposed(1, 6), many...); n != 3 {
				t.Errorf("%d of 6 were reverted unasked, want 3", n)
			}
			g.asksFor(limit, "the limit is 3")
		})
	}
}

func TestI14APartOfEachLimitIsKeptForSevereFindings(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		limit  string
		limits remediate.Limits
		low    int // how many of low severity are reverted
		severe int // how many of high severity after them
		says   string
	}{
		{"total", remediate.Limits{TotalHour: 8, ReservePercent: 25}, 6, 2, "6 automatic reverts in the last hour for all policies and projects, the limit is 8, and what is left of it is kept for"},
		{"project shop-0", remediate.Limits{PerProjectHour: 4, ReservePercent: 25}, 3, 1, "project shop-0, the limit is 4, and what is left of it is kept for"},
		{"policy no-litter", remediate.Limits{PerPolicyHour: 4, TotalHour: 5, ReservePercent: 25}, 3, 2, "policy no-litter, the limit is 4, and what is left of it is kept for"},
		{"actor user:mallory@example.com", remediate.Limits{PerActorHour: 6, ReservePercent: 50}, 3, 3, "user:mallory@example.com, the limit is 6, and what is left of it is kept for"},
		{"total", remediate.Limits{TotalHour: 3, ReservePercent: 1}, 2, 1, "the limit is 3, and what is left of it is kept for"}, // at least one
		{"total", remediate.Limits{TotalHour: 1, ReservePercent: 25}, 0, 1, "the limit is 1, and what is left of it is kept for"},
		{"total", remediate.Limits{TotalHour: 10, ReservePercent: 25}, 8, 2, "the limit is 10, and what is left of it is kept for"}, // rounded down
		{"total", remediate.Limits{TotalHour: 4, ReservePercent: 0}, 4, 0, "the limit is 4"},
	} {
		t.Run(tt.says, func(t *testing.T) {
			g, _ := budgeted(t, tt.limits)
			severe, low := g.exposed(1, 5), g.throwaway("shop-0", 10)
			if n := g.unasked(low); n != tt.low {
				t.Errorf("%d of low severity were reverted unasked, want %d", n, tt.low)
			}
			g.asksFor(tt.limit, tt.says)
			if n := g.unasked(severe); n != tt.severe {
				t.Errorf("%d of high severity were reverted unasked after that, want %d", n, tt.severe)
			}
		})
	}
}

// What was severe counts, too: what is kept is the last part of the limit, and not
// one that is used up first.
func TestI14WhatIsKeptIsLeftAfterSevereOnes(t *testing.T) {
	t.Parallel()
	g, _ := budgeted(t, remediate.Limits{TotalHour: 4, ReservePercent: 25})
	severe, low := g.exposed(1, 2), g.throwaway("shop-0", 4)
	if n := g.unasked(severe[:1]) + g.unasked(low); n != 3 {
		t.Errorf("%d were reverted unasked, want 1 of high severity and 2 of low", n)
	}
	if n := g.unasked(severe[1:]); n != 1 {
		t.Error("the one of high severity that comes last is not reverted")
	}
}

func TestI14OnCallIsPagedWhenALimitTurnsASevereRevertIntoAQuestion(t *testing.T) {
	t.Parallel()
	for name, l := range map[string]remediate.Limits{
		"at once":            {TotalHour: 1},
		"after a grace time": {TotalHour: 1, Grace: time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			g, bell := budgeted(t, l)
			severe, low := g.exposed(1, 2), g.throwaway("shop-0", 1)
			g.unasked(severe[:1])
			g.pass(l.Grace)
			_, err := g.Sweep(t.Context())
			g.must(err)
			g.unasked(low)
			if len(bell.paged) != 0 {
				t.Fatalf("paged %d times before", len(bell.paged))
			}
			f := g.handle(severe[1]).Findings[0]
			g.pass(l.Grace)
			_, err = g.Sweep(t.Context())
			g.must(err)
			f = g.stored(f.ID)
			g.want(f, state.Pending, "rate: 1 automatic reverts")
			if len(bell.paged) != 1 || bell.paged[0] != f.ID || f.PagedAt.IsZero() {
				t.Fatalf("paged %q, want once, of %s", bell.paged, f.ID)
			}
			if s := f.Timeline[len(f.Timeline)-1].What; !strings.Contains(s, "on-call is paged: a limit keeps a finding of high severity from being reverted unasked") {
				t.Errorf("the timeline ends with %q", s)
			}
			_, err = g.Answer(t.Context(), f.ID, finding.Answer{Choice: finding.ChooseRevert, Principal: ada, Digest: f.Plan.Digest})
			g.must(err)
			_, err = g.Work(t.Context(), f.ID)
			g.must(err)
			if len(bell.resolved) != 1 {
				t.Errorf("resolved %d times after the answer", len(bell.resolved))
			}
		})
	}
}

// A page that was sent at once does not take the place of the one that comes when
// nobody answers.
func TestI14APageForALimitLeavesTheLaterOne(t *testing.T) {
	t.Parallel()
	g, bell := budgeted(t, remediate.Limits{TotalHour: 1}, func(c *setup) { c.PageAfter = 30 * time.Minute })
	severe := g.exposed(1, 2)
	g.unasked(severe)
	if len(bell.paged) != 1 {
		t.Fatalf("paged %d times at once", len(bell.paged))
	}
	g.pass(30 * time.Minute)
	_, err := g.Sweep(t.Context())
	g.must(err)
	if len(bell.paged) != 2 {
		t.Errorf("paged %d times after half an hour, want once more", len(bell.paged))
	}
}

func TestI14AFightOverASevereChangePages(t *testing.T) {
	t.Parallel()
	g, bell := budgeted(t, remediate.Limits{SameChange: 1, FightWindow: time.Hour})
	c := g.exposed(1, 1)[0]
	g.unasked([]cloud.Change{c})
	g.grant(c.Resource.Path(), "roles/run.invoker", "allUsers")
	f := g.one()
	g.want(f, state.Pending, "fight: ")
	if len(bell.paged) != 1 {
		t.Errorf("paged %d times", len(bell.paged))
	}
}

// The last half of an operation often names nobody, and the first half did.
func TestI14ALastHalfWithoutANameCountsForWhomTheFirstOneNames(t *testing.T) {
	t.Parallel()
	g, _ := budgeted(t, remediate.Limits{PerActorHour: 1})
	g.unasked(g.exposed(1, 1), person(mallory))
	first := g.handle(defaultDeploy(g, cloud.FirstHalf, "user:"+mallory)).Findings[0]
	g.want(first, state.Waiting, "")
	g.deploy(defaultAccount)
	g.events()
	g.handle(defaultDeploy(g, cloud.LastHalf, cloud.UnknownActor))
	if f := g.stored(first.ID); f.State != state.Pending || f.Limit != "actor user:"+mallory {
		t.Errorf("it is %s, for the limit %q: %v", f.State, f.Limit, f.Reasons)
	}
}

func TestI14ANameThatComesAfterTheRevertIsCharged(t *testing.T) {
	t.Parallel()
	g, _ := budgeted(t, remediate.Limits{PerActorHour: 1})
	g.deploy(defaultAccount)
	g.events()
	g.want(g.handle(defaultDeploy(g, cloud.LastHalf, cloud.UnknownActor)).Findings[0], state.Reverted, "")
	g.handle(defaultDeploy(g, cloud.FirstHalf, "user:"+mallory))
	g.events()
	changes := g.exposed(1, 2)
	if n := g.unasked(changes[:1], person(mallory)); n != 0 {
		t.Error("mallory has another revert in the same hour")
	}
	if n := g.unasked(changes[1:], cloud.Actor{}); n != 1 {
		t.Error("the revert still counts for the unknown actor")
	}
}
