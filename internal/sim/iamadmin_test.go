package sim

import (
	"testing"

	"cloud.google.com/go/iam/admin/apiv1/adminpb"
	"cloud.google.com/go/iam/apiv1/iampb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/internal/cloud"
)

func TestAChangeOfWhoMayActAsAnAccountIsLoggedAsOne(t *testing.T) {
	var entry []byte
	c := newQuiet(t, func(e []byte) { entry = e })
	c.AddServiceAccount("pay-prod", "api@pay-prod.iam.gserviceaccount.com")
	const account = "projects/pay-prod/serviceAccounts/api@pay-prod.iam.gserviceaccount.com"
	s := &iamAdmin{c: c}
	set := &iampb.SetIamPolicyRequest{Resource: account, Policy: &iampb.Policy{
		Bindings: []*iampb.Binding{{Role: "roles/iam.serviceAccountUser", Members: []string{"user:eve@example.com"}}},
	}}
	if _, err := s.SetIamPolicy(t.Context(), set); err != nil {
		t.Fatal(err)
	}
	got, err := auditlog.Decode(entry)
	if err != nil {
		t.Fatal(err)
	}
	want := cloud.Resource{Kind: cloud.ServiceAccount, Project: "pay-prod", Name: "api@pay-prod.iam.gserviceaccount.com"}
	if added := got.Added(); got.Resource != want || len(added) != 1 || added[0].Member != "user:eve@example.com" {
		t.Errorf("decoded %+v", got)
	}
	set.Resource = "projects/pay-prod/serviceAccounts/nobody@pay-prod.iam.gserviceaccount.com"
	if _, err := s.SetIamPolicy(t.Context(), set); status.Code(err) != codes.NotFound {
		t.Errorf("an account that is not there: %v", err)
	}
}

func TestRolesShowTheirPermissions(t *testing.T) {
	c, _ := seeded(t, Options{})
	c.PutRole("projects/pay-prod/roles/caller", "run.routes.invoke")
	g := dial(t, c)
	for _, name := range []string{"roles/run.invoker", "projects/pay-prod/roles/caller"} {
		r, err := g.roles.GetRole(t.Context(), &adminpb.GetRoleRequest{Name: name})
		must(t, err)
		if len(r.IncludedPermissions) == 0 {
			t.Errorf("%s holds nothing", name)
		}
	}
	_, err := g.roles.GetRole(t.Context(), &adminpb.GetRoleRequest{Name: "roles/none"})
	wantCode(t, err, codes.NotFound)
}
