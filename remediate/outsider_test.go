package remediate_test

import (
	"testing"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/state"
)

// Who is of another domain than those that the configuration lists is from outside; of a
// domain that Google does not show nobody could say so.
func TestPowerOverCloudRunIsTakenFromOutsiders(t *testing.T) {
	t.Parallel()
	for _, role := range []string{"roles/owner", "roles/editor", "roles/admin", "roles/writer", "roles/run.sourceDeveloper", "roles/resourcemanager.projectIamAdmin"} {
		g := newRig(t, set{"no-privileged-invoker-role": policies.Revert})
		g.grant("projects/pay-prod", role, "user:Ada@Example.com")
		if fs := g.deliver(); len(fs) > 0 {
			t.Fatalf("%s for a colleague: %+v", role, fs)
		}
		g.grant("projects/pay-prod", role, "user:eve@partner.example")
		g.want(g.one(), state.Reverted, "accounts of partner.example do not belong to organizations/77 (organizations of the configuration")
		if left := g.members("projects/pay-prod", role); len(left) == 0 || left[len(left)-1] == "user:eve@partner.example" {
			t.Errorf("%s is held by %v", role, left)
		}
	}
}
