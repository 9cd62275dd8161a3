package policies

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/strictyaml"
	"github.com/rescind-dev/rescind/policies/sample"
)

// ownTest is one entry of a policy's `tests`: a change, the facts about it, and
// the verdict it must get.
type ownTest struct {
	name        string
	change      cloud.Change
	facts       sample.Facts
	now         time.Time
	want        Verdict
	enforcement Enforcement // empty when the sample does not say
	source      string
	line        int
}

// wantCompliant is how a sample writes Compliant, whose own word is empty.
const wantCompliant = "compliant"

func (s source) samples(d *draft) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s.List(n, "tests", func(n *yaml.Node) {
			t := s.sample(n)
			if slices.ContainsFunc(d.samples, func(o ownTest) bool { return o.name == t.name && t.name != "" }) {
				s.Problem(n, "a second test named %q", t.name)
			}
			d.samples = append(d.samples, t)
		})
	}
}

func (s source) sample(n *yaml.Node) ownTest {
	t := ownTest{source: s.Name(), line: n.Line, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	var want Verdict
	s.Fields(n, "a test", strictyaml.Keys{
		"name":        s.Text("name", &t.name),
		"change":      sample.Change(s.Reader, &t.change, unreadFields),
		"facts":       sample.ReadFacts(s.Reader, &t.facts),
		"now":         s.Date("now", &t.now),
		"want":        strictyaml.Word(s.Reader, "want", &want, Violation, Unknown, Exempt, wantCompliant),
		"enforcement": strictyaml.Word(s.Reader, "enforcement", &t.enforcement, Audit, Approve, Revert),
	}, "name", "change", "want")
	if want != wantCompliant {
		t.want = want
	}
	return t
}

// TestResult is what came of one of a policy's own samples.
type TestResult struct {
	Name string // "policy/sample"
	File string // where the sample is written
	Line int
	OK   bool
	// BuiltIn is true for a sample of a built-in policy.
	BuiltIn bool
	Want    string // "violation, enforcement revert"
	Got     string
	// Reasons are those of the verdict, for telling why it came out so.
	Reasons []string
}

// Test runs the policies' samples: those whose name run accepts, all when run
// is nil. A sample sees its own facts and nothing else. The samples of the
// built-in policies are run on all of them, as they are shipped, whether they
// are loaded or not and whatever a file makes of them.
func (s *Set) Test(run func(name string) bool) []TestResult {
	var out []TestResult
	own := slices.DeleteFunc(slices.Clone(s.rules), func(r *rule) bool { return r.BuiltIn })
	for _, r := range slices.Concat(shippedRules(), own) {
		for _, t := range r.samples {
			name := r.Name + "/" + t.name
			if run == nil || run(name) {
				out = append(out, t.run(r, name))
			}
		}
	}
	return out
}

func (t ownTest) run(r *rule, name string) TestResult {
	got := settle(newSet([]*rule{r}), t)
	res := TestResult{
		Name: name, File: t.source, Line: t.line, BuiltIn: r.BuiltIn, Reasons: got.Reasons,
		Want: describe(t.want, t.enforcement), Got: describe(got.Verdict, got.Enforcement),
	}
	if t.enforcement == "" {
		res.Got = describe(got.Verdict, "")
	}
	if why := t.notJudged(r.On); why != "" {
		res.Got = why
	}
	res.OK = res.Want == res.Got
	return res
}

// notJudged says that a policy on these kinds has nothing to do with the sample, or "".
func (t ownTest) notJudged(on []cloud.Kind) string {
	if k := t.change.Resource.Kind; !slices.Contains(on, k) {
		return fmt.Sprintf("not judged: it is of a %s, and the policy is on %s", k, join(on, ", "))
	}
	return ""
}

// settle evaluates the sample, answering what is asked from its facts, until
// nothing new is asked.
func settle(s *Set, t ownTest) Result {
	in := Input{Change: t.change, Facts: Facts{}, Now: t.now}
	for {
		var got Result
		for _, r := range s.Evaluate(in) {
			got = r
		}
		asked := len(in.Facts)
		for _, q := range got.Needs {
			in.Facts[q] = t.facts.Answer(q)
		}
		if len(in.Facts) == asked {
			return got
		}
	}
}

func describe(v Verdict, e Enforcement) string {
	words := []string{string(v)}
	if v == Compliant {
		words[0] = wantCompliant
	}
	if e != "" {
		words = append(words, fmt.Sprintf("enforcement %s", e))
	}
	return strings.Join(words, ", ")
}
