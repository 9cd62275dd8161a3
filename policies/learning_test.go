package policies

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// asWorkload is a grant to an account that may be a workload's.
var asWorkload = cloud.Grant{Role: "roles/editor", Member: "serviceAccount:api@pay.iam.gserviceaccount.com"}

// outsider is a grant to somebody whose organization only a fact can tell.
var outsider = cloud.Grant{Role: "roles/run.invoker", Member: "user:eve@example.net"}

// uncertain are expressions that each rest on facts, on several, or on none.
var uncertain = []string{
	`constraint("a").enforced`, `constraint("b").enforced`, `constraint("l").allows("v")`, `constraint("a", "other").enforced`,
	`"folders/1" in ancestors`, `ancestors.size() > 1`, `overridden`, `runtimeIdentity("api@pay.iam.gserviceaccount.com")`,
	`change.added.exists(g, g.member.public && g.role.invokes)`, `change.added.all(g, g.role.invokes)`,
	`change.added.exists(g, runtimeIdentity(g.member))`, `change.added.exists_one(g, g.member.external)`,
	`change.added.filter(g, g.role.invokes).size() > 1`, `change.added.map(g, g.member.external).exists(x, x)`,
	`change.added.size() > 1`, `change.hasDelta`, `change.invokerCheckDisabled`, `workload.labels["missing"] == "x"`, `true`, `false`,
}

// expression makes up one of some depth.
func expression(rnd *rand.Rand, depth int) string {
	if depth == 0 {
		return uncertain[rnd.IntN(len(uncertain))]
	}
	a, b := expression(rnd, depth-1), expression(rnd, depth-1)
	switch rnd.IntN(6) {
	case 0, 1:
		return "(" + a + " && " + b + ")"
	case 2, 3:
		return "(" + a + " || " + b + ")"
	case 4:
		return "!(" + a + ")"
	}
	return "(" + a + " ? " + b + " : " + expression(rnd, depth-1) + ")"
}

// truths answers every question that can be asked of the grants above, at random.
func truths(rnd *rand.Rand) Facts {
	facts := Facts{
		payAncestors: {List: [][]string{{"folders/1", "organizations/7"}, {"folders/2", "organizations/7"}, {"organizations/7"}}[rnd.IntN(3)]},
		{Kind: Ancestors, Name: "projects/other"}:                                        {List: []string{"organizations/7"}},
		{Kind: RoleInvokes, Name: custom.Role}:                                           {},
		{Kind: RoleInvokes, Name: "roles/unheard"}:                                       {},
		{Kind: ConstraintEnforced, Name: "a", Project: "pay"}:                            {},
		{Kind: ConstraintEnforced, Name: "a", Project: "other"}:                          {},
		{Kind: ConstraintEnforced, Name: "b", Project: "pay"}:                            {},
		{Kind: ConstraintAllows, Name: "l", Project: "pay", Value: "v"}:                  {},
		{Kind: RuntimeIdentity, Name: "api@pay.iam.gserviceaccount.com", Project: "pay"}: {},
	}
	for _, d := range []string{"example.com", "example.net"} {
		facts[Question{Kind: OrganizationDomain, Name: "organizations/7", Value: d}] = Fact{}
	}
	for _, q := range questions(facts) {
		f := facts[q]
		f.Known, f.Value, f.Source = true, rnd.IntN(2) == 0, "test"
		facts[q] = f
	}
	return facts
}

// questions are those of the facts, in an order of their own.
func questions(facts Facts) []Question {
	return slices.SortedFunc(maps.Keys(facts), func(a, b Question) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
}

func someGrants(rnd *rand.Rand) (out []cloud.Grant) {
	for _, g := range []cloud.Grant{public, anyone, custom, private, asWorkload, outsider, {Role: "roles/unheard", Member: "allUsers"}} {
		if rnd.IntN(3) == 0 {
			out = append(out, g)
		}
	}
	return out
}

// Facts are learned one at a time, in any order. A verdict that is certain
// stays what it is: unknown is taken neither for allowed nor for violating. And
// nothing stronger than approve is asked for while an override may be weaker.
func TestLearningOneMoreFactNeverTurnsACertainVerdict(t *testing.T) {
	rnd := rand.New(rand.NewPCG(11, 12))
	seen := map[Verdict]int{}
	for range 300 {
		when := expression(rnd, 1+rnd.IntN(3))
		own := []Enforcement{Audit, Approve, Revert}[rnd.IntN(3)]
		s := load(t, one(when, "enforcement: "+string(own), "overrides: [{scope: folders/1, enforcement: audit}, {scope: folders/2, enforcement: revert}]"))
		in := Input{Change: setPolicy(someGrants(rnd)...), Facts: Facts{}}
		all := truths(rnd)
		order := questions(all)
		rnd.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
		before := verdict(s, "mine", in)
		for _, q := range order {
			seen[before.Verdict]++
			in.Facts[q] = all[q]
			after := verdict(s, "mine", in)
			if before.Verdict != Unknown && after.Verdict != before.Verdict {
				t.Fatalf("%s on %v\nwas %q, and is %q with %v: %v\nfacts %v", when, in.Change.Added(), before.Verdict, after.Verdict, q, all[q], in.Facts)
			}
			if _, known := in.Facts[payAncestors]; !known && after.Enforcement == Revert {
				t.Fatalf("%s: revert while the folders are not known", when)
			}
			// With more known the change may be at fault whatever was granted; then nobody is to blame.
			if before.Verdict == Violation && len(after.Grants) > 0 && !subset(before.Grants, after.Grants) {
				t.Fatalf("%s: blamed %v, and no longer with %v: %v", when, before.Grants, q, after.Grants)
			}
			before = after
		}
		if before.Verdict == Unknown && !strings.Contains(strings.Join(before.Reasons, "\n"), "went wrong") {
			t.Fatalf("%s on %v is unknown with every fact known: %q", when, in.Change.Added(), before.Reasons)
		}
	}
	for _, v := range []Verdict{Compliant, Violation, Unknown} {
		if seen[v] < 200 {
			t.Errorf("the verdicts were %v; of %q there are too few to say anything", seen, v)
		}
	}
}

func subset(some, all []cloud.Grant) bool {
	return !slices.ContainsFunc(some, func(g cloud.Grant) bool { return !slices.Contains(all, g) })
}

// A caller answers what is needed and asks again. That ends, in the verdict, and
// with the parts to blame, that there are with everything known.
func TestAnsweringWhatIsNeededEndsInTheVerdictOfAllFacts(t *testing.T) {
	rnd := rand.New(rand.NewPCG(13, 14))
	for range 600 {
		when := expression(rnd, 2)
		s := load(t, one(when, "overrides: [{scope: folders/1, enforcement: audit}]"))
		all := truths(rnd)
		in := Input{Change: setPolicy(someGrants(rnd)...), Facts: Facts{}}
		var got Result
		for round := 0; ; round++ {
			got = verdict(s, "mine", in)
			if round > len(all) {
				t.Fatalf("%s: it asks without end, now for %v", when, got.Needs)
			}
			if len(got.Needs) == 0 {
				break
			}
			for _, q := range got.Needs {
				if _, answered := in.Facts[q]; answered || !all[q].Known {
					t.Fatalf("%s: %v is asked for, answered %t", when, q, answered)
				}
				in.Facts[q] = all[q]
			}
		}
		want := verdict(s, "mine", Input{Change: in.Change, Facts: all})
		if got.Verdict != want.Verdict || fmt.Sprint(got.Grants) != fmt.Sprint(want.Grants) || got.Enforcement != want.Enforcement {
			t.Errorf("%s on %v:\n%q by %v, %s with what was asked for\n%q by %v, %s with everything",
				when, in.Change.Added(), got.Verdict, got.Grants, got.Enforcement, want.Verdict, want.Grants, want.Enforcement)
		}
	}
}

// What goes wrong while an expression runs is unknown, never allowed and never
// violating, and the reason says that it went wrong.
func TestWhatGoesWrongWhileItRunsIsUnknown(t *testing.T) {
	labelled := cloud.Change{Resource: service, Verb: cloud.Update, Workload: &cloud.Workload{
		Labels: map[string]string{"n": "many", "when": "soon"}, Identity: untouchedIdentity, InvokerCheckDisabled: untouchedFlag,
	}}
	for _, wrong := range []string{
		`1 / change.added.size() == 1`, `1 % change.added.size() == 0`, `workload.labels["none"] == "x"`, `change.added[7].member.public`,
		`change.added[-1].member.public`, `int(workload.labels["n"]) > 3`, `timestamp(workload.labels["when"]) < now`, `duration(workload.labels["n"]) > duration("1s")`,
		`9223372036854775807 + int(change.added.size()) + 1 > 0`, `-9223372036854775807 - 2 - int(change.added.size()) < 0`,
		`uint(int(change.added.size()) - 1) > 1u`, `dyn(workload.ingress) > 3`,
	} {
		for _, tt := range []struct {
			when string
			want Verdict
		}{
			{wrong, Unknown}, {"!(" + wrong + ")", Unknown}, {wrong + " && true", Unknown}, {wrong + " || false", Unknown},
			{wrong + " || true", Violation}, {"true || " + wrong, Violation}, {wrong + " && false", Compliant}, {"false && " + wrong, Compliant},
			{"[1].exists(x, x == 1 && (" + wrong + "))", Unknown},
		} {
			r := verdict(load(t, one(tt.when)), "mine", Input{Change: labelled})
			if r.Verdict != tt.want {
				t.Errorf("%s: %q, want %q (%q)", tt.when, r.Verdict, tt.want, r.Reasons)
			}
			if said := strings.Contains(strings.Join(r.Reasons, "\n"), "the policy's expression went wrong: "); said != (tt.want == Unknown) {
				t.Errorf("%s: reasons %q", tt.when, r.Reasons)
			}
		}
	}
}
