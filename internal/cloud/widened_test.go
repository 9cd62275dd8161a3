package cloud

import "testing"

func TestListsAndParametersAreWidenedNarrowedOrNotKnown(t *testing.T) {
	allowed := func(vs ...string) ConstraintChange {
		return ConstraintChange{Became: PolicyHoldsValues, Allowed: vs}
	}
	denied := func(vs ...string) ConstraintChange {
		return ConstraintChange{Became: PolicyHoldsValues, Denied: vs}
	}
	params := func(s string) ConstraintChange {
		return ConstraintChange{Became: PolicyHoldsParameters, Parameters: s}
	}
	both := ConstraintChange{Became: PolicyHoldsValues, Allowed: []string{"a"}, Denied: []string{"b"}}
	for _, tt := range []struct {
		name          string
		before, after ConstraintChange
		want          Flag
	}{
		{"one value more", allowed("a"), allowed("a", "b"), KnownFlag(true)},
		{"one value for another", allowed("a"), allowed("b"), KnownFlag(true)},
		{"one value less", allowed("a", "b"), allowed("a"), KnownFlag(false)},
		{"the same, written otherwise", allowed("is:a", "b"), allowed("b", "a"), KnownFlag(false)},
		{"one denied less", denied("a", "b"), denied("a"), KnownFlag(true)},
		{"one denied more", denied("a"), denied("a", "b"), KnownFlag(false)},
		{"a group more", allowed("a"), allowed("a", "in:g"), Flag{}},
		{"a value that a group may hold", allowed("in:g"), allowed("in:g", "a"), Flag{}},
		{"a group less", allowed("a", "in:g"), allowed("a"), KnownFlag(false)},
		{"denied in place of allowed", allowed("a"), denied("b"), Flag{}},
		{"no list, as what is inherited counts", allowed("a"), allowed(), Flag{}},
		{"one denied besides", allowed("a"), both, KnownFlag(false)},
		{"one list each, and the other grows", both, ConstraintChange{Became: PolicyHoldsValues, Allowed: []string{"a", "c"}, Denied: []string{"b"}}, Flag{}},
		{"a member more", params(`{"allowedMemberSubjects":["a"]}`), params(`{"allowedMemberSubjects":["a","b"]}`), KnownFlag(true)},
		{"a member less", params(`{"allowedMemberSubjects":["a","b"]}`), params(`{"allowedMemberSubjects":["b"]}`), KnownFlag(false)},
		{"no member, which may mean anybody", params(`{"allowedMemberSubjects":["a"]}`), params(`{"allowedMemberSubjects":[]}`), Flag{}},
		{"a parameter that nobody knows", params(`{"mode":"a"}`), params(`{"mode":"b"}`), Flag{}},
		{"parameters in place of none", ConstraintChange{Enforced: KnownFlag(true)}, params(`{"allowedMemberSubjects":["a"]}`), Flag{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.after.Widened(tt.before); got != tt.want {
				t.Errorf("%+v, want %+v", got, tt.want)
			}
		})
	}
}
