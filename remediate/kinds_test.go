package remediate_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/orgpolicy/apiv2/orgpolicypb"
	run "cloud.google.com/go/run/apiv2"
	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/api/option"
	"google.golang.org/genproto/googleapis/type/expr"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

const (
	actAs         = "no-act-as-on-default-identity"
	ingress       = "no-public-ingress"
	lostCondition = "no-iam-condition-removed"
	weakening     = "no-constraint-weakening"
	folderPath    = "folders/4001"
	orgPath       = "organizations/77"
	saPath        = "projects/pay-prod/serviceAccounts/" + defaultAccount
	constraint    = "run.managed.requireInvokerIam"
)

// policyMethods is the service that holds the allow policy of a resource.
func policyMethods(resource string) string {
	for part, service := range map[string]string{
		"/services/": "google.cloud.run.v2.Services", "/jobs/": "google.cloud.run.v2.Jobs", "/workerPools/": "google.cloud.run.v2.WorkerPools",
		"/serviceAccounts/": "google.iam.admin.v1.IAM",
	} {
		if strings.Contains(resource, part) {
			return service
		}
	}
	collection, _, _ := strings.Cut(resource, "/")
	return "google.cloud.resourcemanager.v3." + strings.ToUpper(collection[:1]) + collection[1:]
}

// policyOf reads the allow policy of any resource.
func (g *rig) policyOf(resource string) *iampb.Policy {
	g.t.Helper()
	p := &iampb.Policy{}
	get := &iampb.GetIamPolicyRequest{Resource: resource, Options: &iampb.GetPolicyOptions{RequestedPolicyVersion: 3}}
	g.must(g.conn.Invoke(g.t.Context(), "/"+policyMethods(resource)+"/GetIamPolicy", get, p))
	return p
}

// editAny has mallory edit the allow policy of any resource.
func (g *rig) editAny(resource string, edit func(*iampb.Policy)) {
	g.t.Helper()
	p := g.policyOf(resource)
	edit(p)
	p.Version = 3
	g.must(g.conn.Invoke(g.t.Context(), "/"+policyMethods(resource)+"/SetIamPolicy", &iampb.SetIamPolicyRequest{Resource: resource, Policy: p}, &iampb.Policy{}))
}

func sameBindings(want, got *iampb.Policy) string {
	return cmp.Diff(want.Bindings, got.Bindings, protocmp.Transform(), protocmp.SortRepeated(func(a, b *iampb.Binding) bool { return a.String() < b.String() }))
}

func TestAGrantIsRemovedWhereverItWasMadeAndNothingElse(t *testing.T) {
	for _, tt := range []struct {
		name, policy, resource, role, member string
	}{
		{"on a service", public, apiPath, "roles/run.invoker", "allUsers"},
		{"on a job", public, jobPath, "roles/run.invoker", "allAuthenticatedUsers"},
		{"on a worker pool", public, poolPath, "roles/run.invoker", "allUsers"},
		{"on a project", editor, "projects/pay-prod", "roles/editor", "serviceAccount:" + apiAccount},
		{"on a folder", editor, folderPath, "roles/owner", "serviceAccount:" + apiAccount},
		{"on the organization", editor, orgPath, "roles/editor", "serviceAccount:" + apiAccount},
		{"on a service account", actAs, saPath, "roles/iam.serviceAccountUser", "user:eve@example.com"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newRig(t, set{tt.policy: policies.Revert})
			g.cloud.AddServiceAccount("pay-prod", defaultAccount)
			others := &iampb.Policy{Bindings: []*iampb.Binding{
				{Role: tt.role, Members: []string{"group:team@example.com"}},
				{Role: "roles/viewer", Members: []string{"user:pat@example.com"}, Condition: &expr.Expr{Title: "pilot", Expression: "request.time.getHours() < 18"}},
			}}
			g.must(g.cloud.PutPolicy(tt.resource, others))
			before := g.policyOf(tt.resource)
			g.editAny(tt.resource, func(p *iampb.Policy) {
				p.Bindings = append(p.Bindings, &iampb.Binding{Role: tt.role, Members: []string{tt.member}})
			})
			g.cloud.Fail("SetIamPolicy", 1, codes.Aborted) // somebody else was faster
			f := g.one()
			g.want(f, state.Reverted, "removed "+tt.role+" to "+tt.member)
			if d := sameBindings(before, g.policyOf(tt.resource)); d != "" {
				t.Errorf("policy (-before +after):\n%s", d)
			}
			if n := g.writes(); n != 1 {
				t.Errorf("%d writes, want one", n)
			}
		})
	}
}

func TestAMissingPermissionOnAnyResourceIsNamedAndNotTriedAgain(t *testing.T) {
	for resource, permission := range map[string]string{
		folderPath: "resourcemanager.folders.setIamPolicy", orgPath: "resourcemanager.organizations.setIamPolicy", saPath: "iam.serviceAccounts.setIamPolicy",
	} {
		g := newRig(t, set{editor: policies.Revert, actAs: policies.Revert})
		g.cloud.AddServiceAccount("pay-prod", defaultAccount)
		role, member := "roles/editor", "serviceAccount:"+apiAccount
		if resource == saPath {
			role, member = "roles/iam.serviceAccountTokenCreator", "user:eve@example.com"
		}
		g.editAny(resource, func(p *iampb.Policy) {
			p.Bindings = append(p.Bindings, &iampb.Binding{Role: role, Members: []string{member}})
		})
		g.cloud.Fail("SetIamPolicy", 100, codes.PermissionDenied)
		f := g.one()
		g.want(f, state.Blocked, "permission "+permission+" missing on ")
		if !f.DueAt.IsZero() || len(f.Outbox) != 0 {
			t.Errorf("%s: owes %v, due %v; want it done with", resource, f.Outbox, f.DueAt)
		}
	}
}

// setIngress has mallory change the service's ingress.
func (g *rig) setIngress(to runpb.IngressTraffic) {
	g.t.Helper()
	c, err := run.NewServicesClient(g.t.Context(), option.WithGRPCConn(g.conn))
	g.must(err)
	_, err = c.UpdateService(g.t.Context(), &runpb.UpdateServiceRequest{
		Service: &runpb.Service{Name: apiPath, Ingress: to}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"ingress"}},
	})
	g.must(err)
}

func (g *rig) service() *runpb.Service {
	g.t.Helper()
	s := &runpb.Service{}
	g.must(g.conn.Invoke(g.t.Context(), "/google.cloud.run.v2.Services/GetService", &runpb.GetServiceRequest{Name: apiPath}, s))
	return s
}

// opened is a rig whose service was opened to the internet, where the
// constraint allows these settings.
func opened(t *testing.T, e policies.Enforcement, allowed ...string) (*rig, *runpb.Service) {
	t.Helper()
	g := newRig(t, set{ingress: e})
	return g, g.open(allowed...)
}

// open has mallory open the service, and returns it as it was before.
func (g *rig) open(allowed ...string) *runpb.Service {
	g.t.Helper()
	g.cloud.SetAllowedValues(folderPath, "run.allowedIngress", allowed...)
	g.setIngress(runpb.IngressTraffic_INGRESS_TRAFFIC_INTERNAL_ONLY)
	g.events()
	before := g.service()
	g.setIngress(runpb.IngressTraffic_INGRESS_TRAFFIC_ALL)
	return before
}

func TestAnIngressGoesBackToTheOneThatIsAllowed(t *testing.T) {
	for _, tt := range []struct {
		name  string
		fault func(*rig)
	}{
		{"at once", func(*rig) {}},
		{"after a lost race", func(g *rig) { g.cloud.Fail("UpdateService", 1, codes.Aborted) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g, before := opened(t, policies.Revert, "internal")
			tt.fault(g)
			f := g.one()
			g.want(f, state.Reverted, "set its ingress to internal")
			ignored := protocmp.IgnoreFields(&runpb.Service{}, "generation", "observed_generation", "etag", "update_time", "terminal_condition", "last_modifier")
			if d := cmp.Diff(before, g.service(), protocmp.Transform(), ignored); d != "" {
				t.Errorf("service (-before +after):\n%s", d)
			}
			s := f.Plan.Steps[0].Inverse()
			if s.Kind != policies.RestoreIngress || s.Before.Ingress != "internal" || s.After.Ingress != "all" {
				t.Errorf("the inverse is %+v", s)
			}
		})
	}
}

func TestAnIngressIsNeverGuessed(t *testing.T) {
	for _, tt := range []struct {
		name    string
		allowed []string
		says    string
	}{
		{"two are allowed", []string{"internal", "internal-and-cloud-load-balancing"}, "are both allowed here"},
		{"none is allowed", []string{"none-that-is-known"}, "neither internal nor internal-and-cloud-load-balancing is allowed here"},
		{"a group may or may not be allowed", []string{"in:some-group"}, "is unknown"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g, _ := opened(t, policies.Revert, tt.allowed...)
			f := g.one()
			g.want(f, state.Pending, "")
			if !strings.Contains(f.Plan.Missing, tt.says) || f.Plan.Executable() {
				t.Errorf("executable %t, missing %q; want it to say %q", f.Plan.Executable(), f.Plan.Missing, tt.says)
			}
			if n := g.writes(); n != 0 {
				t.Errorf("%d writes, want none", n)
			}
		})
	}
}

func TestAnIngressThatSomebodyChangedMeanwhileIsLeft(t *testing.T) {
	g, _ := opened(t, policies.Approve, "internal")
	f := g.one()
	g.setIngress(runpb.IngressTraffic_INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER)
	g.events() // not delivered
	f = g.approve(f)
	g.want(f, state.Superseded, `its ingress is "internal-and-cloud-load-balancing" now`)
}

func TestADeniedIngressNamesThePermission(t *testing.T) {
	g, _ := opened(t, policies.Revert, "internal")
	g.cloud.Fail("UpdateService", 10, codes.PermissionDenied)
	g.want(g.one(), state.Blocked, "not applied: restore-ingress on //run.googleapis.com/"+apiPath+": permission run.services.update missing")
}

// approve has ada answer revert and the plan be carried out.
func (g *rig) approve(f finding.Finding) finding.Finding {
	g.t.Helper()
	_, err := g.Answer(g.t.Context(), f.ID, finding.Answer{Choice: finding.ChooseRevert, Principal: "user:ada@example.com", Digest: f.Plan.Digest})
	g.must(err)
	f, err = g.Work(g.t.Context(), f.ID)
	g.must(err)
	return f
}

var pilot = &expr.Expr{Title: "pilot", Description: "until the audit", Expression: "request.time < timestamp('2027-01-01T00:00:00Z')"}

// unconditional is a rig in which eve's grant to invoke lost its condition.
func unconditional(t *testing.T, e policies.Enforcement, resource string) (*rig, *iampb.Policy) {
	t.Helper()
	g := newRig(t, set{lostCondition: e})
	return g, g.loseCondition(resource)
}

// loseCondition has mallory drop a condition, and returns the policy before.
func (g *rig) loseCondition(resource string) *iampb.Policy {
	g.t.Helper()
	g.must(g.cloud.PutPolicy(resource, &iampb.Policy{Bindings: []*iampb.Binding{
		{Role: "roles/run.invoker", Members: []string{"user:eve@example.com", "user:pat@example.com"}, Condition: pilot},
		{Role: "roles/run.invoker", Members: []string{"group:frontend@example.com"}},
	}}))
	before := g.policyOf(resource)
	g.editAny(resource, func(p *iampb.Policy) {
		p.Bindings = []*iampb.Binding{
			{Role: "roles/run.invoker", Members: []string{"user:pat@example.com"}, Condition: pilot},
			{Role: "roles/run.invoker", Members: []string{"group:frontend@example.com", "user:eve@example.com"}},
		}
	})
	return before
}

func TestAConditionIsPutBackExactly(t *testing.T) {
	for _, resource := range []string{"projects/pay-prod", folderPath, orgPath} {
		for name, fault := range map[string]func(*rig){
			"at once":           func(*rig) {},
			"after a lost race": func(g *rig) { g.cloud.Fail("SetIamPolicy", 1, codes.Aborted) },
		} {
			t.Run(resource+" "+name, func(t *testing.T) {
				g, before := unconditional(t, policies.Revert, resource)
				fault(g)
				f := g.one()
				g.want(f, state.Reverted, "put back roles/run.invoker to user:eve@example.com if request.time")
				if d := sameBindings(before, g.policyOf(resource)); d != "" {
					t.Errorf("policy (-before +after):\n%s", d)
				}
				s := f.Plan.Steps[0]
				if i := s.Inverse(); !slices.Equal(i.Before.Grants, s.After.Grants) || !slices.Equal(i.After.Grants, s.Before.Grants) {
					t.Errorf("the inverse of %+v is %+v", s, i)
				}
			})
		}
	}
}

func TestAConditionIsNotPutBackForWhoeverLostTheGrantSince(t *testing.T) {
	g, _ := unconditional(t, policies.Approve, "projects/pay-prod")
	f := g.one()
	g.editAny("projects/pay-prod", func(p *iampb.Policy) {
		p.Bindings = []*iampb.Binding{{Role: "roles/run.invoker", Members: []string{"group:frontend@example.com"}}}
	})
	g.events()
	f = g.approve(f)
	g.want(f, state.Superseded, "already fixed")
	if got := g.members("projects/pay-prod", "roles/run.invoker"); !slices.Equal(got, []string{"group:frontend@example.com"}) {
		t.Errorf("invokers are %v", got)
	}
}

func TestADeniedConditionNamesThePermission(t *testing.T) {
	g, _ := unconditional(t, policies.Revert, folderPath)
	g.cloud.Fail("SetIamPolicy", 10, codes.PermissionDenied)
	g.want(g.one(), state.Blocked, "permission resourcemanager.folders.setIamPolicy missing on //cloudresourcemanager.googleapis.com/folders/4001")
}

// weaken has mallory set a policy of the project's own that enforces nothing.
func (g *rig) weaken(method string, on bool) {
	g.t.Helper()
	p := &orgpolicypb.Policy{
		Name: "projects/pay-prod/policies/" + constraint,
		Spec: &orgpolicypb.PolicySpec{Rules: []*orgpolicypb.PolicySpec_PolicyRule{{Kind: &orgpolicypb.PolicySpec_PolicyRule_Enforce{Enforce: on}}}},
	}
	var request proto.Message = &orgpolicypb.CreatePolicyRequest{Parent: "projects/pay-prod", Policy: p}
	if method == "UpdatePolicy" {
		request = &orgpolicypb.UpdatePolicyRequest{Policy: p}
	}
	g.must(g.conn.Invoke(g.t.Context(), "/google.cloud.orgpolicy.v2.OrgPolicy/"+method, request, &orgpolicypb.Policy{}))
}

// ownPolicy reports whether the project has a policy of its own.
func (g *rig) ownPolicy() bool {
	return slices.ContainsFunc(g.cloud.State().Constraints, func(c sim.ConstraintState) bool { return c.Container == "projects/pay-prod" })
}

func TestAConstraintThatSomebodyOverrodeIsRestoredOnceAPersonSaysSo(t *testing.T) {
	g := newRig(t, set{weakening: policies.Revert})
	g.weaken("CreatePolicy", false)
	f := g.one()
	g.want(f, state.Pending, "an organization policy is never changed without being asked")
	g.cloud.Fail("DeletePolicy", 1, codes.Aborted) // somebody else was faster
	f = g.approve(f)
	g.want(f, state.Reverted, "deleted the organization policy, so that what is inherited holds again")
	if g.ownPolicy() {
		t.Error("the project still has a policy of its own")
	}
	if s := f.Plan.Steps[0].Inverse(); s.Before.OrgPolicy != "" || s.After.OrgPolicy != `{"spec":{"rules":[{"enforce":false}]}}` {
		t.Errorf("the inverse is %+v", s)
	}
}

func TestSilenceNeverRestoresAConstraint(t *testing.T) {
	g := newRig(t, set{weakening: policies.Revert}, func(c *remediate.Config) { c.OnExpiry = remediate.RevertOnExpiry })
	g.weaken("CreatePolicy", false)
	f := g.one()
	g.pass(2 * time.Hour)
	_, err := g.Sweep(t.Context())
	g.must(err)
	g.want(g.stored(f.ID), state.Expired, "a guardrail wants a person to decide")
}

func TestAConstraintWhosePolicyBeforeIsNotKnownIsNeverGuessed(t *testing.T) {
	g := newRig(t, set{weakening: policies.Revert})
	g.weaken("CreatePolicy", true)
	g.events()
	g.weaken("UpdatePolicy", false)
	f := g.one()
	g.want(f, state.Pending, "what the organization policy was before is not recorded")
	if f.Plan.Executable() {
		t.Error("the plan is executable")
	}
}

func TestAConstraintThatSomebodyRestoredFirstIsSuperseded(t *testing.T) {
	for name, restore := range map[string]func(*rig){
		"by an update": func(g *rig) { g.weaken("UpdatePolicy", true) },
		"by a delete": func(g *rig) {
			name := &orgpolicypb.DeletePolicyRequest{Name: "projects/pay-prod/policies/" + constraint}
			g.must(g.conn.Invoke(t.Context(), "/google.cloud.orgpolicy.v2.OrgPolicy/DeletePolicy", name, &emptypb.Empty{}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			g := newRig(t, set{weakening: policies.Approve})
			g.weaken("CreatePolicy", false)
			change := g.events()
			restore(g)
			g.events()
			f := g.stored(g.handle(change[0]).Findings[0].ID)
			g.want(f, state.Superseded, "")
		})
	}
}

func TestAConstraintThatSomebodyChangedAgainIsNotTakenAway(t *testing.T) {
	g := newRig(t, set{weakening: policies.Approve})
	g.weaken("CreatePolicy", false)
	change := g.events()
	reset := &orgpolicypb.UpdatePolicyRequest{Policy: &orgpolicypb.Policy{
		Name: "projects/pay-prod/policies/" + constraint, Spec: &orgpolicypb.PolicySpec{Reset_: true},
	}}
	g.must(g.conn.Invoke(t.Context(), "/google.cloud.orgpolicy.v2.OrgPolicy/UpdatePolicy", reset, &orgpolicypb.Policy{}))
	g.events()
	f := g.stored(g.handle(change[0]).Findings[0].ID)
	g.want(f, state.Pending, "the organization policy was changed again since")
	if f.Plan.Executable() {
		t.Error("the plan is executable")
	}
}

func TestADeployOfSomethingElseIsNotJudgedForTheIngressItFound(t *testing.T) {
	g, _ := opened(t, policies.Revert, "internal")
	g.events() // of the opening, not delivered
	g.deploy("other@pay-prod.iam.gserviceaccount.com")
	for _, c := range g.events() {
		if c.Workload == nil {
			continue
		}
		c.Workload.Ingress = "" // as in an entry that shows the mask alone
		if o := g.handle(c); len(o.Findings) > 0 {
			t.Errorf("%+v", o.Findings)
		}
	}
}

func TestAConstraintThatSomebodyChangedMeanwhileIsLeft(t *testing.T) {
	g := newRig(t, set{weakening: policies.Approve})
	g.weaken("CreatePolicy", false)
	f := g.one()
	g.weaken("UpdatePolicy", true)
	g.events()
	g.want(g.approve(f), state.Superseded, "the organization policy is another one now")
	if !g.ownPolicy() {
		t.Error("the project's policy is gone")
	}
}

func TestADeniedConstraintNamesThePermission(t *testing.T) {
	g := newRig(t, set{weakening: policies.Approve})
	g.weaken("CreatePolicy", false)
	f := g.one()
	g.cloud.Fail("DeletePolicy", 10, codes.PermissionDenied)
	g.want(g.approve(f), state.Blocked, "permission orgpolicy.policies.delete missing on //orgpolicy.googleapis.com/projects/pay-prod/policies/"+constraint)
}

func TestExecutionsThatGoOnAsTheOldAccountAreNamed(t *testing.T) {
	g := newRig(t, set{identity: policies.Revert})
	g.cloud.PutExecution(&runpb.Execution{Name: jobPath + "/executions/nightly-x7k"})
	j := &runpb.Job{}
	g.must(g.conn.Invoke(t.Context(), "/google.cloud.run.v2.Jobs/GetJob", &runpb.GetJobRequest{Name: jobPath}, j))
	j.Template.Template.ServiceAccount = defaultAccount
	c, err := run.NewJobsClient(t.Context(), option.WithGRPCConn(g.conn))
	g.must(err)
	_, err = c.UpdateJob(t.Context(), &runpb.UpdateJobRequest{Job: j})
	g.must(err)
	f := g.deliver()[0]
	g.want(f, state.Reverted, "Executions that are running go on as the account they began with: nightly-x7k")
}

func TestEachKindOfRevertCanBeUndoneExactly(t *testing.T) {
	for _, tt := range []struct {
		name   string
		policy string
		mess   func(*rig)
		after  func(*rig) string
	}{
		{"an ingress", ingress, func(g *rig) { g.open("internal") }, func(g *rig) string { return g.service().Ingress.String() }},
		{"a condition", lostCondition, func(g *rig) { g.loseCondition(folderPath) },
			func(g *rig) string { return grantsOf(g.policyOf(folderPath)) }},
		{"a constraint", weakening, func(g *rig) { g.weaken("CreatePolicy", false) },
			func(g *rig) string { return fmt.Sprint(g.cloud.State().Constraints) }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			g := newRig(t, set{tt.policy: policies.Approve})
			tt.mess(g)
			mess := tt.after(g)
			f := g.approve(g.one())
			g.want(f, state.Reverted, "verified")
			if tt.after(g) == mess {
				t.Fatal("the revert changed nothing")
			}
			g.want(g.undo(f), state.Undone, "")
			if got := tt.after(g); got != mess {
				t.Errorf("after the undo it is\n%s\nand was\n%s", got, mess)
			}
		})
	}
}

// grantsOf lists the grants of a policy, a line each, in order.
func grantsOf(p *iampb.Policy) string {
	var out []string
	for _, b := range p.Bindings {
		for _, m := range b.Members {
			out = append(out, b.Role+" "+m+" "+b.Condition.GetExpression())
		}
	}
	slices.Sort(out)
	return strings.Join(out, "\n")
}
