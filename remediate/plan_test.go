package remediate

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

var api = cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "api")

func TestPlanRemovesOnlyWhatViolatesAndIsThere(t *testing.T) {
	agent := cloud.Grant{Role: "roles/editor", Member: "serviceAccount:service-1@gcp-sa-pubsub.iam.gserviceaccount.com"}
	conditional := publicGrant
	conditional.Condition = cloud.Condition{Expression: "request.time < timestamp('2027-01-01T00:00:00Z')"}
	result := policies.Result{Remediation: []policies.Remediation{policies.RemoveGrants}, Grants: []cloud.Grant{publicGrant, conditional, agent}}
	live := &cloud.AllowPolicy{Bindings: []cloud.Binding{
		{Role: publicGrant.Role, Members: []cloud.Member{"allUsers", "user:a@example.com"}},
		{Role: agent.Role, Members: []cloud.Member{agent.Member}},
	}}

	got := planFor(result, cloud.Change{Resource: api}, Snapshot{Policy: live}, ways{})
	want := []Step{{Kind: policies.RemoveGrants, Resource: api, Before: StepState{Grants: []cloud.Grant{publicGrant}}}}
	if diff := cmp.Diff(want, got.Steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

func TestPlanRestoresAnAcceptableIdentityOrNone(t *testing.T) {
	const compute = "1-compute@developer.gserviceaccount.com"
	notDefault := func(id cloud.Identity) bool { return !id.IsDefault() }
	for _, tt := range []struct {
		name     string
		previous cloud.Identity
		fallback string
		want     string
	}{
		{"goes back to the account of the revision before", cloud.KnownIdentity("api@p.iam.gserviceaccount.com"), "", "api@p.iam.gserviceaccount.com"},
		{"prefers the revision before to the fallback", cloud.KnownIdentity("api@p.iam.gserviceaccount.com"), "run@p.iam.gserviceaccount.com", "api@p.iam.gserviceaccount.com"},
		{"skips a revision before that violates as well", cloud.KnownIdentity("p@appspot.gserviceaccount.com"), "run@p.iam.gserviceaccount.com", "run@p.iam.gserviceaccount.com"},
		{"skips a fallback that violates", cloud.Identity{}, compute, ""},
		{"never guesses", cloud.Identity{}, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			result := policies.Result{Remediation: []policies.Remediation{policies.RestoreIdentity}, Identity: true}
			w := &cloud.Workload{Identity: cloud.KnownIdentity(compute), Previous: tt.previous}
			got := planFor(result, cloud.Change{Resource: api, Workload: w}, Snapshot{Workload: w}, ways{fallback: tt.fallback, acceptable: notDefault})
			if len(got.Steps) != 1 || got.Steps[0].Before.ServiceAccount != compute {
				t.Fatalf("steps %+v, want one that starts from %s", got.Steps, compute)
			}
			if after := got.Steps[0].After.ServiceAccount; after != tt.want {
				t.Errorf("goes back to %q, want %q", after, tt.want)
			}
			if got.Executable() != (tt.want != "") {
				t.Errorf("executable: %v with account %q", got.Executable(), tt.want)
			}
			if (got.Missing != "") != (tt.want == "") {
				t.Errorf("missing: %q with account %q", got.Missing, tt.want)
			}
		})
	}
}

func TestDigestIsOfWhatIsDone(t *testing.T) {
	step := Step{Kind: policies.RemoveGrants, Resource: api, Before: StepState{Grants: []cloud.Grant{publicGrant}}}
	same := NewPlan([]Step{step}, "a note")
	if got := NewPlan([]Step{step}, ""); got.Digest != same.Digest {
		t.Errorf("two plans of the same steps have digests %s and %s", got.Digest, same.Digest)
	}
	step.Resource.Name = "api2"
	if got := NewPlan([]Step{step}, ""); got.Digest == same.Digest {
		t.Error("plans for two services have one digest")
	}
}
