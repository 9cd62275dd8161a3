package remediate_test

import (
	"testing"

	"cloud.google.com/go/iam/admin/apiv1/adminpb"
	"cloud.google.com/go/iam/apiv1/iampb"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/state"
)

func TestWhatARuntimeIdentityMayMakeItselfIsTakenBack(t *testing.T) {
	t.Parallel()
	const escalation = "no-escalation-on-runtime-identity"
	onAccount := func(g *rig, account, member string) {
		g.cloud.AddServiceAccount("pay-prod", account)
		_, err := adminpb.NewIAMClient(g.conn).SetIamPolicy(t.Context(), &iampb.SetIamPolicyRequest{
			Resource: "projects/pay-prod/serviceAccounts/" + account,
			Policy:   &iampb.Policy{Bindings: []*iampb.Binding{{Role: "roles/iam.serviceAccountTokenCreator", Members: []string{"serviceAccount:" + member}}}},
		})
		g.must(err)
	}
	const strong = "admin@pay-prod.iam.gserviceaccount.com"
	for name, tt := range map[string]struct {
		do   func(*rig)
		says string
	}{
		"it may set the project's policy": {func(g *rig) {
			g.grant("projects/pay-prod", "roles/resourcemanager.projectIamAdmin", "serviceAccount:"+apiAccount)
		}, "removed roles/resourcemanager.projectIamAdmin"},
		"it may be the default account": {func(g *rig) { onAccount(g, defaultAccount, apiAccount) }, "removed roles/iam.serviceAccountTokenCreator"},
		"it may be an account that holds Owner": {func(g *rig) {
			g.grant("projects/pay-prod", "roles/owner", "serviceAccount:"+strong)
			g.deliver()
			onAccount(g, strong, apiAccount)
		}, strong + " holds a basic role on its project or above (allow policies of its project and above"},
		"it may be an account that holds nothing": {func(g *rig) { onAccount(g, strong, apiAccount) }, ""},
		"it may make tokens of itself":            {func(g *rig) { onAccount(g, apiAccount, apiAccount) }, ""},
		"no workload runs as it":                  {func(g *rig) { onAccount(g, defaultAccount, strong) }, ""},
	} {
		g := newRig(t, set{escalation: policies.Revert})
		tt.do(g)
		fs := g.deliver()
		if (len(fs) == 1) != (tt.says != "") {
			t.Errorf("%s: %d findings", name, len(fs))
		} else if tt.says != "" {
			g.want(fs[0], state.Reverted, tt.says)
		}
	}
}
