package remediate_test

import (
	"testing"

	"cloud.google.com/go/run/apiv2/runpb"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
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
