package remediate_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	run "cloud.google.com/go/run/apiv2"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/api/option"
	"google.golang.org/grpc/codes"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// What mallory does about a revert that takes her traffic away.

// mine is a policy of the user's alone, beside the built-in ones, which report.
func mine(g *rig, rest string) func(*setup) {
	return func(c *setup) {
		s, err := policies.Load(policies.File{Name: "mine.yaml", Data: []byte(`apiVersion: rescind/v1
policies:
  - {name: mine, title: Mine, severity: high, on: [run.service], ` + rest + `}
`)})
		g.must(err)
		c.Judge = judge.Judge{Policies: s, MaxEventAge: time.Hour}
	}
}

// ofMine is the only finding of that policy, if there is one.
func (g *rig) ofMine(fs []finding.Finding) (f finding.Finding, ok bool) {
	g.t.Helper()
	fs = slices.DeleteFunc(slices.Clone(fs), func(f finding.Finding) bool { return f.Policy != "mine" })
	if len(fs) > 1 {
		g.t.Fatalf("%d findings, want one at most", len(fs))
	}
	return append(fs, finding.Finding{})[0], len(fs) == 1
}

// respread is spread, told of by an entry that shows the whole service.
func (g *rig) respread(to ...*runpb.TrafficTarget) []finding.Finding {
	g.t.Helper()
	s := g.service()
	s.Traffic = to
	g.update(s, "template", "traffic")
	return g.deliver()
}

// anotherService has mallory delete the service, and make one of its name whose first
// revision, as the default account, has that name.
func (g *rig) anotherService(revision string) {
	g.t.Helper()
	c, err := run.NewServicesClient(g.t.Context(), option.WithGRPCConn(g.conn))
	g.must(err)
	gone, err := c.DeleteService(g.t.Context(), &runpb.DeleteServiceRequest{Name: apiPath})
	g.must(err)
	_, err = gone.Wait(g.t.Context())
	g.must(err)
	worse := app()
	worse.Revision, worse.ServiceAccount = revision, defaultAccount
	worse.Containers[0].Image, worse.Containers[0].Command = otherImage, []string{"worse"}
	made, err := c.CreateService(g.t.Context(), &runpb.CreateServiceRequest{
		Parent: apiPath[:strings.Index(apiPath, "/services/")], ServiceId: "api", Service: &runpb.Service{Template: worse},
	})
	g.must(err)
	_, err = made.Wait(g.t.Context())
	g.must(err)
}

func (g *rig) questions() []finding.Finding {
	g.t.Helper()
	fs, err := g.Store.Findings(g.t.Context(), finding.Query{Resource: apiService, States: state.Open()})
	g.must(err)
	return fs
}

func TestR4ARevisionsNameGivesItsRightsToNoOther(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{identity: policies.Revert})
	g.pause(10 * time.Minute)
	g.deploy(defaultAccount)
	f := g.one()
	g.want(f, state.Approved, "waits")
	g.anotherService(g.newest())
	g.deliver()
	g.pass(11 * time.Minute)
	g.sweepOnce()
	g.want(g.stored(f.ID), state.Superseded, "")
	if got := g.identity(apiPath); got != defaultAccount {
		t.Errorf("what nobody compared runs as %s", got)
	}
}

func TestR7ARevisionsNameGivesItsTrafficToNoOther(t *testing.T) {
	t.Parallel()
	g := newRig(t, nil)
	g.change(mine(g, "when: workload.identity.default, remediation: [restore-revision], enforcement: revert"))
	first := g.newest()
	g.seen()
	g.pause(10 * time.Minute)
	g.evil()
	f, _ := g.ofMine(g.deliver())
	g.want(f, state.Approved, "waits")
	evil := g.newest()
	g.anotherService(first)
	g.replace(func(t *runpb.RevisionTemplate) { t.Revision = evil; t.Containers[0].Args = []string{"x"} })
	g.deliver()
	g.pass(11 * time.Minute)
	g.sweepOnce()
	if f = g.stored(f.ID); f.State == state.Reverted {
		t.Errorf("%s: %s", f.State, f.Why)
	}
	if len(g.questions()) == 0 {
		t.Error("nobody is asked about the other service")
	}
}

// A template that is left behind hides nothing but itself.
func TestR7WhatIsLeftBehindHidesNothingElse(t *testing.T) {
	t.Parallel()
	for name, mess := range map[string]func(g *rig, old, evil string){
		"an older revision that violates": func(g *rig, old, _ string) { g.respread(to(old, 100, "")) },
		"its tag":                         func(g *rig, old, _ string) { g.respread(to("", 0, "x"), to(old, 0, "y"), to(old, 100, "")) },
		"another service of its name": func(g *rig, old, evil string) {
			g.anotherService(old)
			g.replace(func(t *runpb.RevisionTemplate) { t.Revision = evil; t.Containers[0].Args = []string{"x"} })
			g.deliver()
		},
	} {
		g := newRig(t, set{identity: policies.Approve})
		g.deploy(defaultAccount)
		old := g.newest()
		g.deploy(apiAccount)
		g.events()
		g.seen()
		g.evil()
		evil := g.newest()
		g.want(g.approve(g.one()), state.Reverted, "")
		g.events()
		mess(g, old, evil)
		g.scan(apiService)
		if len(g.questions()) == 0 {
			t.Errorf("%s: requests reach %q as the default account, and nobody is asked", name, g.serving())
		}
	}
}

func TestR7WhatIsLeftBehindHidesNothingElseThatItsPolicyFinds(t *testing.T) {
	t.Parallel()
	g := newRig(t, nil)
	g.change(mine(g, "when: workload.identity.default || change.invokerCheckDisabled, remediation: [restore-identity, require-invoker-iam], enforcement: approve"))
	g.seen()
	g.evil()
	f, _ := g.ofMine(g.deliver())
	g.want(g.approve(f), state.Reverted, "gave the traffic back")
	g.events()
	g.cloud.SetConstraint("folders/4001", "run.managed.requireInvokerIam", false)
	s := g.service()
	s.InvokerIamDisabled = true
	g.update(s, "template", "invoker_iam_disabled")
	f, ok := g.ofMine(g.deliver())
	if !ok || len(f.Plan.Steps) != 1 || f.Plan.Steps[0].Kind != policies.RequireInvoker {
		t.Errorf("the check is off, and the policy makes %+v of it", f.Plan)
	}
}

// Whatever small change mallory makes, the question stays, and so does the remedy.
func TestR7ASmallChangeTakesNoRemedyAway(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		before, mess func(g *rig, first string)
	}{
		"a little traffic": {nil, func(g *rig, first string) { g.respread(to("", 99, ""), to(first, 1, "")) }},
		"a tag":            {nil, func(g *rig, first string) { g.respread(to("", 100, ""), to(first, 0, "x")) }},
		"two, one of them unseen": {nil, func(g *rig, first string) {
			g.spread(to("", 100, ""), to(first, 0, "x"))
			g.respread(to("", 100, ""), to(first, 0, "y"))
		}},
		"one that does not end": {nil, func(g *rig, first string) {
			g.cloud.NeverFinish(true)
			s := g.service()
			s.Traffic = []*runpb.TrafficTarget{to("", 100, ""), to(first, 0, "x")}
			g.updating(s, "traffic")
			g.deliver()
		}},
		"worse content": {nil, func(g *rig, _ string) {
			g.replace(func(t *runpb.RevisionTemplate) { t.Containers[0].Command = []string{"worse"} })
			g.deliver()
		}},
		"a tag on an older revision that violates, before": {func(g *rig, first string) {
			g.deploy(defaultAccount)
			old := g.newest()
			g.deploy(apiAccount)
			g.events()
			g.spread(to("", 100, ""), to(old, 0, "old"))
		}, func(*rig, string) {}},
		"revisions that could not be listed, before": {func(g *rig, _ string) {
			g.deploy("pay@pay-prod.iam.gserviceaccount.com")
			g.events()
			g.cloud.Fail("Revisions.ListRevisions", 1, codes.PermissionDenied)
		}, func(*rig, string) {}},
	} {
		g := newRig(t, set{identity: policies.Approve})
		first := g.newest()
		if tt.before != nil {
			tt.before(g, first)
			g.seen()
		}
		g.seen()
		g.evil()
		g.deliver()
		tt.mess(g, first)
		open := slices.DeleteFunc(g.questions(), func(f finding.Finding) bool {
			return f.Policy != identity || f.Blamed != nil && len(f.Blamed.Serving) > 0 // the older revision is a question of its own
		})
		if len(open) != 1 || len(open[0].Plan.Steps) != 1 || open[0].Plan.Steps[0].Kind != policies.RestoreRevision {
			t.Errorf("%s: %+v is open, want one question with a restore-revision", name, open)
		}
	}
}

// What is not the state right before is offered, and never given unasked.
func TestR7AnOlderStateIsAskedAbout(t *testing.T) {
	t.Parallel()
	g := newRig(t, nil)
	g.change(mine(g, "when: workload.identity.default, remediation: [restore-revision], enforcement: revert"))
	first := g.newest()
	g.seen()
	g.spread(to(first, 100, ""))
	g.spread(to("", 100, ""))
	g.evil()
	f, _ := g.ofMine(g.deliver())
	g.want(f, state.Pending, "asked, as the service was changed 2 more times after its traffic stood so")
	g.approve(f)
	g.wantServing(first + " 100 %")
}

// An undo writes the traffic as it was written, by name or not, whatever other policies
// there are.
func TestR7AnUndoOfTrafficByName(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{identity: policies.Approve, "no-cross-project-identity": policies.Approve})
	first := g.newest()
	g.spread(to("", 100, ""), to(first, 0, "stable"))
	g.seen()
	g.evil()
	f := g.approve(g.one())
	g.want(f, state.Reverted, "")
	g.want(g.undo(f), state.Undone, "")
}
