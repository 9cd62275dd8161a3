package policies

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies/trace"
)

// render writes a trace in lines: answer, "*" for what decides, text.
func render(n *trace.Node, depth int) string {
	mark := map[bool]string{true: "*"}[n.Decided]
	s := fmt.Sprintf("%s%s%s %s\n", strings.Repeat("  ", depth), n.Answer, mark, n.Text)
	for _, v := range n.Values {
		s += fmt.Sprintf("%s= %s: %s\n", strings.Repeat("  ", depth+1), v.Text, v.Value)
	}
	for _, p := range n.Parts {
		s += render(p, depth+1)
	}
	return s
}

func TestAnExplanationShowsWhatEachPartCameTo(t *testing.T) {
	for _, tt := range []struct{ name, when, want string }{
		{"the false side of an && decides", `change.hasDelta && resource.project == "pay"`, `
false* change.hasDelta && resource.project == "pay"
  false* change.hasDelta
  true resource.project == "pay"
    = resource.project: "pay"
`},
		{"both sides of an && that is true decide", `!change.hasDelta && resource.project == "pay"`, `
true* !change.hasDelta && resource.project == "pay"
  true* !change.hasDelta
    false* change.hasDelta
  true* resource.project == "pay"
    = resource.project: "pay"
`},
		{"the true side of an || decides", `change.hasDelta || "l" == resource.location`, `
true* change.hasDelta || "l" == resource.location
  false change.hasDelta
  true* "l" == resource.location
    = resource.location: "l"
`},
		{"an element for which the predicate holds decides an exists", `change.added.exists(g, g.member.public)`, `
true* change.added.exists(g, g.member.public)
  true* g = roles/run.invoker to allUsers
    true* g.member.public
  false g = roles/run.invoker to user:ada@example.com
    false g.member.public
`},
		{"an element for which it does not decides an all", `change.added.all(g, domain(g.member.value) == "example.com")`, `
false* change.added.all(g, domain(g.member.value) == "example.com")
  false* g = roles/run.invoker to allUsers
    false* domain(g.member.value) == "example.com"
      = domain(g.member.value): ""
      = g.member.value: "allUsers"
  true g = roles/run.invoker to user:ada@example.com
    true domain(g.member.value) == "example.com"
      = domain(g.member.value): "example.com"
      = g.member.value: "user:ada@example.com"
`},
		{"macros within macros see both variables",
			`[1, 2].exists(n, change.added.exists_one(g, g.member.public && n == 2))`, `
true* [1, 2].exists(n, change.added.exists_one(g, g.member.public && n == 2))
  false n = 1
    false change.added.exists_one(g, g.member.public && n == 2)
      false g = roles/run.invoker to allUsers
        false g.member.public && n == 2
          true g.member.public
          false n == 2
            = n: 1
      false g = roles/run.invoker to user:ada@example.com
        false g.member.public && n == 2
          false g.member.public
          false n == 2
            = n: 1
  true* n = 2
    true* change.added.exists_one(g, g.member.public && n == 2)
      true* g = roles/run.invoker to allUsers
        true* g.member.public && n == 2
          true* g.member.public
          true* n == 2
            = n: 2
      false* g = roles/run.invoker to user:ada@example.com
        false* g.member.public && n == 2
          false* g.member.public
          true n == 2
            = n: 2
`},
		{"the branch that was taken decides", `change.hasDelta ? true : resource.project == "lab"`, `
false* change.hasDelta ? true : (resource.project == "lab")
  false* change.hasDelta
  true true
  false* resource.project == "lab"
    = resource.project: "pay"
`},
		{"what went wrong is an error, and decides what rests on it", `workload.labels["env"] == "prod" || change.hasDelta`, `
error* workload.labels["env"] == "prod" || change.hasDelta
  error* workload.labels["env"] == "prod"
    = workload.labels["env"]: error: no such key: env
    = workload.labels: a map of 0
  false change.hasDelta
`},
		{"what is unknown decides what rests on it", `constraint("c").enforced && change.added.size() > 1`, `
unknown* constraint("c").enforced && change.added.size() > 1
  unknown* constraint("c").enforced
  true change.added.size() > 1
    = change.added.size(): 2
    = change.added: [roles/run.invoker to allUsers, roles/run.invoker to user:ada@example.com]
`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := load(t, oneRule(tt.when, "run.service"))
			xs, err := s.Explain(Input{Change: opened()}, "mine")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(strings.TrimPrefix(tt.want, "\n"), render(xs[0].When, 0)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// The tree must never tell another story than the verdict.
func TestAnExplanationAgreesWithTheVerdict(t *testing.T) {
	explained := 0
	for _, r := range shippedRules() {
		set := newSet([]*rule{r})
		for _, sample := range r.samples {
			in := Input{Change: sample.change, Facts: Facts{}, Now: sample.now}
			x := settled(t, set, in, sample)
			if x.When == nil {
				continue
			}
			explained++
			want := map[Verdict]trace.Answer{Compliant: trace.False, Violation: trace.True, Exempt: trace.True, Unknown: trace.Unknown}
			if got := x.When.Answer; got != want[sample.want] {
				t.Errorf("%s/%s: the tree says %s, the sample wants %q\n%s", r.Name, sample.name, got, sample.want, render(x.When, 0))
			}
			if len(x.Needs) > 0 {
				t.Errorf("%s/%s still needs %v", r.Name, sample.name, x.Needs)
			}
		}
	}
	if explained < 50 {
		t.Errorf("%d samples were explained", explained)
	}
}

// settled answers from the sample what its explanation needs.
func settled(t *testing.T, set *Set, in Input, from ownTest) Explanation {
	t.Helper()
	for range 10 {
		xs, err := set.Explain(in, "")
		if err != nil {
			t.Fatal(err)
		}
		if len(xs[0].Needs) == 0 {
			return xs[0]
		}
		for _, q := range xs[0].Needs {
			in.Facts[q] = from.facts.Answer(q)
		}
	}
	t.Fatal("it asks without end")
	return Explanation{}
}

func TestAnExplanationNamesFactsKnownAndUnknown(t *testing.T) {
	s := load(t)
	q := Question{Kind: ConstraintEnforced, Name: "run.managed.requireInvokerIam", Project: "pay"}
	at := time.Date(2026, 11, 20, 10, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name string
		fact Facts
		want FactLine
	}{
		{"known", Facts{q: {Known: true, Value: true, Source: "org policy API", At: at}},
			FactLine{true, "run.managed.requireInvokerIam is enforced for pay (org policy API, 2026-11-20T10:00:00Z)"}},
		{"unknown", Facts{q: {Why: "permission denied"}},
			FactLine{false, "whether run.managed.requireInvokerIam is enforced for pay is unknown: permission denied"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			xs, err := s.Explain(Input{Change: opened(), Facts: tt.fact}, "no-public-invoker")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]FactLine{tt.want}, xs[0].Facts); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if len(xs[0].Needs) > 0 {
				t.Errorf("needs %v, which was answered", xs[0].Needs)
			}
		})
	}
}

func TestAnExplanationSaysWhyAPolicyWasNotEvaluated(t *testing.T) {
	s := load(t, oneRule("true", "run.service"))
	for _, tt := range []struct {
		name   string
		change cloud.Change
		want   string
	}{
		{"a kind it is not about", cloud.Change{Verb: cloud.SetPolicy, Resource: cloud.ProjectResource("pay")},
			"it is about run.service, and this is a change of a project"},
		{"a deletion", cloud.Change{Verb: cloud.Delete, Resource: cloud.RunResource(cloud.RunService, "p", "l", "s")},
			"what was deleted violates nothing"},
	} {
		xs, err := s.Explain(Input{Change: tt.change}, "mine")
		if err != nil || xs[0].Skipped != tt.want || xs[0].When != nil {
			t.Errorf("%s: skipped %q, when %v, error %v; want %q", tt.name, xs[0].Skipped, xs[0].When, err, tt.want)
		}
	}
	if _, err := s.Explain(Input{Change: opened()}, "mien"); err == nil || err.Error() != `there is no policy "mien"; did you mean "mine"?` {
		t.Errorf("an unknown policy: %v", err)
	}
}

func TestAnExplanationLeavesOutElementsThatDecideNothing(t *testing.T) {
	c := opened()
	var members []cloud.Member
	for i := range 100 {
		members = append(members, cloud.Member(fmt.Sprintf("user:u%02d@example.com", i)))
	}
	c.Policy.Bindings[0].Members = append(members, "allUsers")
	s := load(t, oneRule("change.added.exists(g, g.member.public)", "run.service"))
	xs, err := s.Explain(Input{Change: c}, "mine")
	if err != nil {
		t.Fatal(err)
	}
	n := xs[0].When
	if len(n.Parts) != 11 || n.Omitted != 90 || n.Parts[0].Text != "g = roles/run.invoker to allUsers" {
		t.Errorf("%d parts, %d omitted, the first is %q", len(n.Parts), n.Omitted, n.Parts[0].Text)
	}
}

func TestAnExplanationKeepsLongValuesShort(t *testing.T) {
	c := opened()
	c.Policy.Bindings[0].Members = []cloud.Member{cloud.Member("user:" + strings.Repeat("x", 100_000) + "@example.com")}
	s := load(t, oneRule(`change.added.exists(g, g.member.value == "a")`, "run.service"))
	xs, err := s.Explain(Input{Change: c}, "mine")
	if err != nil {
		t.Fatal(err)
	}
	if text := render(xs[0].When, 0); len(text) > 1000 {
		t.Errorf("%d characters", len(text))
	}
}
