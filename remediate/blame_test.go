package remediate_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	run "cloud.google.com/go/run/apiv2"
	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/option"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/before"
	"github.com/rescind-dev/rescind/remediate/state"
)

// baseline reads what is live, as a process does at its start.
func (g *rig) baseline() before.Sum {
	g.t.Helper()
	sum, err := before.Baseline{
		Memory: before.New(g.Store), Inventory: g.google, Look: g.Look, Tops: []cloud.Resource{cloud.ProjectResource("pay-prod")},
		Skips: func(context.Context, cloud.Resource) bool { return false },
		Now:   g.Clock, Wait: g.wait, NewID: sequence("reader-"), Log: g.Log,
	}.Read(g.t.Context())
	g.must(err)
	g.pass(time.Minute)
	return sum
}

func remembering(c *setup) { c.Baseline = true }

// publicBefore is a service that was public when everything was first read.
func publicBefore(t *testing.T, enforce policies.Enforcement, change ...func(*setup)) *rig {
	g := newRig(t, set{public: enforce}, append(change, remembering)...)
	g.must(g.cloud.PutPolicy(apiPath, &iampb.Policy{Bindings: []*iampb.Binding{{Role: "roles/run.invoker", Members: []string{"allUsers", "group:frontend@example.com"}}}}))
	g.baseline()
	return g
}

func TestB1WhoTouchesWhatWasPublicBeforeIsAskedAboutOnceAndNotBlamed(t *testing.T) {
	t.Parallel()
	g := publicBefore(t, policies.Revert)
	g.touch()
	f := g.one()
	g.want(f, state.Pending, "what violates is older: user:"+mallory+" left it as it was; it was seen there at 2026-11-20T03:00:00Z")
	for range 2 {
		g.pass(time.Hour / 4)
		g.grant(apiPath, "roles/run.viewer", "user:new@example.com")
		if fs := asked(g.deliver()); len(fs) != 1 || fs[0].ID != f.ID {
			t.Errorf("%+v, want the same question", fs)
		}
	}
	if !slices.Contains(g.members(apiPath, "roles/run.invoker"), "allUsers") {
		t.Error("what was there before was taken away")
	}
}

func TestB1WhatWasMadeIsRevertedAndWhatWasThereBeforeIsAskedAbout(t *testing.T) {
	t.Parallel()
	g := publicBefore(t, policies.Revert)
	g.grant(apiPath, "roles/run.invoker", "allAuthenticatedUsers")
	var reverted, pending int
	for _, f := range g.deliver() {
		switch f.State {
		case state.Reverted:
			reverted++
			if d := cmp.Diff([]cloud.Grant{{Role: "roles/run.invoker", Member: "allAuthenticatedUsers"}}, f.Plan.Grants()); d != "" {
				t.Errorf("reverted (-want +got):\n%s", d)
			}
		case state.Pending:
			pending++
			g.want(f, state.Pending, "what violates is older")
		}
	}
	if reverted != 1 || pending != 1 {
		t.Errorf("%d reverted and %d asked about, want one each", reverted, pending)
	}
	if d := cmp.Diff([]string{"allUsers", "group:frontend@example.com"}, g.members(apiPath, "roles/run.invoker")); d != "" {
		t.Errorf("who may call it (-want +got):\n%s", d)
	}
}

func TestB1WhatMayHaveBeenThereBeforeIsAskedAbout(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert}, remembering)
	g.between = func(method string) error {
		if strings.HasSuffix(method, "Jobs/ListJobs") {
			return status.Error(codes.PermissionDenied, "run.jobs.list is missing")
		}
		return nil
	}
	if sum := g.baseline(); sum.Left != 1 {
		t.Fatalf("%+v, want the project left", sum)
	}
	g.must(g.cloud.PutService(&runpb.Service{Name: webPath, Template: &runpb.RevisionTemplate{ServiceAccount: webAccount}}))
	g.grant(webPath, "roles/run.invoker", "allUsers")
	g.want(g.one(), state.Pending, "what violates may be older than the change by user:"+mallory+": nothing that was read before shows how it was")
	g.between = nil
	g.must(g.cloud.PutPolicy(webPath, &iampb.Policy{}))
	g.baseline()
	g.grant(webPath, "roles/run.invoker", "allUsers")
	fs := g.deliver()
	g.want(fs[len(fs)-1], state.Reverted, "")
}

// An installation has to begin somewhere: what is told before the first reading of a
// project is judged as if it were new.
func TestB1BeforeTheFirstReadingAnEntryIsTakenAtItsWord(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert}, remembering)
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.pass(time.Second)
	g.baseline()
	g.want(g.one(), state.Reverted, "")
}

func TestB1EachProofThatSomethingIsNewLetsItBeReverted(t *testing.T) {
	t.Parallel()
	for name, do := range map[string]func(*rig){
		"everything was read before": func(g *rig) { g.baseline(); g.grant(apiPath, "roles/run.invoker", "allUsers") },
		"an earlier change showed the whole policy": func(g *rig) {
			g.grant(apiPath, "roles/run.viewer", "user:new@example.com")
			g.deliver()
			g.pass(time.Second)
			g.grant(apiPath, "roles/run.invoker", "allUsers")
		},
		"a scan read it before": func(g *rig) {
			g.scan(apiResource(g.t))
			g.pass(time.Minute)
			g.grant(apiPath, "roles/run.invoker", "allUsers")
		},
		"it was gone in between": func(g *rig) {
			g.must(g.cloud.PutPolicy(apiPath, &iampb.Policy{Bindings: []*iampb.Binding{{Role: "roles/run.invoker", Members: []string{"allUsers"}}}}))
			g.baseline()
			g.revoke(apiPath, "roles/run.invoker", "allUsers")
			g.deliver()
			g.pass(time.Second)
			g.grant(apiPath, "roles/run.invoker", "allUsers")
		},
		"rescind took it away itself, and was told of it by nobody": func(g *rig) {
			g.baseline()
			g.grant(apiPath, "roles/run.invoker", "allUsers")
			g.want(g.one(), state.Reverted, "")
			g.events()
			g.pass(time.Minute)
			g.grant(apiPath, "roles/run.invoker", "allUsers")
		},
		"a scan came between the entry and its event": func(g *rig) {
			g.baseline()
			g.grant(apiPath, "roles/run.invoker", "allUsers")
			g.pass(10 * time.Second)
			g.scan(apiResource(g.t))
		},
		"a change of before came late": func(g *rig) {
			g.baseline()
			g.grant(apiPath, "roles/run.viewer", "user:new@example.com")
			late := g.events()
			g.pass(time.Second)
			g.grant(apiPath, "roles/run.invoker", "allUsers")
			g.mu.Lock()
			now := g.entries
			g.entries = nil
			g.mu.Unlock()
			for _, c := range late {
				_, err := g.Handle(g.t.Context(), c)
				g.must(err)
			}
			g.mu.Lock()
			g.entries = append(now, g.entries...)
			g.mu.Unlock()
		},
		"its creation was seen": func(g *rig) {
			c, err := run.NewServicesClient(g.t.Context(), option.WithGRPCConn(g.conn))
			g.must(err)
			g.unenforced(func() {
				made, err := c.CreateService(g.t.Context(), &runpb.CreateServiceRequest{
					Parent: strings.TrimSuffix(apiPath, "/services/api"), ServiceId: "fresh",
					Service: &runpb.Service{InvokerIamDisabled: true, Template: &runpb.RevisionTemplate{ServiceAccount: apiAccount}},
				})
				g.must(err)
				_, err = made.Wait(g.t.Context())
				g.must(err)
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t, set{public: policies.Revert}, remembering)
			do(g)
			g.deliver()
			if slices.Contains(g.members(apiPath, "roles/run.invoker"), "allUsers") {
				t.Errorf("it is still public: %+v", g.questions())
			}
			for _, w := range g.cloud.State().Workloads {
				if !w.InvokerCheck {
					t.Errorf("%s has its invoker check off still: %+v", w.Name, g.questions())
				}
			}
		})
	}
}

func TestB1AnInvokerCheckThatWasOffBeforeIsAskedAbout(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert}, remembering)
	g.must(g.cloud.PutService(&runpb.Service{Name: apiPath, InvokerIamDisabled: true, Template: &runpb.RevisionTemplate{ServiceAccount: apiAccount}}))
	g.baseline()
	g.unenforced(func() {
		g.update(&runpb.Service{InvokerIamDisabled: true, Labels: map[string]string{"team": "pay"}}, "labels", "invoker_iam_disabled")
	})
	f := g.one()
	g.want(f, state.Pending, "what violates is older")
	g.must(g.cloud.PutService(&runpb.Service{Name: apiPath, Template: &runpb.RevisionTemplate{ServiceAccount: apiAccount}}))
	g.update(&runpb.Service{Labels: map[string]string{"team": "web"}}, "labels", "invoker_iam_disabled")
	g.deliver()
	g.pass(time.Second)
	g.unenforced(func() { g.update(&runpb.Service{InvokerIamDisabled: true}, "invoker_iam_disabled") })
	fs := g.deliver()
	g.want(fs[len(fs)-1], state.Reverted, "")
}

// unenforced does it while nothing keeps invoker checks on, which is enforced again before
// anybody hears of it.
func (g *rig) unenforced(do func()) {
	g.t.Helper()
	const constraint = "run.managed.requireInvokerIam"
	g.cloud.SetConstraint("folders/4001", constraint, false)
	do()
	g.cloud.SetConstraint("folders/4001", constraint, true)
}

// Two changes are told long after both: the entry of the first says who made the grant.
func TestB1WhoMadeItIsToldApartFromWhoCameRightAfter(t *testing.T) {
	t.Parallel()
	g := confirming(t, set{public: policies.Approve}, remembering)
	g.baseline()
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	made := g.events()
	g.pass(time.Second)
	g.touch()
	touched := g.events()
	g.pass(time.Minute)
	f := g.handleOne(made[0])
	if o, err := g.Handle(t.Context(), touched[0]); err != nil || len(o.Findings) != 1 || o.Findings[0].ID != f.ID {
		t.Fatalf("%+v, %v, want the same question", o, err)
	}
	if f = g.stored(f.ID); len(f.Joined) > 0 {
		t.Errorf("joined by %q, want nobody blamed for what was there a second before", f.Joined)
	}
}

// An attacker who may write log entries would date one before the grant, so that it
// counts as older than its own event.
func TestAttackAForgedEntryMakesNothingOlder(t *testing.T) {
	t.Parallel()
	g := confirming(t, set{public: policies.Revert}, remembering)
	g.baseline()
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	real := g.events()
	forged := real[0]
	forged.ID, forged.InsertID, forged.Time = "forged", "forged", forged.Time.Add(-30*time.Second)
	g.handleOne(forged)
	for _, c := range real {
		_, err := g.Handle(t.Context(), c)
		g.must(err)
	}
	g.deliver()
	if slices.Contains(g.members(apiPath, "roles/run.invoker"), "allUsers") {
		t.Errorf("it is still public: %+v", g.questions())
	}
}
