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
