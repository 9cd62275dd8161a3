package policies

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
)

var scopes = []string{
	"projects/pay", "projects/pay-prod", "projects/pa", "folders/1", "folders/12", "folders/123", "folders/3", "organizations/7", "organizations/77",
}

// pick takes each of the words or leaves it, and puts them in any order.
func pick[T any](rnd *rand.Rand, from []T) []T {
	var out []T
	for _, i := range rnd.Perm(len(from)) {
		if rnd.IntN(2) == 0 {
			out = append(out, from[i])
		}
	}
	return out
}

// The override of the most specific scope wins, whatever the order in the file
// and however alike the names are; that of no other container counts.
func TestTheOverrideOfTheMostSpecificScopeWins(t *testing.T) {
	rnd := rand.New(rand.NewPCG(21, 22))
	words := []Enforcement{Audit, Approve, Revert}
	won := map[string]int{}
	for range 400 {
		own, asks := words[rnd.IntN(3)], map[string]Enforcement{}
		var lines []string
		for _, scope := range pick(rnd, scopes) {
			asks[scope] = words[rnd.IntN(3)]
			lines = append(lines, fmt.Sprintf("{scope: %s, enforcement: %s}", scope, asks[scope]))
		}
		chain := append(pick(rnd, []string{"folders/1", "folders/12", "folders/3"}), "organizations/7")
		on, at := cloud.Change{Resource: service, Verb: cloud.Update}, "projects/pay"
		switch rnd.IntN(4) {
		case 0:
			on.Resource, at = cloud.FolderResource("123"), "folders/123"
		case 1:
			on.Resource, at = cloud.ProjectResource("pay"), "projects/pay"
		}
		want, by := own, ""
		for _, scope := range slices.Backward(append([]string{at}, chain...)) {
			if e, ok := asks[scope]; ok {
				want, by = e, scope
			}
		}
		s := load(t, one("true", "enforcement: "+string(own), "overrides: ["+strings.Join(lines, ", ")+"]"))
		facts := Facts{{Kind: Ancestors, Name: at}: {Known: true, List: chain}}
		got := verdict(s, "mine", Input{Change: on, Facts: facts})
		if got.Enforcement != want || got.EnforcedBy != by || len(got.Needs) != 0 {
			t.Fatalf("%s in %v with overrides %v: %s by %q, want %s by %q; needs %v", at, chain, lines, got.Enforcement, got.EnforcedBy, want, by, got.Needs)
		}
		overridden := verdict(load(t, one("overridden", "overrides: ["+strings.Join(lines, ", ")+"]")), "mine", Input{Change: on, Facts: facts})
		if (overridden.Verdict == Violation) != (by != "") {
			t.Fatalf("%s in %v: overridden by %q is %q", at, chain, by, overridden.Verdict)
		}
		unknown := verdict(s, "mine", Input{Change: on})
		if _, sure := asks[at]; !sure && unknown.Enforcement != own && unknown.Enforcement != Approve || sure && unknown.Enforcement != want {
			t.Fatalf("%s without ancestors: %s", at, unknown.Enforcement)
		}
		won[by]++
	}
	for _, by := range []string{"", "projects/pay", "folders/1", "folders/123", "organizations/7"} {
		if won[by] < 10 {
			t.Errorf("%q won %d times, which says nothing", by, won[by])
		}
	}
}
