package remediate_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	run "cloud.google.com/go/run/apiv2"
	"cloud.google.com/go/run/apiv2/runpb"
	"google.golang.org/api/option"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

const (
	public   = "no-public-invoker"
	identity = "no-default-service-account"
	editor   = "no-editor-on-runtime-identity"
)

func TestAPublicGrantIsTakenAwayAndNothingElse(t *testing.T) {
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	g.want(f, state.Reverted, "removed roles/run.invoker to allUsers")
	got := g.members(apiPath, "roles/run.invoker")
	slices.Sort(got)
	if want := []string{"group:frontend@example.com", "user:partner@example.org"}; !slices.Equal(got, want) {
		t.Errorf("invokers are %v, want %v", got, want)
	}
	if n := g.writes(); n != 1 {
		t.Errorf("%d writes, want one", n)
	}
	if !f.Automatic || len(f.Outbox) != 0 || !f.DueAt.IsZero() {
		t.Errorf("automatic %v, outbox %v, due %v; want an automatic revert with nothing left to do", f.Automatic, f.Outbox, f.DueAt)
	}
}

func TestALostRaceStartsOverOnFreshState(t *testing.T) {
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.cloud.Fail("Services.SetIamPolicy", 2, codes.Aborted)
	g.want(g.one(), state.Reverted, "verified")
	if slices.Contains(g.members(apiPath, "roles/run.invoker"), "allUsers") {
		t.Error("allUsers is still there")
	}
}

func TestARaceLostForEverIsTriedAgainBySweeps(t *testing.T) {
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.cloud.Fail("Services.SetIamPolicy", 7, codes.Aborted)
	f := g.one()
	g.want(f, state.Applying, "somebody else keeps changing it")
	g.pass(f.DueAt.Sub(g.Clock()))
	if _, err := g.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	g.want(g.stored(f.ID), state.Reverted, "verified")
}

func TestADefaultIdentityIsAskedAboutAndRestored(t *testing.T) {
	g := newRig(t, set{identity: policies.Approve})
	g.deploy(defaultAccount)
	f := g.one()
	g.want(f, state.Pending, "")
	if after := f.Plan.Steps[0].After.ServiceAccount; after != apiAccount {
		t.Fatalf("the plan goes back to %q, want the revision before: %s", after, apiAccount)
	}
	if g.identity(apiPath) != defaultAccount {
		t.Error("it was reverted before anybody answered")
	}
	f, err := g.Answer(t.Context(), f.ID, finding.Answer{Choice: finding.ChooseRevert, Principal: "user:ada@example.com", Digest: f.Plan.Digest})
	g.must(err)
	if f.State != state.Approved || g.identity(apiPath) != defaultAccount {
		t.Errorf("after the answer: %s and runs as %s; want approved, and the work left to the worker", f.State, g.identity(apiPath))
	}
	f, err = g.Work(t.Context(), f.ID)
	g.must(err)
	g.want(f, state.Reverted, "runs as "+apiAccount+" again")
	if got := g.identity(apiPath); got != apiAccount {
		t.Errorf("runs as %s, want %s", got, apiAccount)
	}
	if want := []state.State{state.Pending, state.Reverted}; !slices.Equal(g.told.states, want) {
		t.Errorf("people were told %v, want %v", g.told.states, want)
	}
}

func TestJobsAndWorkerPoolsAreRestoredToo(t *testing.T) {
	g := newRig(t, set{identity: policies.Revert})
	jobs, err := run.NewJobsClient(t.Context(), option.WithGRPCConn(g.conn))
	g.must(err)
	j, err := jobs.GetJob(t.Context(), &runpb.GetJobRequest{Name: jobPath})
	g.must(err)
	j.Template.Template.ServiceAccount = defaultAccount
	_, err = jobs.UpdateJob(t.Context(), &runpb.UpdateJobRequest{Job: j})
	g.must(err)
	g.want(g.one(), state.Reverted, "")
	if got := g.identity(jobPath); got != "fallback@pay-prod.iam.gserviceaccount.com" {
		t.Errorf("the job, which keeps no revisions, runs as %s, want the project's fallback", got)
	}

	pools, err := run.NewWorkerPoolsClient(t.Context(), option.WithGRPCConn(g.conn))
	g.must(err)
	_, err = pools.UpdateWorkerPool(t.Context(), &runpb.UpdateWorkerPoolRequest{
		WorkerPool: &runpb.WorkerPool{Name: poolPath, Template: &runpb.WorkerPoolRevisionTemplate{ServiceAccount: defaultAccount}},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"template.service_account"}},
	})
	g.must(err)
	g.want(g.one(), state.Reverted, "")
	if got := g.identity(poolPath); got != "pool@pay-prod.iam.gserviceaccount.com" {
		t.Errorf("the worker pool runs as %s, want the revision before", got)
	}
}

func TestWithNoAccountToGoBackToRescindAsks(t *testing.T) {
	g := newRig(t, set{identity: policies.Revert}, func(c *remediate.Config) { c.Judge.Fallback = nil })
	jobs, err := run.NewJobsClient(t.Context(), option.WithGRPCConn(g.conn))
	g.must(err)
	j, err := jobs.GetJob(t.Context(), &runpb.GetJobRequest{Name: jobPath})
	g.must(err)
	j.Template.Template.ServiceAccount = ""
	_, err = jobs.UpdateJob(t.Context(), &runpb.UpdateJobRequest{Job: j})
	g.must(err)
	f := g.one()
	g.want(f, state.Pending, "no account to go back to")
	_, err = g.Answer(t.Context(), f.ID, finding.Answer{Choice: finding.ChooseRevert, Principal: "user:ada@example.com", Digest: f.Plan.Digest})
	var refused *finding.RefusedError
	if !errors.As(err, &refused) {
		t.Errorf("answer revert: %v, want a refusal: there is nothing to write", err)
	}
}

func TestTheRevisionNameTrapIsStepped(t *testing.T) {
	g := newRig(t, set{identity: policies.Revert})
	g.must(g.cloud.PutService(&runpb.Service{Name: apiPath, Template: &runpb.RevisionTemplate{
		Revision: "api-00007-abc", ServiceAccount: apiAccount, Containers: []*runpb.Container{{Image: "example.com/app:v2"}}}}))
	c, err := run.NewServicesClient(t.Context(), option.WithGRPCConn(g.conn))
	g.must(err)
	_, err = c.UpdateService(t.Context(), &runpb.UpdateServiceRequest{
		Service:    &runpb.Service{Name: apiPath, Template: &runpb.RevisionTemplate{Revision: "api-00008-abc", ServiceAccount: defaultAccount}},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"template.service_account", "template.revision"}},
	})
	g.must(err)
	g.want(g.one(), state.Reverted, "")
	if got := g.identity(apiPath); got != apiAccount {
		t.Errorf("runs as %s, want %s", got, apiAccount)
	}
}

func TestARevisionThatNeverStartsIsNotCalledReverted(t *testing.T) {
	g := newRig(t, set{identity: policies.Revert})
	g.deploy(defaultAccount)
	g.cloud.RefuseToStart(apiAccount)
	f := g.one()
	if f.State == state.Reverted {
		t.Fatalf("the finding is reverted (%s), while the bad revision keeps serving", f.Why)
	}
	for range 20 {
		if f.State.Ended() {
			break
		}
		g.pass(2 * time.Hour)
		if _, err := g.Sweep(t.Context()); err != nil {
			t.Fatal(err)
		}
		f = g.stored(f.ID)
	}
	g.want(f, state.Failed, "")
}

func TestADuplicateDoesNothing(t *testing.T) {
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	events := g.events()
	for i := range 3 {
		for _, c := range events {
			o, err := g.Handle(t.Context(), c)
			g.must(err)
			if i > 0 && o.Kind != remediate.Duplicate {
				t.Errorf("delivery %d: %s, want duplicate", i+1, o.Kind)
			}
		}
	}
	if n := g.writes(); n != 1 {
		t.Errorf("%d writes, want one", n)
	}
}

func TestTheSameMessageManyTimesAtOnceHasOneEffect(t *testing.T) {
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	events := g.events()
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			for _, c := range events {
				if _, err := g.Handle(t.Context(), c); err != nil && !errors.Is(err, fault.ErrConflict) {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if n := g.writes(); n != 1 {
		t.Errorf("%d writes, want one", n)
	}
	fs, err := g.Store.Findings(t.Context(), finding.Query{})
	g.must(err)
	if len(fs) != 1 || fs[0].State != state.Reverted {
		t.Errorf("findings: %+v, want one that is reverted", fs)
	}
}

func TestAStaleChangeIsAskedAbout(t *testing.T) {
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.pass(16 * time.Minute)
	g.want(g.one(), state.Pending, "stale")
	if n := g.writes(); n != 0 {
		t.Errorf("%d writes, want none", n)
	}
}

func TestAnEntryWhoseTimeCannotBeTrustedIsAskedAbout(t *testing.T) {
	for name, at := range map[string]func(time.Time) time.Time{
		"no time at all":       func(time.Time) time.Time { return time.Time{} },
		"a date years ahead":   func(now time.Time) time.Time { return now.AddDate(4, 0, 0) },
		"a quarter hour ahead": func(now time.Time) time.Time { return now.Add(15 * time.Minute) },
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t, set{public: policies.Revert}, func(c *remediate.Config) { c.Limits.Grace = time.Minute })
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
	g := newRig(t, set{public: policies.Revert}, func(c *remediate.Config) { c.Limits.Grace = time.Minute })
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
	for _, tt := range []struct {
		name  string
		scope remediate.Scope
	}{
		{"another organization", remediate.Scope{Include: []cloud.Resource{cloud.OrganizationResource("770")}}},
		{"an excluded project", remediate.Scope{Include: []cloud.Resource{cloud.OrganizationResource("77")}, Exclude: []cloud.Resource{cloud.ProjectResource("pay-prod")}}},
		{"an excluded folder", remediate.Scope{Include: []cloud.Resource{cloud.ProjectResource("pay-prod")}, Exclude: []cloud.Resource{cloud.FolderResource("4001")}}},
		{"no scope at all", remediate.Scope{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newRig(t, set{public: policies.Revert}, func(c *remediate.Config) { c.Scope = tt.scope })
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

func TestWhatSomebodyFixedFirstIsSuperseded(t *testing.T) {
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.editPolicy(apiPath, func(p *iampb.Policy) {
		p.Bindings = slices.DeleteFunc(p.Bindings, func(b *iampb.Binding) bool { return slices.Contains(b.Members, "allUsers") })
	})
	g.want(g.one(), state.Superseded, "already fixed")
	if n := g.writes(); n != 0 {
		t.Errorf("%d writes, want none", n)
	}
}

func TestAnOpenQuestionEndsWhenSomebodyFixesIt(t *testing.T) {
	g := newRig(t, set{public: policies.Approve})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	g.want(f, state.Pending, "")
	g.editPolicy(apiPath, func(p *iampb.Policy) {
		p.Bindings = slices.DeleteFunc(p.Bindings, func(b *iampb.Binding) bool { return slices.Contains(b.Members, "allUsers") })
	})
	g.deliver()
	g.want(g.stored(f.ID), state.Superseded, "already fixed")
}

func TestAMissingPermissionBlocksAndSaysWhich(t *testing.T) {
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.cloud.Fail("Services.SetIamPolicy", 100, codes.PermissionDenied)
	g.want(g.one(), state.Blocked, "run.services.setIamPolicy")
}

func TestAnUnknownFactIsAskedAboutNeverReverted(t *testing.T) {
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

func TestAFailureThatMayPassBringsTheMessageBack(t *testing.T) {
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	events := g.events()
	g.cloud.Fail("Services.GetIamPolicy", 1, codes.Unavailable)
	if _, err := g.Handle(t.Context(), events[0]); err == nil {
		t.Fatal("handled, want an error so that the message comes again")
	}
	o, err := g.Handle(t.Context(), events[0])
	g.must(err)
	if len(o.Findings) != 1 || o.Findings[0].State != state.Reverted {
		t.Errorf("the second delivery came to %+v, want a revert", o)
	}
}

func TestEditorOnARuntimeIdentityIsFoundInEitherOrder(t *testing.T) {
	t.Run("the deploy first", func(t *testing.T) {
		g := newRig(t, set{editor: policies.Revert})
		g.grant("projects/pay-prod", "roles/editor", "serviceAccount:"+apiAccount)
		f := g.one()
		g.want(f, state.Reverted, "removed roles/editor to serviceAccount:"+apiAccount)
		if got := g.members("projects/pay-prod", "roles/editor"); len(got) != 0 {
			t.Errorf("editors: %v, want none", got)
		}
		if got := g.members("projects/pay-prod", "roles/owner"); len(got) != 1 {
			t.Errorf("owners: %v, want the group that was there", got)
		}
	})
	t.Run("the grant first", func(t *testing.T) {
		g := newRig(t, set{editor: policies.Revert})
		const idle = "idle@pay-prod.iam.gserviceaccount.com"
		g.grant("projects/pay-prod", "roles/editor", "serviceAccount:"+idle)
		if fs := g.deliver(); len(fs) != 0 {
			t.Fatalf("findings: %+v, want none: nothing runs as the account", fs)
		}
		g.deploy(idle)
		f := g.one()
		g.want(f, state.Pending, "held this before")
		if f.Resource != cloud.ProjectResource("pay-prod") {
			t.Errorf("the finding is on %s, want the project that holds the grant", f.Resource)
		}
		told := len(g.told.states)
		g.deploy(apiAccount)
		g.deploy(idle)
		g.deliver()
		if len(g.told.states) != told {
			t.Errorf("people were told %v again", g.told.states[told:])
		}
		fs, err := g.Store.Findings(t.Context(), finding.Query{Policy: editor})
		g.must(err)
		if len(fs) != 1 {
			t.Errorf("%d findings after two more deploys, want the one", len(fs))
		}
	})
}

func TestAGrantNoEventToldOfIsFoundAtTheNextDeploy(t *testing.T) {
	g := newRig(t, set{editor: policies.Approve})
	g.deploy(apiAccount)
	g.deliver() // the account is known to run a workload
	g.grant("projects/pay-prod", "roles/editor", "serviceAccount:"+apiAccount)
	g.events() // and this event is lost
	g.deploy(apiAccount)
	g.want(g.one(), state.Pending, "held this before")
}

func TestAFirstHalfWaitsForStateToShow(t *testing.T) {
	g := newRig(t, set{identity: policies.Approve})
	api, err := cloud.ParseResource("//run.googleapis.com/" + apiPath)
	g.must(err)
	first := cloud.Change{
		ID: "operation:1", Half: cloud.FirstHalf, Operation: "1", Time: g.Clock(), Resource: api, Verb: cloud.Update,
		Service: "run.googleapis.com", Method: "google.cloud.run.v2.Services.UpdateService", Actor: cloud.Actor{Principal: "user:" + mallory},
		Workload: &cloud.Workload{Resource: api, Identity: cloud.KnownIdentity(defaultAccount), InvokerCheckDisabled: cloud.Flag{Knowledge: cloud.Unchanged}},
	}
	o, err := g.Handle(t.Context(), first)
	g.must(err)
	f := g.stored(o.Findings[0].ID)
	g.want(f, state.Waiting, "does not show the change yet")

	g.deploy(defaultAccount)
	g.events()
	g.pass(f.DueAt.Sub(g.Clock()))
	_, err = g.Sweep(t.Context())
	g.must(err)
	g.want(g.stored(f.ID), state.Pending, "")
}

func TestAFirstHalfThatNeverShowsIsSuperseded(t *testing.T) {
	g := newRig(t, set{identity: policies.Revert})
	api, err := cloud.ParseResource("//run.googleapis.com/" + apiPath)
	g.must(err)
	o, err := g.Handle(t.Context(), cloud.Change{
		ID: "operation:1", Half: cloud.FirstHalf, Time: g.Clock(), Resource: api, Verb: cloud.Update, Actor: cloud.Actor{Principal: "user:" + mallory},
		Workload: &cloud.Workload{Resource: api, Identity: cloud.KnownIdentity(defaultAccount), InvokerCheckDisabled: cloud.Flag{Knowledge: cloud.Unchanged}},
	})
	g.must(err)
	g.pass(30 * time.Second)
	_, err = g.Sweep(t.Context())
	g.must(err)
	g.want(g.stored(o.Findings[0].ID), state.Superseded, "live state no longer shows it")
}

func TestLimitsTurnRevertsIntoQuestions(t *testing.T) {
	t.Run("rate", func(t *testing.T) {
		g := newRig(t, set{public: policies.Revert}, func(c *remediate.Config) { c.Limits.PerPolicyHour = 1; c.Limits.SameChange = 0 })
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
		g := newRig(t, set{public: policies.Revert}, func(c *remediate.Config) { c.Limits.Grace = 2 * time.Minute })
		g.grant(apiPath, "roles/run.invoker", "allUsers")
		f := g.one()
		g.want(f, state.Waiting, "grace")
		g.pass(2 * time.Minute)
		_, err := g.Sweep(t.Context())
		g.must(err)
		g.want(g.stored(f.ID), state.Reverted, "")
	})
}

func TestWhatWasKeptIsNotRaisedAgain(t *testing.T) {
	g := newRig(t, set{public: policies.Approve})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	_, err := g.Answer(t.Context(), f.ID, finding.Answer{Choice: finding.ChooseKeep, Principal: "user:ada@example.com", Digest: f.Plan.Digest[:8], Reason: "by design"})
	g.must(err)
	g.editPolicy(apiPath, func(*iampb.Policy) {}) // what every gcloud deploy does
	for _, c := range g.events() {
		o, err := g.Handle(t.Context(), c)
		g.must(err)
		if o.Kind != remediate.Settled {
			t.Errorf("outcome %s with %d findings, want settled", o.Kind, len(o.Findings))
		}
	}
	g.pass(31 * 24 * time.Hour)
	g.editPolicy(apiPath, func(*iampb.Policy) {})
	g.want(g.one(), state.Pending, "")
}

func TestTheSameChangeAgainJoinsTheOpenQuestion(t *testing.T) {
	g := newRig(t, set{public: policies.Approve})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	first := g.one()
	g.editPolicy(apiPath, func(*iampb.Policy) {})
	again := g.one()
	if again.ID != first.ID {
		t.Errorf("a second finding %s, want the first %s to be joined", again.ID, first.ID)
	}
	g.grant(apiPath, "roles/run.invoker", "allAuthenticatedUsers")
	fs := g.deliver()
	if len(fs) != 1 || fs[0].ID == first.ID {
		t.Fatalf("findings %+v, want a new one: the plan is another", fs)
	}
	g.want(g.stored(first.ID), state.Superseded, "another plan")
}

func TestAFindingNobodyCouldBeToldOfIsToldLater(t *testing.T) {
	g := newRig(t, set{public: policies.Revert})
	g.told.failing = errors.New("slack is down")
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	g.want(f, state.Reverted, "")
	if !f.Owes(finding.Notify) || f.DueAt.IsZero() {
		t.Fatalf("outbox %v, due %v; want the notice to be still owed", f.Outbox, f.DueAt)
	}
	g.told.failing = nil
	g.pass(f.DueAt.Sub(g.Clock()))
	_, err := g.Sweep(t.Context())
	g.must(err)
	if f = g.stored(f.ID); f.Owes(finding.Notify) || len(g.told.states) != 1 {
		t.Errorf("outbox %v, told %v; want it told once", f.Outbox, g.told.states)
	}
}

func TestASilentQuestionEndsAsConfigured(t *testing.T) {
	for expiry, want := range map[remediate.Expiry]state.State{
		remediate.LeaveOnExpiry: state.Expired, remediate.RevertOnExpiry: state.Reverted,
	} {
		t.Run(string(expiry), func(t *testing.T) {
			g := newRig(t, set{public: policies.Approve}, func(c *remediate.Config) { c.OnExpiry = expiry })
			g.grant(apiPath, "roles/run.invoker", "allUsers")
			f := g.one()
			g.pass(time.Hour)
			_, err := g.Sweep(t.Context())
			g.must(err)
			f = g.stored(f.ID)
			g.want(f, want, "")
			said := slices.ContainsFunc(f.Timeline, func(e trail.Event) bool { return strings.HasPrefix(e.What, "nobody answered") })
			if !said || f.Automatic != (want == state.Reverted) {
				t.Errorf("timeline %v, automatic %v; want it to say that nobody answered", f.Timeline, f.Automatic)
			}
		})
	}
}

func TestAProjectPolicyWithoutADeltaIsAskedAbout(t *testing.T) {
	g := newRig(t, set{editor: policies.Revert})
	g.grant("projects/pay-prod", "roles/editor", "serviceAccount:"+apiAccount)
	events := g.events()
	c := events[len(events)-1]
	c.HasDelta, c.Deltas = false, nil
	c.Unread = []cloud.Unread{{Field: "grants", Why: "the entry has no policyDelta"}}
	o, err := g.Handle(t.Context(), c)
	g.must(err)
	f := g.stored(o.Findings[0].ID)
	g.want(f, state.Pending, "does not say what it added")
	if f.Verdict != policies.Unknown || !strings.Contains(f.Plan.Steps[0].Before.Grants[0].Role, "editor") {
		t.Errorf("verdict %s, plan %+v; want unknown, listing the live grant", f.Verdict, f.Plan)
	}
}

func TestADeletedServiceHasNothingToRevert(t *testing.T) {
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	c, err := run.NewServicesClient(t.Context(), option.WithGRPCConn(g.conn))
	g.must(err)
	_, err = c.DeleteService(t.Context(), &runpb.DeleteServiceRequest{Name: apiPath})
	g.must(err)
	g.want(g.one(), state.Superseded, "no longer exists")
}

func TestConfigNamesAllThatIsMissing(t *testing.T) {
	_, err := remediate.New(remediate.Config{})
	for _, want := range []string{"Judge.Policies", "Store", "IAM", "Workloads", "Notifier", "Self", "Now", "ExpiresIn", "OnExpiry"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not name %s", err, want)
		}
	}
}
