package policies

import (
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// sample is one entry of a policy's `tests`: a change, the facts about it, and
// the verdict it must get.
type sample struct {
	name        string
	change      cloud.Change
	facts       sampleFacts
	now         time.Time
	want        Verdict
	enforcement Enforcement // empty when the sample does not say
	source      string
	line        int
}

// wantCompliant is how a sample writes Compliant, whose own word is empty.
const wantCompliant = "compliant"

func (s *source) samples(d *draft) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s.list(n, "tests", func(n *yaml.Node) {
			t := s.sample(n)
			if slices.ContainsFunc(d.samples, func(o sample) bool { return o.name == t.name && t.name != "" }) {
				s.problem(n, "a second test named %q", t.name)
			}
			d.samples = append(d.samples, t)
		})
	}
}

func (s *source) sample(n *yaml.Node) sample {
	t := sample{source: s.name, line: n.Line, now: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	var want Verdict
	s.object(n, "a test", keys{
		"name":        s.text("name", &t.name),
		"change":      s.change(&t.change),
		"facts":       s.facts(&t.facts),
		"now":         s.date("now", &t.now),
		"want":        word(s, "want", &want, Violation, Unknown, Exempt, wantCompliant),
		"enforcement": word(s, "enforcement", &t.enforcement, Audit, Approve, Revert),
	}, "name", "change", "want")
	if want != wantCompliant {
		t.want = want
	}
	return t
}
