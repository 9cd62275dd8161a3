package cloud

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// anyRules are up to four rules, of all kinds and mixtures.
func anyRules(r *rand.Rand) []PolicyRule {
	var out []PolicyRule
	for range 1 + r.IntN(4) {
		rule := PolicyRule{Enforce: r.IntN(2) == 0, Conditional: r.IntN(2) == 0}
		switch r.IntN(8) {
		case 0:
			rule = PolicyRule{AllowAll: true, Conditional: rule.Conditional}
		case 1:
			rule = PolicyRule{DenyAll: true, Conditional: rule.Conditional}
		case 2:
			rule = PolicyRule{Values: true, Allowed: []string{"internal"}, Conditional: rule.Conditional}
		case 3:
			rule.Parameters = `{"allowedMemberSubjects":["a"]}`
		}
		out = append(out, rule)
	}
	return out
}

func TestR5NoPolicyThatEnforcesInAllItsRulesIsEverLoosened(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	befores := []Reach{"", GuardsAll, GuardsNone, GuardsSome, GuardsInherited}
	certain := 0
	for range 5000 {
		rules := anyRules(r)
		c := StateOf(rules, false)
		enforces := func(p PolicyRule) bool { return p.boolean() && p.Enforce && p.Parameters == "" }
		for _, before := range befores {
			f := c.Loosened(before, c.Reach())
			if !slices.ContainsFunc(rules, func(p PolicyRule) bool { return !enforces(p) }) {
				certain++
				if f != KnownFlag(false) {
					t.Fatalf("%+v after %q: loosened %+v", rules, before, f)
				}
			}
			if before == GuardsNone && f != KnownFlag(false) {
				t.Fatalf("%+v, where nothing was enforced: loosened %+v", rules, f)
			}
			if before == "" && c.Reach() == GuardsSome && f.Knowledge == Known {
				t.Fatalf("%+v after nobody knows what: loosened %+v", rules, f)
			}
		}
	}
	if certain < 1000 {
		t.Errorf("only %d of the policies enforce in all rules", certain)
	}
}

func TestWhatWasGuardedAndIsNotIsLoosened(t *testing.T) {
	for _, tt := range []struct {
		before, after Reach
		want          Flag
	}{
		{GuardsAll, GuardsNone, KnownFlag(true)},
		{GuardsAll, GuardsSome, KnownFlag(true)},
		{GuardsSome, GuardsNone, KnownFlag(true)},
		{GuardsSome, GuardsSome, Flag{}},
		{GuardsAll, "", Flag{}},
		{GuardsAll, GuardsUntouched, KnownFlag(false)},
		{GuardsAll, GuardsAll, KnownFlag(false)},
	} {
		if got := (ConstraintChange{}).Loosened(tt.before, tt.after); got != tt.want {
			t.Errorf("%q after %q: %+v, want %+v", tt.after, tt.before, got, tt.want)
		}
	}
}
