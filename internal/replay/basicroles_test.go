package replay_test

import (
	"testing"

	"github.com/rescind-dev/rescind/internal/replay"
	"github.com/rescind-dev/rescind/policies"
)

func TestWhatARuntimeIdentityMayMakeItself(t *testing.T) {
	const violation, unknown, compliant, strong = "violation", "unknown", "", "admin@pay.iam.gserviceaccount.com"
	set, err := policies.Load(policies.File{Name: "p.yaml", Data: []byte("apiVersion: rescind/v1\npolicies: [{name: no-escalation-on-runtime-identity}]\n")})
	if err != nil {
		t.Fatal(err)
	}
	granted := func(id string, at int, action, on, role string, member string) object {
		service, method, name := "cloudresourcemanager.googleapis.com", "SetIamPolicy", on
		if on != "projects/pay" {
			service, method, name = "iam.googleapis.com", "google.iam.admin.v1.SetIAMPolicy", "projects/pay/serviceAccounts/"+on
		}
		return call(id, at, service, method, name, object{
			"serviceData": object{"policyDelta": object{"bindingDeltas": []object{{"action": action, "role": role, "member": "serviceAccount:" + member}}}},
		})
	}
	tokens := granted("x", 5, "ADD", strong, "roles/iam.serviceAccountTokenCreator", worker)
	deploy := deployed("d", 1, "api", worker)
	for _, tt := range []struct {
		name, facts string
		tell        []object
		want        string
	}{
		{"it may set policies", "", []object{deploy, granted("x", 5, "ADD", "projects/pay", "roles/iam.securityAdmin", worker)}, violation},
		{"it may be the default account", "", []object{deploy, granted("x", 5, "ADD", defaultAccount, "roles/iam.serviceAccountUser", worker)}, violation},
		{"it may be an account that was given Owner", "", []object{deploy, granted("o", 2, "ADD", "projects/pay", "roles/owner", strong), tokens}, violation},
		{"and lost it", "", []object{deploy, granted("o", 2, "ADD", "projects/pay", "roles/owner", strong), granted("p", 3, "REMOVE", "projects/pay", "roles/owner", strong), tokens}, unknown},
		{"an account of which nothing is known", "", []object{deploy, tokens}, unknown},
		{"one that is listed", "basic_role_holders: [Admin@pay.iam.gserviceaccount.com]\n", []object{deploy, tokens}, violation},
		{"one that is not listed", "basic_role_holders: []\n", []object{deploy, tokens}, compliant},
	} {
		r := replayedBy(t, replay.Config{Policies: set, Facts: facts(t, hierarchy+tt.facts)}, lines(t, tt.tell...))
		got := ""
		for _, f := range r.Findings {
			if f.InsertID == "x" && f.Policy == "no-escalation-on-runtime-identity" {
				got = string(f.Verdict)
			}
		}
		if got != tt.want {
			t.Errorf("%s: verdict %q, want %q", tt.name, got, tt.want)
		}
	}
}
