package remediate_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/iam/apiv1/iampb"
	run "cloud.google.com/go/run/apiv2"
	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/google/go-cmp/cmp"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
	"google.golang.org/api/option"
	"google.golang.org/genproto/googleapis/type/expr"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"
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
	t.Parallel()
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
	t.Parallel()
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

// approve has ada answer revert and the plan be carried out.
func (g *rig) approve(f finding.Finding) finding.Finding {
	g.t.Helper()
	_, err := g.Answer(g.t.Context(), f.ID, finding.Answer{Choice: finding.ChooseRevert, Principal: "user:ada@example.com", Digest: f.Plan.Digest})
	g.must(err)
	f, err = g.Work(g.t.Context(), f.ID)
	g.must(err)
	return f
}

func TestExecutionsThatGoOnAsTheOldAccountAreNamed(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{identity: policies.Revert})
	g.cloud.PutExecution(&runpb.Execution{Name: jobPath + "/executions/nightly-x7k"})
	j := &runpb.Job{}
	g.must(g.conn.Invoke(t.Context(), "/google.cloud.run.v2.Jobs/GetJob", &runpb.GetJobRequest{Name: jobPath}, j))
	j.Template.Template.ServiceAccount = defaultAccount
	c, err := run.NewJobsClient(t.Context(), option.WithGRPCConn(g.conn))
	g.must(err)
	_, err = c.UpdateJob(t.Context(), &runpb.UpdateJobRequest{Job: j})
	g.must(err)
	f := g.approve(g.deliver()[0])
	g.want(f, state.Reverted, "Executions that are running go on as the account they began with: nightly-x7k")
}

func TestEachKindOfRevertCanBeUndoneExactly(t *testing.T) {
	t.Parallel()
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
