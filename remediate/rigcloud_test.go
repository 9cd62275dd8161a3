package remediate_test

import (
	"context"
	"strings"

	"cloud.google.com/go/iam/apiv1/iampb"
	resourcemanager "cloud.google.com/go/resourcemanager/apiv3"
	run "cloud.google.com/go/run/apiv2"
	"cloud.google.com/go/run/apiv2/runpb"
	"github.com/rescind-dev/rescind/internal/cloud"
	"google.golang.org/api/option"
	"google.golang.org/genproto/googleapis/type/expr"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
)

// appImage is named by its digest, as by whoever deploys what was built and
// nothing else; otherImage is another one.
var (
	appImage   = "example.com/app@sha256:" + strings.Repeat("a1", 32)
	otherImage = "example.com/app@sha256:" + strings.Repeat("e5", 32)
)

func (g *rig) seed() {
	c := g.cloud
	c.AddProject("pay-prod", "264172533001", "folders/4001", "organizations/77")
	c.SetConstraint("folders/4001", "run.managed.requireInvokerIam", true)
	images := []*runpb.Container{{Image: appImage}}
	g.must(c.PutService(&runpb.Service{Name: apiPath, Template: &runpb.RevisionTemplate{ServiceAccount: apiAccount, Containers: images}}))
	g.must(c.PutJob(&runpb.Job{Name: jobPath, Template: &runpb.ExecutionTemplate{Template: &runpb.TaskTemplate{ServiceAccount: "job@pay-prod.iam.gserviceaccount.com", Containers: images}}}))
	g.must(c.PutWorkerPool(&runpb.WorkerPool{Name: poolPath, Template: &runpb.WorkerPoolRevisionTemplate{ServiceAccount: "pool@pay-prod.iam.gserviceaccount.com", Containers: images}}))
	g.must(c.PutPolicy(apiPath, &iampb.Policy{Bindings: []*iampb.Binding{
		{Role: "roles/run.invoker", Members: []string{"group:frontend@example.com"}},
		{Role: "roles/run.invoker", Members: []string{"user:partner@example.org"}, Condition: &expr.Expr{Title: "pilot", Expression: "request.time < timestamp('2027-01-01T00:00:00Z')"}},
	}}))
	g.must(c.PutPolicy("projects/pay-prod", &iampb.Policy{Bindings: []*iampb.Binding{{Role: "roles/owner", Members: []string{"group:platform@example.com"}}}}))
}

// grant has mallory add a grant to a service's or project's policy.
func (g *rig) grant(resource, role, member string) {
	g.t.Helper()
	g.editPolicy(resource, func(p *iampb.Policy) {
		p.Bindings = append(p.Bindings, &iampb.Binding{Role: role, Members: []string{member}})
	})
}

func (g *rig) editPolicy(resource string, edit func(*iampb.Policy)) {
	g.t.Helper()
	get := &iampb.GetIamPolicyRequest{Resource: resource, Options: &iampb.GetPolicyOptions{RequestedPolicyVersion: 3}}
	ctx := g.t.Context()
	if strings.Contains(resource, "/services/") {
		c, err := run.NewServicesClient(ctx, option.WithGRPCConn(g.conn))
		g.must(err)
		p, err := c.GetIamPolicy(ctx, get)
		g.must(err)
		edit(p)
		_, err = c.SetIamPolicy(ctx, &iampb.SetIamPolicyRequest{Resource: resource, Policy: p})
		g.must(err)
		return
	}
	c, err := resourcemanager.NewProjectsClient(ctx, option.WithGRPCConn(g.conn))
	g.must(err)
	p, err := c.GetIamPolicy(ctx, get)
	g.must(err)
	edit(p)
	_, err = c.SetIamPolicy(ctx, &iampb.SetIamPolicyRequest{Resource: resource, Policy: p})
	g.must(err)
}

// deploy has mallory deploy the service as an account.
func (g *rig) deploy(account string) {
	g.t.Helper()
	g.deployTo(apiPath, account)
}

func (g *rig) deployTo(path, account string) {
	g.t.Helper()
	_, err := g.deploying(path, account).Wait(g.t.Context())
	g.must(err)
}

// deploying is the operation of such a deploy, under way.
func (g *rig) deploying(path, account string) *run.UpdateServiceOperation {
	g.t.Helper()
	c, err := run.NewServicesClient(g.t.Context(), option.WithGRPCConn(g.conn))
	g.must(err)
	op, err := c.UpdateService(g.t.Context(), &runpb.UpdateServiceRequest{
		Service:    &runpb.Service{Name: path, Template: &runpb.RevisionTemplate{ServiceAccount: account}},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"template.service_account"}},
	})
	g.must(err)
	return op
}

// members lists who holds a role on a resource, conditions ignored.
func (g *rig) members(resource, role string) []string {
	var out []string
	for _, p := range g.cloud.State().Policies {
		if !strings.HasSuffix(p.Resource, resource) {
			continue
		}
		for _, gr := range p.Grants {
			if gr.Role == role {
				out = append(out, gr.Member)
			}
		}
	}
	return out
}

func (g *rig) identity(path string) string {
	for _, w := range g.cloud.State().Workloads {
		if w.Name == path {
			return w.Identity
		}
	}
	return ""
}

// writes counts the writes that rescind itself made since the last call.
func (g *rig) writes() (n int) {
	g.t.Helper()
	for _, c := range g.events() {
		if c.Actor.Principal == "serviceAccount:"+self && c.Half != cloud.LastHalf {
			n++
		}
	}
	return n
}

type caller string

func (c caller) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(c)}, nil
}

func (caller) RequireTransportSecurity() bool { return false }
