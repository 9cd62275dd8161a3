package policies

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// faults are expressions that a part of a change can be at fault for by
// itself; joined by "or" they stay so.
var faults = []string{
	`change.added.exists(g, g.member.public)`, `change.added.exists(g, g.role.invokes && g.member.public)`, `change.added.exists(g, g.role.name == "roles/editor")`,
	`change.added.exists(g, g.member == g.member && g.condition.expression == "")`, `change.invokerCheckDisabled`, `workload.identity.default`,
	`change.added.exists(g, domain(g.member.value) == "example.com")`,
}

func changeOf(rnd *rand.Rand) cloud.Change {
	c := setPolicy(someGrants(rnd)...)
	c.Verb = cloud.Update
	c.Workload = &cloud.Workload{InvokerCheckDisabled: cloud.KnownFlag(rnd.IntN(2) == 0), Identity: untouchedIdentity}
	if rnd.IntN(2) == 0 {
		c.Workload.Identity = cloud.KnownIdentity([]string{"1-compute@developer.gserviceaccount.com", "api@pay.iam.gserviceaccount.com"}[rnd.IntN(2)])
	}
	return c
}

// without is the change with what the result blames taken out of it, which is
// what a revert does.
func without(c cloud.Change, r Result) cloud.Change {
	c.Policy = &cloud.AllowPolicy{Bindings: bindings(slices.DeleteFunc(c.Added(), func(g cloud.Grant) bool { return slices.Contains(r.Grants, g) }))}
	w := *c.Workload
	if r.InvokerCheck {
		w.InvokerCheckDisabled = untouchedFlag
	}
	if r.Identity {
		w.Identity = untouchedIdentity
	}
	c.Workload = &w
	return c
}

// What is blamed violates by itself, and taking all of it away ends the
// violation: a revert of just that is enough, and no more than enough.
func TestTakingAwayWhatIsBlamedEndsTheViolation(t *testing.T) {
	rnd := rand.New(rand.NewPCG(41, 42))
	violations := 0
	for range 300 {
		when := faults[rnd.IntN(len(faults))] + " || " + faults[rnd.IntN(len(faults))]
		s, facts := load(t, one(when)), truths(rnd)
		c := changeOf(rnd)
		r := verdict(s, "mine", Input{Change: c, Facts: facts})
		if r.Verdict != Violation {
			continue
		}
		violations++
		if rest := verdict(s, "mine", Input{Change: without(c, r), Facts: facts}); rest.Verdict != Compliant {
			t.Fatalf("%s on %v: %q without %v, check %t, identity %t", when, c.Added(), rest.Verdict, r.Grants, r.InvokerCheck, r.Identity)
		}
		for i, g := range r.Grants {
			others := r
			others.Grants = slices.Delete(slices.Clone(r.Grants), i, i+1)
			if rest := verdict(s, "mine", Input{Change: without(c, others), Facts: facts}); rest.Verdict != Violation || !slices.Contains(rest.Grants, g) {
				t.Fatalf("%s on %v: %q by %v with %v left", when, c.Added(), rest.Verdict, rest.Grants, g)
			}
		}
	}
	if violations < 100 {
		t.Errorf("%d violations", violations)
	}
}

// Where the change is at fault whatever part is taken away, none is blamed.
func TestAFaultOfTheWholeBlamesNoPart(t *testing.T) {
	rnd := rand.New(rand.NewPCG(43, 44))
	for range 100 {
		when := `resource.project == "pay" || ` + faults[rnd.IntN(len(faults))]
		r := verdict(load(t, one(when)), "mine", Input{Change: changeOf(rnd), Facts: truths(rnd)})
		if r.Verdict != Violation || r.Grants != nil || r.InvokerCheck || r.Identity {
			t.Fatalf("%s: %q by %v, check %t, identity %t", when, r.Verdict, r.Grants, r.InvokerCheck, r.Identity)
		}
	}
}

// What is unknown of the change as a whole accuses no part of it in passing.
func TestADoubtOfTheWholeAccusesNoPart(t *testing.T) {
	for when, want := range map[string][]cloud.Grant{
		`constraint("c").enforced`: nil,
		`constraint("c").enforced || change.added.exists(g, g.member.email == "nobody@example.com")`: nil,
		`!constraint("c").enforced || change.added.size() > 5`:                                       nil,
		`constraint("c").enforced && change.added.exists(g, g.member.public)`:                        {public},
		`change.added.exists(g, g.member.public && constraint(g.role.name).enforced)`:                {public},
	} {
		r := verdict(load(t, one(when)), "mine", Input{Change: setPolicy(public, private)})
		if r.Verdict != Unknown || !slices.Equal(r.Grants, want) {
			t.Errorf("%s: %q by %v, want %v", when, r.Verdict, r.Grants, want)
		}
	}
}

// A part is blamed in the order of the change, once, whatever else is in it.
func TestBlameKeepsTheOrderOfTheChange(t *testing.T) {
	var gs []cloud.Grant
	for i := range 60 {
		g := cloud.Grant{Role: fmt.Sprintf("projects/p/roles/r%02d", i%7), Member: "allUsers", Condition: cloud.Condition{Title: fmt.Sprint(i)}}
		if i%3 == 0 {
			g.Member = cloud.Member(fmt.Sprintf("user:u%d@example.com", i))
		}
		gs = append(gs, g)
	}
	want := slices.DeleteFunc(slices.Clone(gs), func(g cloud.Grant) bool { return !g.Member.Public() })
	r := verdict(load(t, one(faults[0])), "mine", Input{Change: setPolicy(gs...)})
	if !slices.Equal(r.Grants, setPolicy(want...).Added()) {
		t.Errorf("blamed %v", r.Grants)
	}
}
