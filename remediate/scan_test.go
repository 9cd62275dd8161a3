package remediate_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

var (
	apiService = cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "api")
	payProd    = cloud.ProjectResource("pay-prod")
)

// unseen has a grant made that no event tells of.
func (g *rig) unseen(resource, role, member string) {
	g.t.Helper()
	g.grant(resource, role, member)
	g.events()
}

func (g *rig) scan(r cloud.Resource) remediate.Outcome {
	g.t.Helper()
	out, err := g.Scan(g.t.Context(), r)
	g.must(err)
	return out
}

// scanOne is scan where one new finding is expected.
func (g *rig) scanOne(r cloud.Resource) finding.Finding {
	g.t.Helper()
	out := g.scan(r)
	if out.Kind != remediate.Found || len(out.Findings) != 1 {
		g.t.Fatalf("%s, %d findings, want one: %+v", out.Kind, len(out.Findings), out.Findings)
	}
	return out.Findings[0]
}

// scanNone checks that a scan raises nothing, and which findings it knows.
func (g *rig) scanNone(r cloud.Resource, known ...string) {
	g.t.Helper()
	out := g.scan(r)
	var got []string
	for _, f := range out.Known {
		got = append(got, f.ID)
	}
	slices.Sort(got)
	slices.Sort(known)
	if len(out.Findings) > 0 || !slices.Equal(got, known) {
		g.t.Errorf("raised %+v, knows %q; want none, and %q", out.Findings, got, known)
	}
}

func (g *rig) answer(f finding.Finding, c finding.Choice, who string) finding.Finding {
	g.t.Helper()
	f, err := g.Answer(g.t.Context(), f.ID, finding.Answer{Choice: c, Principal: who, Digest: f.Plan.Digest, Reason: "as discussed"})
	g.must(err)
	return f
}

func TestAScanAsksWhatAnEventWouldHaveHadReverted(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	g.unseen(apiPath, "roles/run.invoker", "allUsers")
	f := g.scanOne(apiService)
	g.want(f, state.Pending, "found by a scan of live state: no event told of it")
	if f.Change.Actor.Principal != cloud.UnknownActor || !f.Guarded {
		t.Errorf("actor %q, guarded %v; want nobody known, and silence never to revert", f.Change.Actor.Principal, f.Guarded)
	}
	if want := []state.State{state.Pending}; !cmp.Equal(g.told.states, want) {
		t.Errorf("people were told %v, want %v", g.told.states, want)
	}
	g.scanNone(apiService, f.ID)
	f = g.answer(f, finding.ChooseRevert, "user:ada@example.com")
	f, err := g.Work(t.Context(), f.ID)
	g.must(err)
	g.want(f, state.Reverted, "removed roles/run.invoker to allUsers")
	g.scanNone(apiService)

	g.unseen(apiPath, "roles/run.invoker", "allUsers")
	if again := g.scanOne(apiService); again.ID == f.ID {
		t.Error("what is there again after a revert is the finding that ended")
	}
}

func TestAScanFindsEverySettingOfAWorkload(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, policy string
		put          func(*rig) error
		at           cloud.Resource
	}{
		{"a service as the default account", identity, func(g *rig) error {
			return g.cloud.PutService(&runpb.Service{Name: apiPath, Template: &runpb.RevisionTemplate{ServiceAccount: defaultAccount}})
		}, apiService},
		{"a job that names no account", identity, func(g *rig) error {
			return g.cloud.PutJob(&runpb.Job{Name: jobPath, Template: &runpb.ExecutionTemplate{Template: &runpb.TaskTemplate{}}})
		}, cloud.RunResource(cloud.RunJob, "pay-prod", "europe-west1", "nightly")},
		{"a worker pool as the default account", identity, func(g *rig) error {
			return g.cloud.PutWorkerPool(&runpb.WorkerPool{Name: poolPath, Template: &runpb.WorkerPoolRevisionTemplate{ServiceAccount: defaultAccount}})
		}, cloud.RunResource(cloud.RunWorkerPool, "pay-prod", "europe-west1", "queue")},
		{"a service without its invoker check", public, func(g *rig) error {
			return g.cloud.PutService(&runpb.Service{Name: apiPath, InvokerIamDisabled: true, Template: &runpb.RevisionTemplate{ServiceAccount: apiAccount}})
		}, apiService},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newRig(t, set{tt.policy: policies.Approve})
			g.must(tt.put(g))
			f := g.scanOne(tt.at)
			g.want(f, state.Pending, "")
			if f.Policy != tt.policy || f.Resource != tt.at {
				t.Errorf("%s on %s, want %s on %s", f.Policy, f.Resource, tt.policy, tt.at)
			}
			g.scanNone(tt.at, f.ID)
		})
	}
}

func TestAScanFindsEditorForWhatAWorkloadRunsAs(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{editor: policies.Approve})
	g.unseen("projects/pay-prod", "roles/editor", "serviceAccount:"+apiAccount)
	g.unseen("projects/pay-prod", "roles/editor", "serviceAccount:job@pay-prod.iam.gserviceaccount.com")
	g.unseen("projects/pay-prod", "roles/editor", "serviceAccount:idle@pay-prod.iam.gserviceaccount.com")
	out := g.scan(payProd)
	if len(out.Findings) != 2 {
		t.Fatalf("%+v, want one finding for each account that something runs as", out.Findings)
	}
	g.scanNone(payProd, out.Findings[0].ID, out.Findings[1].ID)
	if n := len(out.Findings[0].Change.Deltas); n != 1 {
		t.Errorf("the finding keeps %d grants, want the one it is about", n)
	}
}

func TestAScanKnowsWhatAnEventRaised(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	g.scanNone(apiService, f.ID)
	if got := g.stored(f.ID); got.Revision != f.Revision {
		t.Error("the scan wrote to a finding that an event raised")
	}
}

func TestWhatWasKeptIsNotRaisedAgainByAScanAndWhatWasAddedIs(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve})
	g.unseen(apiPath, "roles/run.invoker", "allUsers")
	f := g.scanOne(apiService)
	f = g.answer(f, finding.ChooseKeep, "user:ada@example.com")
	if f.State != state.Pending {
		t.Fatalf("one person kept what nobody knows who made: %s", f.State)
	}
	f = g.answer(f, finding.ChooseKeep, "user:"+mallory)
	g.want(f, state.Kept, "")
	g.scanNone(apiService, f.ID)

	g.unseen(apiPath, "roles/run.invoker", "allAuthenticatedUsers")
	added := g.scanOne(apiService)
	want := []cloud.Grant{{Role: "roles/run.invoker", Member: "allAuthenticatedUsers"}}
	if diff := cmp.Diff(want, added.Plan.Steps[0].Before.Grants); diff != "" {
		t.Errorf("the plan takes what was kept (-want +got):\n%s", diff)
	}
	g.scanNone(apiService, f.ID, added.ID)
	g.pass(31 * 24 * time.Hour)
	if out := g.scan(apiService); len(out.Findings) != 1 {
		t.Errorf("%d findings a month after it was kept, want one", len(out.Findings))
	}
}

func TestWhatNobodyAnsweredIsNotAskedAgainByAScan(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve})
	g.unseen(apiPath, "roles/run.invoker", "allUsers")
	f := g.scanOne(apiService)
	g.pass(2 * time.Hour)
	_, err := g.Sweep(t.Context())
	g.must(err)
	g.want(g.stored(f.ID), state.Expired, "")
	g.scanNone(apiService, f.ID)
}

func TestWhatWasReportedIsAskedOnceThePolicyAsks(t *testing.T) {
	t.Parallel()
	g := newRig(t, nil)
	g.unseen(apiPath, "roles/run.invoker", "allUsers")
	f := g.scanOne(apiService)
	g.want(f, state.Reported, "")
	g.scanNone(apiService, f.ID)
	g.change(func(c *setup) { c.Judge.Policies = g.load(set{public: policies.Approve}) })
	g.want(g.scanOne(apiService), state.Pending, "")
}

func TestAScanDoesNotKeepThePolicyFromRevertingWhenTheEventComes(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	asked := g.scanOne(apiService)
	g.want(g.one(), state.Reverted, "")
	g.want(g.stored(asked.ID), state.Superseded, "an event told of the change after all")
}

func TestMembersThatAreNeverTouchedAreNoFindingOfTheirOwn(t *testing.T) {
	t.Parallel()
	g := newRig(t, nil)
	admins, err := policies.Load(policies.File{Name: "test.yaml", Data: []byte(`apiVersion: rescind/v1
policies:
  - name: no-admins
    title: Nobody administers a service
    severity: low
    on: [run.service]
    when: change.added.exists(g, g.role.name == "roles/run.admin")
    message: '"somebody administers it"'
    remediation: [remove-grants]
    enforcement: approve
    tests:
      - name: an admin
        change: {resource: run.googleapis.com/projects/p/locations/l/services/s, verb: setIamPolicy, added: [{role: roles/run.admin, member: "user:a@example.com"}]}
        want: violation
`)})
	g.must(err)
	g.change(func(c *setup) { c.Judge.Policies = admins })
	g.unseen(apiPath, "roles/run.admin", "user:eve@example.com")
	g.unseen(apiPath, "roles/run.admin", "serviceAccount:service-264172533001@serverless-robot-prod.iam.gserviceaccount.com")
	f := g.scanOne(apiService)
	g.scanNone(apiService, f.ID)
	g.scanNone(apiService, f.ID)
}

func TestAScanLeavesWhatIsOutOfScopeAlone(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert}, func(c *setup) { c.Scope.Exclude = []cloud.Resource{payProd} })
	g.unseen(apiPath, "roles/run.invoker", "allUsers")
	if out := g.scan(apiService); out.Kind != remediate.OutOfScope || len(out.Findings) > 0 || g.MayBeInScope(t.Context(), apiService) {
		t.Errorf("%+v, want out of scope", out)
	}
}

func TestAScanOfWhatIsGoneFindsNothing(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	if out := g.scan(cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "gone")); out.Kind != remediate.Compliant {
		t.Errorf("%+v, want nothing", out)
	}
}

func TestAScanThatMayNotReadIsAnErrorThatSaysWhy(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	g.cloud.Fail("Services.GetIamPolicy", 1, codes.PermissionDenied)
	_, err := g.Scan(t.Context(), apiService)
	var denied *fault.PermissionError
	if !errors.As(err, &denied) || denied.Permission != "run.services.getIamPolicy" {
		t.Errorf("%v, want the permission that is missing", err)
	}
}

func TestAScanAsksAboutWhatItCannotTell(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	g.unseen(apiPath, "roles/run.invoker", "allUsers")
	g.cloud.Fail("GetEffectivePolicy", 1000, codes.PermissionDenied)
	f := g.scanOne(apiService)
	g.want(f, state.Pending, "run.managed.requireInvokerIam")
	if f.Verdict != policies.Unknown {
		t.Errorf("verdict %s, want unknown", f.Verdict)
	}
	g.scanNone(apiService, f.ID)
}

func TestAScanOfAnUndoneRevertRaisesNothing(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	undo, err := g.Answer(t.Context(), f.ID, finding.Answer{Choice: finding.ChooseUndo, Principal: "user:ada@example.com",
		Digest: f.UndoPlan().Digest, Reason: "the partner needs it"})
	g.must(err)
	undo, err = g.Work(t.Context(), undo.ID)
	g.must(err)
	g.want(undo, state.Undone, "")
	g.scanNone(apiService, undo.ID)
	g.editPolicy(apiPath, func(p *iampb.Policy) { p.Bindings = nil })
	g.scanNone(apiService)
}
