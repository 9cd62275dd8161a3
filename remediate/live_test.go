package remediate_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	run "cloud.google.com/go/run/apiv2"
	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
	"google.golang.org/api/option"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

const (
	public   = "no-public-invoker"
	identity = "no-default-service-account"
	editor   = "no-editor-on-runtime-identity"
)

func TestAPublicGrantIsTakenAwayAndNothingElse(t *testing.T) {
	t.Parallel()
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

func TestADefaultIdentityIsAskedAboutAndRestored(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
	g := newRig(t, set{identity: policies.Revert})
	jobs, err := run.NewJobsClient(t.Context(), option.WithGRPCConn(g.conn))
	g.must(err)
	j, err := jobs.GetJob(t.Context(), &runpb.GetJobRequest{Name: jobPath})
	g.must(err)
	j.Template.Template.ServiceAccount = defaultAccount
	_, err = jobs.UpdateJob(t.Context(), &runpb.UpdateJobRequest{Job: j})
	g.must(err)
	g.want(g.approve(g.one()), state.Reverted, "")
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
	t.Parallel()
	g := newRig(t, set{identity: policies.Revert}, func(c *setup) { c.Judge.Fallback = nil })
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

func TestAMissingPermissionBlocksAndSaysWhich(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	g.cloud.Fail("Services.SetIamPolicy", 100, codes.PermissionDenied)
	g.want(g.one(), state.Blocked, "run.services.setIamPolicy")
}

func TestAProjectPolicyWithoutADeltaIsAskedAbout(t *testing.T) {
	t.Parallel()
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
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	c, err := run.NewServicesClient(t.Context(), option.WithGRPCConn(g.conn))
	g.must(err)
	_, err = c.DeleteService(t.Context(), &runpb.DeleteServiceRequest{Name: apiPath})
	g.must(err)
	g.want(g.one(), state.Superseded, "no longer exists")
}

func TestConfigNamesAllThatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := remediate.New(remediate.Config{})
	for _, want := range []string{"Judge.Policies", "Store", "IAM", "Workloads", "Notifier", "Self", "Now", "ExpiresIn", "OnExpiry"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not name %s", err, want)
		}
	}
}
