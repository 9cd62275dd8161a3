package remediate_test

import (
	"slices"
	"testing"
	"time"

	"cloud.google.com/go/run/apiv2/runpb"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// nothingNew handles what was logged, and wants no finding of it.
func (g *rig) nothingNew(cs ...cloud.Change) {
	g.t.Helper()
	for _, c := range append(cs, g.events()...) {
		if o := g.handle(c); len(o.Findings) > 0 {
			g.t.Errorf("%s by %s makes findings %+v", c.Method, c.Actor.Principal, o.Findings)
		}
	}
}

func TestR1WhatAnUndoWroteIsNobodysChange(t *testing.T) {
	t.Parallel()
	t.Run("a grant, told of late by another entry", func(t *testing.T) {
		g := newRig(t, set{editor: policies.Revert})
		g.grant("projects/pay-prod", "roles/editor", "serviceAccount:"+apiAccount)
		late := g.events()[0]
		f := g.handle(late).Findings[0]
		g.want(f, state.Reverted, "")
		late.ID = "another log's"
		g.pass(time.Minute)
		g.want(g.undo(f), state.Undone, "")
		g.nothingNew(late)
		if !slices.Contains(g.members("projects/pay-prod", "roles/editor"), "serviceAccount:"+apiAccount) {
			t.Error("the undo was reverted")
		}
	})
	t.Run("an account, shown by the deploy of something else", func(t *testing.T) {
		g := newRig(t, set{identity: policies.Revert})
		g.deploy(defaultAccount)
		f := g.one()
		g.want(f, state.Reverted, "")
		g.pass(time.Minute)
		g.want(g.undo(f), state.Undone, "")
		g.pass(time.Minute)
		g.replace(func(t *runpb.RevisionTemplate) { t.Annotations = map[string]string{"note": "a new look"} })
		g.nothingNew(by("user:bob@example.com", g.events())) // for whom nothing was settled
		if got := g.identity(apiPath); got != defaultAccount {
			t.Errorf("runs as %s, and people had it run as %s", got, defaultAccount)
		}
	})
}

// What was made anew after an undo is a change like any other.
func TestWhatIsMadeAnewAfterAnUndoIsReverted(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{editor: policies.Revert})
	project, member := "projects/pay-prod", "serviceAccount:"+apiAccount
	g.grant(project, "roles/editor", member)
	f := g.one()
	g.want(g.undo(f), state.Undone, "")
	g.revoke(project, "roles/editor", member)
	g.events()
	g.pass(time.Hour)
	g.grant(project, "roles/editor", member)
	g.want(g.one(), state.Reverted, "")
}

// A policy that was loaded since calls what rescind went back to a violation.
func TestR1WhatARevertWroteIsAskedAboutInTheNameOfRescind(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{identity: policies.Revert})
	g.deploy(defaultAccount)
	g.want(g.one(), state.Reverted, "")
	g.events()
	s, err := policies.Load(policies.File{Name: "since.yaml", Data: []byte(`apiVersion: rescind/v1
policies:
  - name: not-as-api
    title: No service runs as the account of the API
    severity: high
    on: [run.service]
    when: workload.identity.email == "` + apiAccount + `"
    message: resource.name + " runs as " + workload.identity.email
    remediation: [restore-identity]
    enforcement: revert
`)})
	g.must(err)
	g.change(func(c *setup) {
		c.Judge = judge.Judge{Policies: s, MaxEventAge: 15 * time.Minute, Fallback: c.Judge.Fallback}
	})
	late := defaultDeploy(g, cloud.LastHalf, "user:"+mallory)
	late.Workload.Identity = cloud.KnownIdentity(apiAccount)
	out := g.handle(late)
	if out.Kind != remediate.Found || out.Findings[0].State != state.Pending || out.Findings[0].Actors[0].Principal != "serviceAccount:"+self {
		t.Errorf("%s with %+v, want a question about what rescind did", out.Kind, out.Findings)
	}
}
