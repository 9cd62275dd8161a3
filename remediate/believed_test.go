package remediate_test

import (
	"slices"
	"testing"

	"cloud.google.com/go/iam/apiv1/iampb"
	"cloud.google.com/go/run/apiv2/runpb"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
)

// What a constraint enforces is believed for a while, and no longer than until
// the audit log tells that an organization policy of it was written, wherever.
func TestAnEntryAboutAConstraintEndsWhatIsBelievedOfIt(t *testing.T) {
	t.Parallel()
	const constraint = "run.managed.requireInvokerIam"
	g := newRig(t, set{public: policies.Approve})
	services := []string{apiPath}
	for _, name := range []string{"web", "www"} {
		path := cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", name).Path()
		g.must(g.cloud.PutService(&runpb.Service{Name: path, Template: &runpb.RevisionTemplate{ServiceAccount: apiAccount}}))
		services = append(services, path)
	}
	found := func(service string) int {
		g.grant(service, "roles/run.invoker", "allUsers")
		return len(g.deliver())
	}
	if n := found(services[0]); n != 1 {
		t.Fatalf("%d findings while the constraint is enforced, want one", n)
	}
	g.cloud.SetConstraint("folders/4001", constraint, false) // and no entry arrives
	if n := found(services[1]); n != 1 {
		t.Errorf("%d findings while the answer is believed, want one", n)
	}
	_, err := g.Handle(t.Context(), cloud.Change{
		ID: "org policy", Verb: cloud.SetOrg, Service: "orgpolicy.googleapis.com", Time: g.Clock(), Actor: cloud.Actor{Principal: "user:" + mallory},
		Resource:   cloud.Resource{Kind: cloud.OrgPolicy, Parent: "folders/4001", Name: constraint},
		Constraint: &cloud.ConstraintChange{Name: constraint, Enforced: cloud.KnownFlag(false)},
	})
	g.must(err)
	if n := found(services[2]); n != 0 {
		t.Errorf("%d findings after the entry, want none: the constraint is enforced no more", n)
	}
}

// What a folder grants is kept, as every deploy below it asks, and no longer than until
// the audit log tells that its allow policy was written.
func TestAnEntryAboutAFolderEndsWhatIsBelievedOfItsGrants(t *testing.T) {
	t.Parallel()
	const idle = "idle@pay-prod.iam.gserviceaccount.com"
	g := newRig(t, set{editor: policies.Approve})
	g.deploy(apiAccount)
	g.deliver()
	g.deploy(defaultAccount)
	sent := g.sentBy(func() { g.deliver() })
	if slices.Contains(sent, "Folders/GetIamPolicy") || !slices.Contains(sent, "Projects/GetIamPolicy") {
		t.Errorf("sent for a second deploy: %v, want the policy of the project alone", sent)
	}
	g.editAny(folderPath, func(p *iampb.Policy) {
		p.Bindings = append(p.Bindings, &iampb.Binding{Role: "roles/editor", Members: []string{"serviceAccount:" + idle}})
	})
	if fs := g.deliver(); len(fs) != 0 {
		t.Fatalf("findings: %+v, want none: nothing runs as the account", fs)
	}
	g.deploy(idle)
	if f := g.one(); f.Resource != cloud.FolderResource("4001") {
		t.Errorf("the finding is on %s, want the folder that holds the grant", f.Resource)
	}
}

func TestAnEntryAboutAMoveEndsWhatIsBelievedOfTheScope(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve}, func(s *setup) { s.Scope.Exclude = []cloud.Resource{cloud.FolderResource("5000")} })
	outcome := func(member string) remediate.OutcomeKind {
		g.grant(apiPath, "roles/run.invoker", member)
		out, err := g.Handle(t.Context(), g.events()[0])
		g.must(err)
		return out.Kind
	}
	if kind := outcome("user:ada@example.com"); kind != remediate.Compliant {
		t.Fatalf("a grant is %s", kind)
	}
	g.cloud.AddProject("pay-prod", "264172533001", "folders/5000", "organizations/77")
	if kind := outcome("user:bob@example.com"); kind != remediate.Compliant {
		t.Errorf("a grant is %s while no entry told of the move, and less than five minutes passed", kind)
	}
	_, err := g.Handle(t.Context(), cloud.Change{
		ID: "move", Verb: cloud.Move, Service: "cloudresourcemanager.googleapis.com", Method: "google.cloud.resourcemanager.v3.Projects.MoveProject",
		Resource: cloud.ProjectResource("pay-prod"), Time: g.Clock(), Actor: cloud.Actor{Principal: "user:" + mallory},
	})
	g.must(err)
	if kind := outcome("allUsers"); kind != remediate.OutOfScope {
		t.Errorf("a grant is %s after the entry, want it out of scope", kind)
	}
}
