package policies

import (
	"slices"
	"testing"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"

	"github.com/rescind-dev/rescind/internal/cloud"
)

func newTestProspect(t *testing.T) (*compiler, prospect) {
	t.Helper()
	c, err := newCompiler()
	if err != nil {
		t.Fatal(err)
	}
	p, err := newProspect(c)
	if err != nil {
		t.Fatal(err)
	}
	return c, p
}

// Lint raises no false alarm because what a situation says of a kind is so for
// every change of it; here, for those of the catalog's samples.
func TestWhatASituationSaysIsSoForEverySample(t *testing.T) {
	c, _ := newTestProspect(t)
	programs := map[string]cel.Program{}
	for _, k := range cloud.Kinds() {
		for path := range alwaysOf(k) {
			checked, issues := c.env.Compile(path)
			if issues.Err() != nil {
				t.Fatalf("a situation names %s: %v", path, issues.Err())
			}
			p, err := c.env.Program(checked)
			if err != nil {
				t.Fatal(err)
			}
			programs[path] = p
		}
	}
	compared := 0
	for _, r := range shippedRules() {
		for _, s := range r.samples {
			for path, want := range alwaysOf(s.change.Resource.Kind) {
				e := newEvaluation(Input{Change: s.change})
				e.rule = r
				got, _, err := programs[path].Eval(e)
				if err != nil {
					t.Fatal(err)
				}
				if _, unknown := got.(*types.Unknown); !unknown && got.Equal(want) != types.True {
					t.Errorf("%s/%s: %s is %v, the situation says %v", r.Name, s.name, path, got, want)
				}
				compared++
			}
		}
	}
	if compared < 200 {
		t.Errorf("%d values were compared", compared)
	}
}

// And no sample that violates its policy is one that the policy's expression
// cannot be true for.
func TestWhatHappensInASampleCanHappen(t *testing.T) {
	_, p := newTestProspect(t)
	seen := 0
	for _, r := range shippedRules() {
		program, err := p.program(r.When)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range r.samples {
			if s.want != Violation && s.want != Exempt {
				continue
			}
			seen++
			verb := types.String(s.change.Verb)
			in := slices.DeleteFunc(situationsOf(s.change.Resource.Kind), func(s situation) bool { return s["change.verb"] != verb })
			if !mayHold(program, in) {
				t.Errorf("%s/%s cannot happen in %v", r.Name, s.name, in)
			}
		}
	}
	if seen < 30 {
		t.Errorf("%d samples", seen)
	}
}

func TestASituationLeavesOpenWhatItDoesNotSay(t *testing.T) {
	_, p := newTestProspect(t)
	for _, expression := range []string{
		`change.hasDelta`, `change.added.exists(g, g.member.public)`, `workload.identity.default`,
		`resource.project == "p"`, `actor.email == "a@b"`, `constraint("c").enforced`, `constraint("c").allows("v")`,
		`constraint("c", "p").enforced`, `constraint(resource.id).enforced`, `runtimeIdentity("a@b")`, `glob(resource.name, "a")`, `defaultAccount(workload.identity.email)`,
		`"folders/1" in ancestors`, `workload.labels["a"] == "b"`, `has(workload.labels.a)`, `overridden`,
		`now > timestamp("2026-01-01T00:00:00Z")`, `change.added.all(g, runtimeIdentity(g.member) && g.member.external)`,
	} {
		program, err := p.program(expression)
		if err != nil {
			t.Errorf("%s: %v", expression, err)
			continue
		}
		v, _, err := program.Eval(alwaysOf(cloud.RunService))
		if _, unknown := v.(*types.Unknown); !unknown || err != nil {
			t.Errorf("%s: %v (%v), want unknown", expression, v, err)
		}
	}
}
