package remediate_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	run "cloud.google.com/go/run/apiv2"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/api/option"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

func TestR7NewContentLosesItsTrafficAndGetsNoRights(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{identity: policies.Revert})
	first := g.newest()
	g.spread(to("", 100, ""), to("", 0, "next"), to(first, 0, "stable"))
	g.seen()
	g.evil()
	evil := g.newest()
	f := g.one()
	g.want(f, state.Pending, "image "+otherImage+", before "+appImage)
	if len(f.Plan.Steps) != 1 || f.Plan.Steps[0].Kind != policies.RestoreRevision || !f.Plan.Executable() {
		t.Fatalf("the plan is %+v, want one restore-revision", f.Plan)
	}
	g.wantServing(first+" tag stable", evil+" 100 %", evil+" tag next")

	f = g.approve(f)
	g.want(f, state.Reverted, "gave the traffic back: "+first+" 100 %, "+first+" tag next, "+first+" tag stable")
	g.want(f, state.Reverted, "--to-latest")
	g.wantServing(first+" 100 %", first+" tag next", first+" tag stable")
	if got := g.identity(apiPath); got != defaultAccount || g.newest() != evil {
		t.Errorf("the template runs as %s, and its revision is %s: want it left alone", got, g.newest())
	}

	// What stays behind is no new violation, neither for its own late half nor for a scan.
	g.nothingNew(defaultDeploy(g, cloud.LastHalf, "user:"+mallory))
	g.scanNone(apiService, f.ID)
	g.pass(40 * 24 * time.Hour)
	g.scanNone(apiService, f.ID)
}

func TestR7AnUndoGivesTheTrafficBackAndNobodyRights(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{identity: policies.Revert})
	first := g.newest()
	g.seen()
	g.evil()
	evil := g.newest()
	f := g.approve(g.one())
	g.want(f, state.Reverted, "")
	u := g.undo(f)
	g.want(u, state.Undone, "")
	g.wantServing(evil + " 100 %")
	if got := g.service().GetTraffic(); len(got) != 1 || got[0].GetRevision() != "" {
		t.Errorf("the traffic is %v, want all of it to the latest revision, as it was written", got)
	}
	g.scanNone(apiService, u.ID) // people decided that it serves
	// Whoever moves the traffic once more is not undone a second time.
	g.spread(to(first, 100, ""))
	if _, err := g.Work(t.Context(), u.ID); err != nil {
		t.Fatal(err)
	}
	g.wantServing(first + " 100 %")
}

func TestR7AnUndoAfterAnotherDeployIsRefused(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{identity: policies.Revert})
	g.seen()
	g.evil()
	f := g.approve(g.one())
	g.replace(func(t *runpb.RevisionTemplate) { t.Containers[0].Command = []string{"worse"} })
	before := g.serving()
	u := g.undo(f)
	g.want(u, state.Superseded, "changed since the revert")
	g.wantServing(before...)
}

func TestR7TrafficIsGivenBackUnaskedWhereThePolicySaysSoItself(t *testing.T) {
	t.Parallel()
	g := newRig(t, nil)
	g.change(func(c *setup) {
		s, err := policies.Load(policies.File{Name: "own.yaml", Data: []byte(`apiVersion: rescind/v1
policies:
  - name: not-as-default
    title: No service runs as a default account
    severity: high
    on: [run.service]
    when: workload.identity.default
    remediation: [restore-identity, restore-revision]
    enforcement: revert
`)})
		g.must(err)
		c.Judge = judge.Judge{Policies: s, MaxEventAge: 15 * time.Minute}
	})
	own := func() finding.Finding {
		fs := slices.DeleteFunc(g.deliver(), func(f finding.Finding) bool { return f.Policy != "not-as-default" })
		if len(fs) != 1 {
			t.Fatalf("%+v, want one", fs)
		}
		return fs[0]
	}
	// What ran before goes on running, as the account it ran as.
	g.seen()
	g.deploy(defaultAccount)
	g.want(own(), state.Reverted, "runs as "+apiAccount+" again")
	serving := g.serving()
	g.evil()
	g.want(own(), state.Reverted, "gave the traffic back")
	g.wantServing(serving...)
}

// What is not known to have served is never gone back to.
func TestR7TrafficGoesToNothingThatIsNotKnownToHaveServed(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		before func(*rig)
		says   string
	}{
		"nobody looked before": {func(g *rig) {
			g.deploy("pay@pay-prod.iam.gserviceaccount.com")
			g.events()
			g.evil()
		}, "rescind did not see it before generation"},
		"another service had the name": {func(g *rig) {
			g.seen()
			c, err := run.NewServicesClient(g.t.Context(), option.WithGRPCConn(g.conn))
			g.must(err)
			op, err := c.DeleteService(g.t.Context(), &runpb.DeleteServiceRequest{Name: apiPath})
			g.must(err)
			_, err = op.Wait(g.t.Context())
			g.must(err)
			g.must(g.cloud.PutService(&runpb.Service{Name: apiPath, Template: app()}))
			g.spread(to("", 100, ""), to("", 0, "next"))
			g.evil()
		}, "rescind did not see it before generation"},
		"a service that was changed once, and has a tag": {func(g *rig) {
			g.replace(func(t *runpb.RevisionTemplate) { t.Containers[0].Image = otherImage })
			g.must(g.cloud.PutService(&runpb.Service{Name: otherPath, Template: app(), Traffic: []*runpb.TrafficTarget{to("", 100, ""), to("", 0, "next")}}))
			g.events()
			c, err := run.NewServicesClient(g.t.Context(), option.WithGRPCConn(g.conn))
			g.must(err)
			op, err := c.UpdateService(g.t.Context(), &runpb.UpdateServiceRequest{
				Service:    &runpb.Service{Name: otherPath, Template: &runpb.RevisionTemplate{ServiceAccount: defaultAccount, Containers: []*runpb.Container{{Image: otherImage}}}},
				UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"template.service_account", "template.containers"}},
			})
			g.must(err)
			_, err = op.Wait(g.t.Context())
			g.must(err)
		}, "rescind did not see it before generation 2"},
		"what served before violates as well": {func(g *rig) {
			g.deploy("1-compute@developer.gserviceaccount.com")
			g.events()
			g.seen()
			g.evil()
		}, ": the policy does not accept it"},
		"a deploy that gets no traffic": {func(g *rig) {
			g.spread(to(g.newest(), 100, ""))
			g.seen()
			g.evil()
		}, "requests do not reach it"},
	} {
		g := newRig(t, set{identity: policies.Approve})
		tt.before(g)
		served := g.serving()
		var f finding.Finding
		for _, d := range g.deliver() {
			if d.State == state.Pending {
				f = d
			}
		}
		if !strings.Contains(strings.Join(f.Reasons, "\n"), tt.says) {
			t.Errorf("%s: %q, want %q", name, f.Reasons, tt.says)
		}
		if slices.ContainsFunc(f.Plan.Steps, func(s judge.Step) bool { return s.Kind == policies.RestoreRevision }) {
			t.Errorf("%s: the plan is %+v", name, f.Plan)
		}
		g.wantServing(served...)
	}
}

func TestR7TrafficThatWasChangedSinceIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(g *rig, evil string){
		"the traffic": func(g *rig, evil string) { g.spread(to(evil, 50, ""), to("", 50, "")) },
		"the template": func(g *rig, _ string) {
			g.replace(func(t *runpb.RevisionTemplate) { t.Containers[0].Command = []string{"worse"} })
		},
	} {
		g := newRig(t, set{identity: policies.Approve})
		g.seen()
		g.evil()
		f := g.one()
		change(g, g.newest())
		served := g.serving()
		f = g.approve(f)
		if f.State != state.Superseded {
			t.Errorf("%s was changed: %s (%s), want superseded", name, f.State, f.Why)
		}
		g.wantServing(served...)
	}
}

// A service that was made, and then changed once, served what it was made with.
func TestR7WhatAServiceWasMadeWithIsKnownToHaveServed(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{identity: policies.Approve})
	first := g.newest()
	g.evil()
	g.approve(g.one())
	g.wantServing(first + " 100 %")
}

// While Google Cloud is at work on a deploy, what served before is still what serves.
func TestR7WhatServesIsLearnedWhileADeployIsUnderWay(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{identity: policies.Approve})
	first := g.newest()
	g.cloud.NeverFinish(true)
	op := g.replacing(func(t *runpb.RevisionTemplate) { t.Containers[0].Image = otherImage })
	g.seen()
	g.cloud.NeverFinish(false)
	_, err := op.Wait(t.Context())
	g.must(err)
	f := g.one()
	if len(f.Plan.Steps) != 1 || f.Plan.Steps[0].Kind != policies.RestoreRevision {
		t.Fatalf("the plan is %+v (%q), want one restore-revision", f.Plan, f.Reasons)
	}
	g.approve(f)
	g.wantServing(first + " 100 %")
}

// A service that nobody changes for years is still known when somebody does.
func TestWhatServesIsRememberedForAsLongAsItIsLookedAt(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{identity: policies.Approve})
	kept := func() time.Time {
		c, err := g.Config.Store.Cell(t.Context(), "served/"+apiPath)
		g.must(err)
		return c.KeepUntil
	}
	g.seen()
	first := kept()
	g.pass(24 * time.Hour)
	g.seen()
	if got := kept(); !got.Equal(first) {
		t.Errorf("stored anew after a day, until %s: a look at what nobody changed costs no write", got)
	}
	g.pass(45 * 24 * time.Hour)
	g.seen()
	if got := kept(); !got.After(first.Add(40 * 24 * time.Hour)) {
		t.Errorf("kept until %s, at first until %s: it would be forgotten while it is looked at", got, first)
	}
}
