package judge

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

var api = cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "api")

var publicGrant = cloud.Grant{Role: "roles/run.invoker", Member: "allUsers"}

func nothing(Step) string { return "" }

func TestPlanRemovesOnlyWhatViolatesAndIsThere(t *testing.T) {
	conditional := publicGrant
	conditional.Condition = cloud.Condition{Expression: "request.time < timestamp('2027-01-01T00:00:00Z')"}
	result := policies.Result{Remediation: []policies.Remediation{policies.RemoveGrants}, Grants: []cloud.Grant{publicGrant, conditional}}
	live := &cloud.AllowPolicy{Bindings: []cloud.Binding{
		{Role: publicGrant.Role, Members: []cloud.Member{"allUsers", "user:a@example.com"}},
	}}

	got := planFor(result, cloud.Change{Resource: api}, Snapshot{Policy: live}, restoreOptions{worsens: nothing})
	want := []Step{{Kind: policies.RemoveGrants, Resource: api, Before: StepState{Grants: []cloud.Grant{publicGrant}}}}
	if diff := cmp.Diff(want, got.Steps); diff != "" {
		t.Errorf("steps (-want +got):\n%s", diff)
	}
}

func TestPlanRestoresAnAcceptableIdentityOrNone(t *testing.T) {
	const compute = "1-compute@developer.gserviceaccount.com"
	unfit := func(s Step) string {
		if cloud.KnownIdentity(s.After.ServiceAccount).IsDefault() {
			return "the policy does not accept it"
		}
		return ""
	}
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
			got := planFor(result, cloud.Change{Resource: api, Workload: w}, Snapshot{Workload: w}, restoreOptions{fallback: tt.fallback, unfit: unfit, worsens: nothing, note: func(string) {}})
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

func TestPlanPutsBackTheConditionsThatTheChangeTookAway(t *testing.T) {
	eve := cloud.Grant{Role: "roles/run.invoker", Member: "user:eve@example.com"}
	pat := cloud.Grant{Role: "roles/run.invoker", Member: "user:pat@example.com"}
	office, night := eve, eve
	office.Condition = cloud.Condition{Title: "office", Expression: "request.time.getHours() < 18"}
	night.Condition = cloud.Condition{Title: "night", Expression: "request.time.getHours() > 18"}
	deltas := []cloud.Delta{{Action: cloud.Remove, Grant: office}, {Action: cloud.Remove, Grant: night}, {Action: cloud.Add, Grant: eve}, {Action: cloud.Add, Grant: pat}}
	both := &cloud.AllowPolicy{Bindings: []cloud.Binding{{Role: eve.Role, Members: []cloud.Member{eve.Member, pat.Member}}}}
	for _, tt := range []struct {
		name     string
		change   cloud.Change
		blamed   []cloud.Grant
		live     *cloud.AllowPolicy
		before   []cloud.Grant
		after    []cloud.Grant
		hasSteps bool
	}{
		{"every one of them", cloud.Change{HasDelta: true, Deltas: deltas}, []cloud.Grant{eve}, both, []cloud.Grant{eve}, []cloud.Grant{office, night}, true},
		{"not for a member who had none", cloud.Change{HasDelta: true, Deltas: deltas}, []cloud.Grant{pat}, both, nil, nil, false},
		{"not for a grant that is gone", cloud.Change{HasDelta: true, Deltas: deltas}, []cloud.Grant{eve}, &cloud.AllowPolicy{}, nil, nil, false},
		{"not without a delta", cloud.Change{Policy: both}, []cloud.Grant{eve}, both, nil, nil, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.change.Resource = cloud.ProjectResource("pay-prod")
			result := policies.Result{Remediation: []policies.Remediation{policies.RestoreCondition}, Grants: tt.blamed}
			got := planFor(result, tt.change, Snapshot{Policy: tt.live}, restoreOptions{worsens: nothing})
			if !tt.hasSteps {
				if !got.Empty() || got.Missing == "" {
					t.Errorf("plan %+v, want none and why", got)
				}
				return
			}
			want := []Step{{
				Kind: policies.RestoreCondition, Resource: tt.change.Resource,
				Before: StepState{Grants: tt.before}, After: StepState{Grants: tt.after},
			}}
			if diff := cmp.Diff(want, got.Steps); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
		})
	}
}

func TestPlanRestoresAnIngressThatIsToBlameAndKnown(t *testing.T) {
	for _, tt := range []struct {
		name    string
		blame   policies.Result
		allowed []string
		unknown string
		want    string
		steps   int
	}{
		{"the one that is allowed", policies.Result{}, []string{"internal"}, "", "internal", 1},
		{"none of two", policies.Result{}, []string{"internal", "internal-and-cloud-load-balancing"}, "", "", 1},
		{"none where it is unknown", policies.Result{}, nil, "nobody knows", "", 1},
		{"not where a grant is to blame", policies.Result{Grants: []cloud.Grant{publicGrant}}, []string{"internal"}, "", "", 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.blame.Remediation = []policies.Remediation{policies.RestoreIngress}
			c := cloud.Change{Resource: api, Workload: &cloud.Workload{Resource: api, Ingress: "all"}}
			got := planFor(tt.blame, c, Snapshot{}, restoreOptions{worsens: nothing, ingresses: func() ([]string, string) { return tt.allowed, tt.unknown }})
			if len(got.Steps) != tt.steps {
				t.Fatalf("steps %+v, want %d", got.Steps, tt.steps)
			}
			if tt.steps == 1 && (got.Steps[0].Before.Ingress != "all" || got.Steps[0].After.Ingress != tt.want) {
				t.Errorf("step %+v, want from all to %q", got.Steps[0], tt.want)
			}
			if got.Executable() != (tt.want != "") || (got.Missing == "") != (tt.want != "") {
				t.Errorf("executable %t, missing %q", got.Executable(), got.Missing)
			}
		})
	}
}
