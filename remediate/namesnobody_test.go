package remediate_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// What somebody who may publish to the topic of events gains from an event that Cloud
// Logging does not bear out.

// forgedBy is a copy of a true event under an id of its own, that names somebody else.
func forgedBy(who string, c cloud.Change) cloud.Change {
	c.ID, c.InsertID, c.Actor = "forged", "forged", cloud.Actor{Principal: who}
	return c
}

// makers are those whom the finding names.
func (g *rig) makers(id string) []string {
	g.t.Helper()
	f := g.stored(id)
	out := []string{f.Change.Actor.Principal}
	for _, a := range f.Actors {
		out = append(out, a.Principal)
	}
	return out
}

func (g *rig) wantMakers(id string, want ...string) {
	g.t.Helper()
	if d := cmp.Diff(want, g.makers(id)); d != "" {
		g.t.Errorf("the author, then all who are named (-want +got):\n%s", d)
	}
}

func TestR2WhatCloudLoggingDoesNotBearOutNamesNobody(t *testing.T) {
	t.Parallel()
	const real = "user:" + mallory
	for name, enforce := range map[string]policies.Enforcement{"a question": policies.Approve, "a report": policies.Audit, "a revert": policies.Revert} {
		t.Run(name, func(t *testing.T) {
			g := confirming(t, set{public: enforce})
			g.grant(apiPath, "roles/run.invoker", "allUsers")
			f := g.handleOne(forgedBy(bob, g.events()[0]))
			g.sweepFor(2 * time.Minute)
			if g.stored(f.ID).State == state.Waiting {
				t.Fatal("it waits on")
			}
			g.wantMakers(f.ID, cloud.UnknownActor, cloud.UnknownActor)
		})
	}
	t.Run("what live state does not show", func(t *testing.T) {
		g := confirming(t, set{public: policies.Approve})
		g.grant(apiPath, "roles/run.invoker", "allUsers")
		forged := forgedBy(bob, g.events()[0])
		g.revoke(apiPath, "roles/run.invoker", "allUsers")
		f := g.handleOne(forged)
		g.want(f, state.Superseded, "")
		g.wantMakers(f.ID, cloud.UnknownActor, cloud.UnknownActor)
	})
	t.Run("the true event takes the place of nobody", func(t *testing.T) {
		g := confirming(t, set{public: policies.Approve})
		g.grant(apiPath, "roles/run.invoker", "allUsers")
		c := g.events()[0]
		f := g.handleOne(forgedBy(bob, c))
		g.sweepFor(2 * time.Minute)
		g.handle(c)
		g.wantMakers(f.ID, real, real)
	})
	t.Run("an open question takes no name from one", func(t *testing.T) {
		g := confirming(t, set{public: policies.Approve})
		g.grant(apiPath, "roles/run.invoker", "allUsers")
		c := g.events()[0]
		f := g.handleOne(c)
		g.handle(forgedBy(bob, c))
		g.wantMakers(f.ID, real, real)
	})
	t.Run("nor from a half that is made up, whenever it comes", func(t *testing.T) {
		for _, before := range []bool{true, false} {
			g := confirming(t, set{identity: policies.Approve})
			g.deploy(defaultAccount)
			halves := g.events()
			forged := halves[0]
			forged.InsertID, forged.Actor.Principal = "forged", bob
			if before {
				halves = append([]cloud.Change{forged}, halves...)
			} else {
				halves = append(halves, forged)
			}
			for _, c := range halves {
				g.handle(c)
			}
			g.sweepFor(2 * time.Minute)
			fs, err := g.Store.Findings(t.Context(), finding.Query{})
			g.must(err)
			for _, f := range fs {
				g.wantMakers(f.ID, real, real)
			}
		}
	})
}

func TestR2AnEventThatMayYetBeBornOutComesAgainRatherThanNameNobodyForEver(t *testing.T) {
	t.Parallel()
	g := confirming(t, set{public: policies.Approve})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	c := g.events()[0]
	f := g.handleOne(c)
	again := forgedBy(bob, c)
	g.cloud.Fail("ListLogEntries", 1, codes.Unknown)
	if _, err := g.Handle(t.Context(), again); err == nil {
		t.Error("it was handled, and Cloud Logging was not there to say whether it is true")
	}
	g.wantMakers(f.ID, "user:"+mallory, "user:"+mallory)
}

// What a grace period puts off is the look that a revert takes, and not the one that
// names who made the same change again.
func TestR2AChangeWithinItsGracePeriodJoinsAQuestionAsCloudLoggingHasIt(t *testing.T) {
	t.Parallel()
	g := confirming(t, set{public: policies.Revert}, func(c *setup) { c.Limits.Grace = 3 * time.Minute })
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	late := g.events()[0]
	g.pass(time.Hour)
	f := g.handleOne(late)
	g.want(f, state.Pending, "stale")
	g.grant(apiPath, "roles/run.invoker", "user:bob@example.com")
	again := g.events()[0]
	g.handle(forgedBy(bob, again))
	if joined := g.stored(f.ID).Joined; len(joined) > 0 {
		t.Errorf("what is made up joined: %v", joined)
	}
	g.handle(again)
	if joined := g.stored(f.ID).Joined; len(joined) != 1 || joined[0] != again.ID {
		t.Errorf("joined by %v, want %s", joined, again.ID)
	}
}

func TestR2WhatMayBeMadeUpIsNeverADuplicate(t *testing.T) {
	t.Parallel()
	g := confirming(t, set{public: policies.Approve})
	g.grant(apiPath, "roles/run.invoker", "user:bob@example.com")
	c := g.events()[0]
	for range 2 {
		if o := g.handle(c); o.Kind != remediate.Compliant {
			t.Errorf("a change that nothing is said of, and that was not looked up: %s", o.Kind)
		}
	}
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	c = g.events()[0]
	g.handle(c)
	if o := g.handle(c); o.Kind != remediate.Duplicate {
		t.Errorf("a change that Cloud Logging bears out is handled twice: %s", o.Kind)
	}
}

// deniedWorkloads is a cloud whose workloads rescind may not read.
type deniedWorkloads struct{ remediate.WorkloadClient }

func (deniedWorkloads) Workload(_ context.Context, r cloud.Resource) (cloud.Workload, error) {
	return cloud.Workload{}, &fault.PermissionError{Permission: "run.services.get", Resource: r, Err: errors.New("denied")}
}

func TestR2NothingIsLearnedFromAnEventThatMayBeMadeUp(t *testing.T) {
	t.Parallel()
	g := confirming(t, set{identity: policies.Audit}, func(c *setup) { c.Workloads = deniedWorkloads{c.Workloads} })
	g.deploy(defaultAccount)
	halves := g.events()
	forged := halves[len(halves)-1]
	forged.ID, forged.InsertID = "forged", "forged"
	forged.Workload = &cloud.Workload{Resource: forged.Resource, Identity: cloud.KnownIdentity("any@pay-prod.iam.gserviceaccount.com")}
	g.handle(forged)
	if s, err := g.Store.Identity(t.Context(), "any@pay-prod.iam.gserviceaccount.com"); !errors.Is(err, fault.ErrNotFound) {
		t.Errorf("it was learned that %+v runs something (%v)", s, err)
	}
	for _, c := range halves {
		g.handle(c)
	}
	if _, err := g.Store.Identity(t.Context(), defaultAccount); err != nil {
		t.Errorf("what a true entry says was not learned: %v", err)
	}
}
