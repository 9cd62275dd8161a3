package sandbox_test

import (
	"testing"

	"cloud.google.com/go/iam/apiv1/iampb"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/cmd/rescind/internal/process"
	"github.com/rescind-dev/rescind/internal/cloud"
)

const outsiders = "apiVersion: rescind/v1\npolicies: [{name: no-privileged-invoker-role}]\n"

// Google shows one domain of an organization. That there are no others only the
// configuration can say.
func TestWhoIsFromOutsideIsToldByTheDomainsOfTheConfiguration(t *testing.T) {
	t.Parallel()
	w := newWorld(t, outsiders)
	if err := w.Cloud.PutPolicy("projects/pay-prod", &iampb.Policy{Bindings: []*iampb.Binding{{Role: "roles/owner", Members: []string{"user:eve@partner.example"}}}}); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		organizations []config.Organization
		want          string
	}{
		"not listed":    {nil, "unknown"},
		"listed":        {[]config.Organization{{ID: "77", Domains: []string{"Example.com"}}}, "violation"},
		"with that one": {[]config.Organization{{ID: "77", Domains: []string{"example.com", "partner.example"}}}, ""},
		"another is":    {[]config.Organization{{ID: "78", Domains: []string{"example.com"}}}, "unknown"},
	} {
		a := another(t, w, func(c *config.Config, _ *process.Options) { c.Organizations = tt.organizations })
		got := ""
		out, err := a.Handle(t.Context(), cloud.Change{
			ID: name, Verb: cloud.SetPolicy, HasDelta: true, Resource: cloud.ProjectResource("pay-prod"), Actor: cloud.Actor{Principal: "user:dev@example.com"},
			Method: "SetIamPolicy", Service: "cloudresourcemanager.googleapis.com",
			Deltas: []cloud.Delta{{Action: cloud.Add, Grant: cloud.Grant{Role: "roles/owner", Member: "user:eve@partner.example"}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range out.Findings {
			got = string(f.Verdict)
		}
		if got != tt.want {
			t.Errorf("%s: verdict %q, want %q", name, got, tt.want)
		}
	}
}
