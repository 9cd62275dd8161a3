package remediate_test

import (
	"testing"

	"cloud.google.com/go/iam/admin/apiv1/adminpb"
	"cloud.google.com/go/iam/apiv1/iampb"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/state"
)

// A key is no grant that could be taken back: nobody but a person can tell what it is
// used for, and it is in somebody's hands already.
func TestAKeyOfADefaultAccountIsAskedAbout(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{actAs: policies.Revert})
	g.cloud.AddServiceAccount("pay-prod", defaultAccount)
	g.cloud.AddServiceAccount("pay-prod", apiAccount)
	keys := adminpb.NewIAMClient(g.conn)
	for _, account := range []string{apiAccount, defaultAccount} {
		_, err := keys.CreateServiceAccountKey(t.Context(), &adminpb.CreateServiceAccountKeyRequest{Name: "projects/pay-prod/serviceAccounts/" + account})
		g.must(err)
	}
	f := g.one()
	g.want(f, state.Pending, "a person has to")
	if f.Resource.Name != defaultAccount || f.Message != "a key was made of the default service account "+defaultAccount || !f.Plan.Empty() {
		t.Errorf("%s: %s, plan %+v", f.Resource, f.Message, f.Plan)
	}
}

func TestTheWaysOntoADefaultAccountAreTakenBack(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"roles/iam.workloadIdentityUser", "roles/iam.serviceAccountKeyAdmin", "roles/owner", "roles/admin"} {
		g := newRig(t, set{actAs: policies.Revert})
		g.cloud.AddServiceAccount("pay-prod", defaultAccount)
		account := "projects/pay-prod/serviceAccounts/" + defaultAccount
		_, err := adminpb.NewIAMClient(g.conn).SetIamPolicy(t.Context(), &iampb.SetIamPolicyRequest{Resource: account, Policy: &iampb.Policy{
			Bindings: []*iampb.Binding{{Role: role, Members: []string{"user:" + mallory}}},
		}})
		g.must(err)
		g.want(g.one(), state.Reverted, "removed "+role)
		if left := g.members(account, role); len(left) > 0 {
			t.Errorf("%s is still held by %v", role, left)
		}
	}
}
