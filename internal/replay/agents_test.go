package replay_test

import (
	"testing"

	"github.com/rescind-dev/rescind/internal/replay"
	"github.com/rescind-dev/rescind/policies"
)

// Whose an agent of Google's is, is told by its number: from the history for the
// project itself, from the file for every other.
func TestR8AHistoryTellsAStrangersAgentFromOnesOwn(t *testing.T) {
	const (
		violation, unknown, compliant = "violation", "unknown", ""

		file = "projects: [{id: pay, number: 12, ancestors: [organizations/77]}, {id: shop, number: 13, ancestors: [organizations/77]}, {id: theirs, number: 99, ancestors: [organizations/88]}]"
	)
	set, err := policies.Load(policies.File{Name: "p.yaml",
		Data: []byte("apiVersion: rescind/v1\npolicies: [{name: no-privileged-invoker-role, enforcement: revert}]\n")})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, agent, facts string
		want, decision     string
	}{
		{"of the project, as the history shows its number", "service-12", "", compliant, ""},
		{"of another project, and no file", "service-13", "", unknown, "ask"},
		{"of another project of the organization", "service-13", file, compliant, ""},
		{"of another organization", "service-99", file, violation, "revert"},
		{"of a project that the file does not list", "service-404", file, unknown, "ask"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			grant := call("g", 5, "run.googleapis.com", "google.cloud.run.v1.Services.SetIamPolicy", "projects/pay/locations/l/services/api", object{
				"response": object{"bindings": []object{{"role": "roles/run.admin", "members": []string{"serviceAccount:" + tt.agent + "@gcp-sa-cloudbuild.iam.gserviceaccount.com"}}}},
			})
			r := replayedBy(t, replay.Config{Policies: set, Facts: facts(t, tt.facts)}, lines(t, private("p", 1, "api"), deployed("d", 9, "web", worker), grant))
			var verdict, decision string
			for _, f := range r.Findings {
				if f.InsertID == "g" {
					verdict, decision = string(f.Verdict), string(f.Decision)
				}
			}
			if verdict != tt.want || decision != tt.decision {
				t.Errorf("%q, %q; want %q, %q: %v", verdict, decision, tt.want, tt.decision, told(r))
			}
		})
	}
}
