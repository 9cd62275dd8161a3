package remediate_test

import (
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// withPolicy has the rig judge by one policy more, which is violated where the
// expression says so, and reverts.
func withPolicy(g *rig, when string) func(*setup) {
	return func(c *setup) {
		s, err := policies.Load(policies.File{Name: "more.yaml", Data: []byte(`apiVersion: rescind/v1
policies:
  - {name: no-default-service-account, enforcement: revert}
  - name: another
    title: Another policy
    severity: high
    on: [run.service]
    when: '` + when + `'
    message: resource.name + " is not as another policy wants it"
    remediation: [remove-grants, require-invoker-iam, restore-identity]
    enforcement: revert
`)})
		g.must(err)
		c.Judge = judge.Judge{Policies: s, MaxEventAge: 15 * time.Minute}
	}
}

func TestR6TwoPoliciesThatRevertNeverUndoEachOther(t *testing.T) {
	t.Parallel()
	g := newRig(t, nil)
	g.change(withPolicy(g, `workload.identity.email == "`+apiAccount+`"`))
	g.deploy(defaultAccount)
	g.want(g.one(), state.Pending, "not "+apiAccount+": it would violate the policy another")
	g.scan(cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "api"))
	g.sweepOnce()
	if n := g.writes(); n != 0 {
		t.Errorf("%d writes, want none: what one policy wants the other forbids", n)
	}
}

func TestR6WhatCameToBeForbiddenSinceIsNotDone(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{identity: policies.Approve})
	g.deploy(defaultAccount)
	f := g.one()
	g.want(f, state.Pending, "")
	g.change(withPolicy(g, `workload.identity.email == "`+apiAccount+`"`))
	f = g.answer(f, finding.ChooseRevert, ada)
	f, err := g.Work(t.Context(), f.ID)
	g.must(err)
	g.want(f, state.Blocked, "it would violate the policy another")
	if got := g.identity(apiPath); got != defaultAccount {
		t.Errorf("it runs as %s, want what it ran as", got)
	}
}

// An undo brings back what its own policy forbids: that is what it is for. What
// another policy forbids nobody has decided on.
func TestR6AnUndoViolatesItsOwnPolicyAlone(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		when, account string
		ends          state.State
		says          string
	}{
		"which another does not forbid": {`workload.ingress == "none"`, defaultAccount, state.Undone, ""},
		"which another forbids as well": {`workload.identity.default`, apiAccount, state.Blocked, "it would violate the policy another"},
		"which another forbids already": {`workload.ingress == "all"`, defaultAccount, state.Undone, ""},
		"of which another cannot tell":  {`workload.identity.default && constraint("none").enforced`, apiAccount, state.Failed, "whether it would violate the policy another is not known"},
	} {
		g := newRig(t, set{identity: policies.Revert})
		g.deploy(defaultAccount)
		f := g.one()
		g.want(f, state.Reverted, "")
		g.change(withPolicy(g, tt.when))
		g.cloud.Fail("GetEffectivePolicy", 1000, codes.PermissionDenied)
		u := g.undo(f)
		for range 2 * finding.MaxAttempts {
			g.pass(time.Hour)
			g.sweepOnce()
		}
		u = g.stored(u.ID)
		if got := g.identity(apiPath); u.State != tt.ends || got != tt.account || !strings.Contains(u.Why, tt.says) {
			t.Errorf("%s: %s (%s), runs as %s; want %s and %s", name, u.State, u.Why, got, tt.ends, tt.account)
		}
	}
}
