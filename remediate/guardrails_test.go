package remediate_test

import (
	"slices"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/scope"
	"github.com/rescind-dev/rescind/remediate/state"
)

func TestAStaleChangeIsAskedAbout(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.pass(16 * time.Minute)
	g.want(g.one(), state.Pending, "stale")
	if n := g.writes(); n != 0 {
		t.Errorf("%d writes, want none", n)
	}
}

func TestAnEntryWhoseTimeCannotBeTrustedIsAskedAbout(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]func(time.Time) time.Time{
		"no time at all":       func(time.Time) time.Time { return time.Time{} },
		"a date years ahead":   func(now time.Time) time.Time { return now.AddDate(4, 0, 0) },
		"a quarter hour ahead": func(now time.Time) time.Time { return now.Add(15 * time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t, set{public: policies.Revert}, func(c *setup) { c.Limits.Grace = time.Minute })
			g.grant(apiPath, "roles/run.invoker", "allUsers")
			c := g.events()[0]
			c.Time = at(g.Clock())
			o, err := g.Handle(t.Context(), c)
			g.must(err)
			g.want(g.stored(o.Findings[0].ID), state.Pending, "")
		})
	}
}

func TestAForgedDateDoesNotPutOffTheRevertOfTheRealChange(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert}, func(c *setup) { c.Limits.Grace = time.Minute })
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	real := g.events()[0]
	forged := real
	forged.ID, forged.Time = "forged", real.Time.Add(4*time.Minute) // within what clocks differ by
	_, err := g.Handle(t.Context(), forged)
	g.must(err)
	o, err := g.Handle(t.Context(), real)
	g.must(err)
	g.pass(time.Minute)
	_, err = g.Sweep(t.Context())
	g.must(err)
	g.want(g.stored(o.Findings[0].ID), state.Reverted, "")
}

func TestOurOwnChangesAreNotFindings(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.one()
	own := g.events() // the revert, coming back
	if len(own) == 0 {
		t.Fatal("the revert was not logged")
	}
	for _, c := range own {
		o, err := g.Handle(t.Context(), c)
		g.must(err)
		if o.Kind != remediate.OwnChange {
			t.Errorf("%s by %s: %s, want own change", c.Method, c.Actor.Principal, o.Kind)
		}
	}
}

func TestOutsideTheScopeNothingIsTouched(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		scope scope.Scope
	}{
		{"another organization", scope.Scope{Include: []cloud.Resource{cloud.OrganizationResource("770")}}},
		{"an excluded project", scope.Scope{Include: []cloud.Resource{cloud.OrganizationResource("77")}, Exclude: []cloud.Resource{cloud.ProjectResource("pay-prod")}}},
		{"an excluded folder", scope.Scope{Include: []cloud.Resource{cloud.ProjectResource("pay-prod")}, Exclude: []cloud.Resource{cloud.FolderResource("4001")}}},
		{"no scope at all", scope.Scope{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newRig(t, set{public: policies.Revert}, func(c *setup) { c.Scope = tt.scope })
			g.grant(apiPath, "roles/run.invoker", "allUsers")
			for _, c := range g.events() {
				o, err := g.Handle(t.Context(), c)
				g.must(err)
				if o.Kind != remediate.OutOfScope {
					t.Errorf("outcome %s, want out of scope", o.Kind)
				}
			}
			if !slices.Contains(g.members(apiPath, "roles/run.invoker"), "allUsers") {
				t.Error("the grant was removed")
			}
		})
	}
}

func TestAnUnknownFactIsAskedAboutNeverReverted(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.cloud.Fail("GetEffectivePolicy", 1000, codes.PermissionDenied)
	f := g.one()
	g.want(f, state.Pending, "run.managed.requireInvokerIam")
	if f.Verdict != policies.Unknown {
		t.Errorf("verdict %s, want unknown", f.Verdict)
	}
	if n := g.writes(); n != 0 {
		t.Errorf("%d writes, want none", n)
	}
}

func TestLimitsTurnRevertsIntoQuestions(t *testing.T) {
	t.Parallel()
	t.Run("rate", func(t *testing.T) {
		g := newRig(t, set{public: policies.Revert}, func(c *setup) { c.Limits.PerPolicyHour = 1; c.Limits.SameChange = 0 })
		g.grant(apiPath, "roles/run.invoker", "allUsers")
		g.want(g.one(), state.Reverted, "")
		g.events()
		g.grant(apiPath, "roles/run.invoker", "allAuthenticatedUsers")
		g.want(g.one(), state.Pending, "rate: 1 automatic reverts in the last hour for policy no-public-invoker, the limit is 1")
		g.pass(time.Hour + time.Minute)
		g.events()
	})
	t.Run("fight", func(t *testing.T) {
		g := newRig(t, set{public: policies.Revert})
		for range 3 {
			g.grant(apiPath, "roles/run.invoker", "allUsers")
			g.want(g.one(), state.Reverted, "")
			g.events()
			g.pass(time.Minute)
		}
		g.grant(apiPath, "roles/run.invoker", "allUsers")
		g.want(g.one(), state.Pending, "fight: the same change was reverted 3 times")
	})
	t.Run("grace", func(t *testing.T) {
		g := newRig(t, set{public: policies.Revert}, func(c *setup) { c.Limits.Grace = 2 * time.Minute })
		g.grant(apiPath, "roles/run.invoker", "allUsers")
		f := g.one()
		g.want(f, state.Waiting, "grace")
		g.pass(2 * time.Minute)
		_, err := g.Sweep(t.Context())
		g.must(err)
		g.want(g.stored(f.ID), state.Reverted, "")
	})
}
