package remediate_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"cloud.google.com/go/iam/apiv1/iampb"
	"google.golang.org/grpc/codes"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/scope"
	"github.com/rescind-dev/rescind/remediate/state"
)

func TestWhatComesBackAfterTheWriteIsNotWrittenAgain(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert}, func(c *setup) {
		c.IAM = &returning{PolicyClient: c.IAM}
	})
	g.IAM.(*returning).back = func() { g.grant(apiPath, "roles/run.invoker", "allUsers") }
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.deliverOnly(1)
	g.want(f, state.Uncertain, "still shows")
	for !f.State.Ended() {
		f = g.sweepAt(f)
	}
	g.want(f, state.Failed, "not finished")
	if n := g.writes(); n != 1 {
		t.Errorf("%d writes, want one: what came back is a change of its own", n)
	}
}

// deliverOnly handles the first n changes and returns the last finding.
func (g *rig) deliverOnly(n int) (f finding.Finding) {
	g.t.Helper()
	for _, c := range g.events()[:n] {
		for _, found := range g.handle(c).Findings {
			f = g.stored(found.ID)
		}
	}
	return f
}

// returning is a policy client under which somebody undoes the first write.
type returning struct {
	remediate.PolicyClient
	back func()
}

func (r *returning) SetPolicy(ctx context.Context, res cloud.Resource, p cloud.AllowPolicy) error {
	err := r.PolicyClient.SetPolicy(ctx, res, p)
	if r.back != nil {
		r.back()
		r.back = nil
	}
	return err
}

func TestAPlanAppliedInPartSaysSo(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	on, off := true, false
	f.Plan = judge.NewPlan(append(f.Plan.Steps, judge.Step{
		Kind: policies.RequireInvoker, Resource: f.Resource,
		Before: judge.StepState{InvokerIAMDisabled: &on}, After: judge.StepState{InvokerIAMDisabled: &off},
	}), "")
	_, err := g.Store.Update(t.Context(), f)
	g.must(err)
	_, err = g.Answer(t.Context(), f.ID, finding.Answer{Choice: finding.ChooseRevert, Principal: "user:ada@example.com", Digest: f.Plan.Digest})
	g.must(err)
	g.cloud.Fail("GetService", 100, codes.PermissionDenied)
	f, err = g.Work(t.Context(), f.ID)
	g.must(err)
	g.want(f, state.Blocked, "not finished: ")
}

func TestAQuestionApprovedOutOfScopeIsNotApplied(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	_, err := g.Answer(t.Context(), f.ID, finding.Answer{Choice: finding.ChooseRevert, Principal: "user:ada@example.com", Digest: f.Plan.Digest})
	g.must(err)
	g.change(func(c *setup) { c.Scope.Exclude = []cloud.Resource{cloud.ProjectResource("pay-prod")} })
	f, err = g.Work(t.Context(), f.ID)
	g.must(err)
	g.want(f, state.Blocked, "out of scope")
	if n := g.writes(); n != 0 {
		t.Errorf("%d writes, want none", n)
	}
}

func TestAProjectNamedByNumberIsNotTakenForAnother(t *testing.T) {
	t.Parallel()
	for _, s := range []scope.Scope{
		{Include: []cloud.Resource{cloud.OrganizationResource("77")}, Exclude: []cloud.Resource{cloud.ProjectResource("pay-prod")}},
		{Include: []cloud.Resource{cloud.ProjectResource("pay-prod")}},
	} {
		g := newRig(t, set{public: policies.Revert}, func(c *setup) { c.Scope = s })
		g.grant(apiPath, "roles/run.invoker", "allUsers")
		c := g.events()[0]
		c.Resource.Project = "264172533001"
		o := g.handle(c)
		if len(o.Findings) != 1 || o.Findings[0].State != state.Reported {
			t.Errorf("scope %v: %+v, want it reported: the number may be that project's", s, o)
		}
	}
}

func TestChangesHandledAtOnceStayWithinTheLimit(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{editor: policies.Revert}, func(c *setup) { c.Limits.PerPolicyHour = 2; c.Limits.SameChange = 0 })
	g.grant("projects/pay-prod", "roles/editor", "serviceAccount:"+apiAccount)
	c := g.events()[0]
	g.editPolicy("projects/pay-prod", func(p *iampb.Policy) {
		for _, role := range []string{"roles/editor", "roles/owner"} {
			for _, who := range []string{"api", "job", "pool"} {
				p.Bindings = append(p.Bindings, &iampb.Binding{Role: role, Members: []string{"serviceAccount:" + who + "@pay-prod.iam.gserviceaccount.com"}})
			}
		}
	})
	all := g.events()[0].Added()
	all = append(all, c.Added()...)
	var wg sync.WaitGroup
	for i, gr := range all {
		c := c
		c.ID, c.Deltas = fmt.Sprint("c", i), []cloud.Delta{{Action: cloud.Add, Grant: gr}}
		wg.Go(func() {
			if _, err := g.Handle(t.Context(), c); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	fs, err := g.Store.Findings(t.Context(), finding.Query{})
	g.must(err)
	fs = slices.DeleteFunc(fs, func(f finding.Finding) bool { return !f.Automatic })
	if len(fs) != 2 {
		t.Errorf("%d of %d were reverted automatically, the limit is 2", len(fs), len(all))
	}
}

func TestAnOutcomeIsStoredThoughSomebodyWroteToTheFindingMeanwhile(t *testing.T) {
	t.Parallel()
	var g *rig
	wrote := 0
	g = newRig(t, set{public: policies.Revert}, func(c *setup) {
		c.IAM = eager{c.IAM, func() {
			fs, err := g.Store.Findings(t.Context(), finding.Query{States: []state.State{state.Applying}})
			g.must(err)
			for _, f := range fs {
				_, err := g.RecordSurface(t.Context(), f.ID, finding.Surface{Kind: "test", Channel: "c", ID: "2"})
				g.must(err)
				wrote++
			}
		}}
	})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.want(g.one(), state.Reverted, "removed")
	if wrote != 1 {
		t.Errorf("it was written to %d times while its plan was carried out", wrote)
	}
}
