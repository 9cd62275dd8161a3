package cloud

import "testing"

func TestAListConstraintAllowsWhatItsValuesSay(t *testing.T) {
	for _, tt := range []struct {
		name            string
		allowed, denied []string
		want            Flag
	}{
		{"the value is allowed", []string{"internal", "all"}, nil, KnownFlag(true)},
		{"with is: before it", []string{"is:all"}, nil, KnownFlag(true)},
		{"another is allowed", []string{"internal"}, nil, KnownFlag(false)},
		{"one that begins alike is allowed", []string{"all-of-it"}, nil, KnownFlag(false)},
		{"the value is denied", nil, []string{"is:all"}, KnownFlag(false)},
		{"denied goes before allowed", []string{"all"}, []string{"all"}, KnownFlag(false)},
		{"another is denied", nil, []string{"internal"}, KnownFlag(true)},
		{"a group is allowed", []string{"in:public"}, nil, Flag{}},
		{"a group is denied", []string{"all"}, []string{"under:folders/1"}, Flag{}},
		{"no value at all", nil, nil, Flag{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := ListAllows(tt.allowed, tt.denied, "all"); got != tt.want {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
		})
	}
}

// What is loosened may be asked about or put back, so that a change of which
// this cannot be told must not read as either.
func TestAnOrganizationPolicyIsLoosenedWhereItNoLongerEnforces(t *testing.T) {
	on, off, unknown := KnownFlag(true), KnownFlag(false), Flag{}
	for _, tt := range []struct {
		name   string
		change ConstraintChange
		want   Flag
	}{
		{"no longer enforced", ConstraintChange{Enforced: off}, on},
		{"enforced", ConstraintChange{Enforced: on}, off},
		{"not told from the entry", ConstraintChange{Enforced: unknown}, unknown},
		{"left as it was", ConstraintChange{Enforced: Flag{Knowledge: Unchanged}}, Flag{Knowledge: Unchanged}},
		{"deleted, whatever was said of it before", ConstraintChange{Became: PolicyDeleted, Enforced: on}, on},
		{"set back to Google's default", ConstraintChange{Became: PolicyReset}, on},
		{"enforced under a condition alone", ConstraintChange{Became: PolicyConditional, Enforced: on}, on},
		{"a dry run in place of it", ConstraintChange{Became: PolicyDryRunOnly}, on},
		{"every value allowed", ConstraintChange{Became: PolicyAllowsAll}, on},
		{"every value denied", ConstraintChange{Became: PolicyDeniesAll}, off},
		{"other values than before, perhaps fewer", ConstraintChange{Became: PolicyHoldsValues, Allowed: []string{"internal"}}, unknown},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.change.Loosened(); got != tt.want {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
		})
	}
}
