package replay_test

import (
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/replay"
)

const workers = "workers@example.com"

// editorFor gives any member Editor on the project.
func editorFor(id string, at int, member string) object {
	return call(id, at, "cloudresourcemanager.googleapis.com", "SetIamPolicy", "projects/pay", object{
		"serviceData": object{"policyDelta": object{"bindingDeltas": []object{{"action": "ADD", "role": "roles/editor", "member": member}}}},
	})
}

func TestMembersThatStandForManyHoldWhatWorkloadsRunAs(t *testing.T) {
	const violation, unknown, compliant = "violation", "unknown", ""
	listed := hierarchy + "groups: [{email: Workers@Example.com, members: [ada@example.com, Worker@pay.iam.gserviceaccount.com]}]\n"
	people := hierarchy + "groups: [{email: workers@example.com, members: [ada@example.com]}]\n"
	deploy := deployed("d", 1, "api", worker)
	for _, tt := range []struct {
		name, facts, member, want string
	}{
		{"a group of which nothing is known", hierarchy, "group:" + workers, unknown},
		{"a group that is listed to hold one", listed, "group:WORKERS@example.com", violation},
		{"a group of people", people, "group:" + workers, compliant},
		{"a domain", hierarchy, "domain:example.com", compliant},
		{"the account in other capitals", hierarchy, "serviceAccount:WORKER@pay.iam.gserviceaccount.com", violation},
		{"all service accounts of the project", hierarchy, "principalSet://cloudresourcemanager.googleapis.com/projects/12/type/ServiceAccount", violation},
		{"the agent identity of a service", hierarchy, "principal://agents.global.org-77.system.id.goog/resources/run/projects/12/locations/l/services/api", violation},
		{"a set of agent identities", hierarchy, "principalSet://agents.global.org-77.system.id.goog/attribute.platformContainer/x", unknown},
		{"an identity of a pool", hierarchy, "principal://iam.googleapis.com/projects/12/locations/global/workloadIdentityPools/p/subject/s", compliant},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := replayedBy(t, replay.Config{Facts: facts(t, tt.facts)}, lines(t, deploy, editorFor("e", 2, tt.member)))
			got, reasons := verdictOf(r, "e")
			if got != tt.want {
				t.Errorf("verdict %q, want %q", got, tt.want)
			}
			if tt.want == unknown && !strings.Contains(reasons, "is unknown: ") {
				t.Errorf("reasons %q", reasons)
			}
		})
	}
}

func TestWhatIsJudgedBesideAnAgentIdentityIsSaid(t *testing.T) {
	for _, tt := range []struct {
		account, kind any
		want, says    string
	}{
		{defaultAccount, "IDENTITY_TYPE_AGENT_IDENTITY", "violation", "it has an agent identity beside, and was judged on the account"},
		{nil, "IDENTITY_TYPE_AGENT_IDENTITY", "unknown", "it has an agent identity and names no account"},
		{nil, 2, "unknown", "it has an agent identity and names no account"},
		{nil, "IDENTITY_TYPE_SERVICE_ACCOUNT", "violation", "it runs as the default one"},
		{worker, "IDENTITY_TYPE_AGENT_IDENTITY", "", ""},
	} {
		template := object{"workloadIdentityConfig": object{"identityType": tt.kind}}
		if tt.account != nil {
			template["serviceAccount"] = tt.account
		}
		e := call("x", 1, "run.googleapis.com", "google.cloud.run.v2.Services.CreateService", "projects/pay/locations/l/services/api", object{
			"request": object{"serviceId": "api", "service": object{"template": template, "ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY"}},
		})
		r := replayedBy(t, replay.Config{Facts: facts(t, hierarchy)}, lines(t, e))
		if got, reasons := verdictOf(r, "x"); got != tt.want || !strings.Contains(reasons, tt.says) {
			t.Errorf("%v beside %v: verdict %q, want %q; reasons %q", tt.account, tt.kind, got, tt.want, reasons)
		}
	}
}

// verdictOf is what any policy says of the entry, and the finding's reasons.
func verdictOf(r replay.Report, entry string) (verdict, reasons string) {
	for _, f := range r.Findings {
		if f.InsertID == entry {
			return string(f.Verdict), strings.Join(f.Reasons, "\n")
		}
	}
	return "", ""
}
