package finding

import (
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

func TestI14WhoeverHoldsTheCredentialsIsTheActor(t *testing.T) {
	const (
		ci    = "serviceAccount:ci@p.iam.gserviceaccount.com"
		staff = "principal://iam.googleapis.com/locations/global/workforcePools/staff"
		cloud = "principal://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/gh"
	)
	for _, tt := range []struct {
		name, want string
		chain      []string // whom they acted through, then the principal
	}{
		{"a person", ada, []string{"user:ada@example.com"}},
		{"in another case, with a tag", ada, []string{"user:Ada+Prod@Example.com"}},
		{"deleted since", ada, []string{"deleted:user:ada@example.com?uid=1"}},
		{"at Gmail, with dots", "user:ada@gmail.com", []string{"user:a.d.a@googlemail.com"}},
		{"with dots elsewhere", "user:a.da@example.com", []string{"user:a.da@example.com"}},
		{"a person through two accounts", ada, []string{ada, ci, "serviceAccount:d@p.iam.gserviceaccount.com"}},
		{"a person of a workforce pool", ada, []string{staff + "/subject/Ada%40example.com", ci}},
		{"a number of a workforce pool", strings.ToLower(staff + "/subject/7"), []string{staff + "/subject/7"}},
		{"an account's key", ci, []string{ci}},
		{"an account through another", ci, []string{ci, "serviceAccount:d@p.iam.gserviceaccount.com"}},
		{"a workload's subject", strings.ToLower(cloud), []string{cloud + "/subject/repo:a:ref:refs/heads/x", ci}},
		{"a subject of something else", "unknown", []string{"principal://example.com/subject/ada@example.com"}},
		{"no subject", "unknown", []string{staff + "/subject/"}},
		{"nobody", "unknown", []string{""}},
		{"nobody known", "unknown", []string{"unknown"}},
		{"nobody behind an account", "unknown", []string{"", ci}},
		{"a name of no kind", "unknown", []string{"ada@example.com"}},
		{"a name of another kind", "unknown", []string{"robot:ada@example.com"}},
		{"a person without an address", "unknown", []string{"user:ada"}},
		{"a name that is too long", "unknown", []string{"user:" + strings.Repeat("a", maxActor) + "@example.com"}},
	} {
		last := len(tt.chain) - 1
		if got := BudgetOf(actor(tt.chain[last], tt.chain[:last]...)); got != tt.want {
			t.Errorf("%s: %q counts as %q, want %q", tt.name, tt.chain, got, tt.want)
		}
	}
}

func actor(principal string, through ...string) cloud.Actor {
	return cloud.Actor{Principal: principal, Delegation: through}
}

func TestWhatNoPolicyRatesIsSevere(t *testing.T) {
	for s, want := range map[policies.Severity]bool{"": true, policies.Low: false, policies.Medium: false, policies.High: true, policies.Critical: true} {
		if got := (Finding{Severity: s}).Severe(); got != want {
			t.Errorf("severity %q is severe: %t", s, got)
		}
	}
}
