package policies

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/common/types"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/strictyaml"
	"github.com/rescind-dev/rescind/policies/trace"
)

// Explanation says why one policy did or did not match one change.
type Explanation struct {
	Policy string
	// Result is what Evaluate says, nil where the change complies or the
	// policy is not about it.
	Result *Result
	// Skipped says why the policy was not evaluated; empty when it was.
	Skipped string
	// When is what each part of the policy's expression came to, on the whole
	// change and before exemptions; nil when it was not evaluated.
	When *trace.Node
	// Facts are those the expression looked at, known and unknown. They can
	// be more than a Result names: an explanation takes no short cuts.
	Facts []FactLine
	// Overrides and Exemptions are the policy's, with what came of each.
	Overrides  []Setting
	Exemptions []Setting
	// Needs are the questions that Input.Facts does not answer at all.
	Needs []Question
}

// FactLine is one fact in words: the claim with where it came from and when,
// or what is unknown and why.
type FactLine struct {
	Known bool   `json:"known"`
	Text  string `json:"text"`
}

// Explain explains every policy, in the order they were loaded, or only the
// one that is named. Like Evaluate it is pure: a caller answers what the
// explanations need and asks again.
func (s *Set) Explain(in Input, policy string) ([]Explanation, error) {
	c, err := newCompiler()
	if err != nil {
		return nil, err
	}
	var out []Explanation
	for _, r := range s.rules {
		if policy != "" && r.Name != policy {
			continue
		}
		x, err := r.explain(c, in)
		if err != nil {
			return nil, fmt.Errorf("explain policy %q: %w", r.Name, err)
		}
		out = append(out, x)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("there is no policy %q%s", policy, strictyaml.Suggest(policy, s.names()))
	}
	return out, nil
}

func (s *Set) names() []string {
	var out []string
	for _, r := range s.rules {
		out = append(out, r.Name)
	}
	return out
}

func (r *rule) explain(c *compiler, in Input) (Explanation, error) {
	x := Explanation{Policy: r.Name, Skipped: r.skips(in.Change)}
	if x.Skipped != "" {
		return x, nil
	}
	if res, ok := newEvaluation(in).judge(r); ok {
		x.Result = &res
		x.Needs = append(x.Needs, res.Needs...)
	}
	x.Overrides, x.Exemptions = newEvaluation(in).settings(r)
	e := newEvaluation(in)
	e.rule = r
	when, err := trace.Parse(c.env, r.When, maxCost)
	if err != nil {
		return x, err
	}
	if x.When, err = when.On(e); err != nil {
		return x, err
	}
	x.Facts = e.factLines()
	for _, d := range e.doubts {
		x.Needs = append(x.Needs, d.question)
	}
	x.Needs = slices.DeleteFunc(unique(x.Needs), func(q Question) bool {
		_, answered := in.Facts[q]
		return answered || q == Question{}
	})
	return x, nil
}

// skips says why Evaluate does not judge the change by this policy.
func (r *rule) skips(c cloud.Change) string {
	switch kind := c.Resource.Kind; {
	case !slices.Contains(r.On, kind):
		return fmt.Sprintf("it is about %s, and this is a change of a %s", join(r.On, ", "), kind)
	case c.Verb == cloud.Delete && kind != cloud.OrgPolicy:
		return "what was deleted violates nothing"
	case c.Verb == cloud.Move:
		return "what was moved violates nothing"
	}
	return ""
}

// Whys says what an unknown value stands for.
func (e *evaluation) Whys(u *types.Unknown) []string {
	var out []string
	for _, id := range u.IDs() {
		if id >= 0 && id < int64(len(e.doubts)) {
			out = append(out, e.doubts[id].String())
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// factLines lists the facts the evaluation looked at, the known ones first.
func (e *evaluation) factLines() []FactLine {
	var out []FactLine
	for _, q := range e.used {
		out = append(out, FactLine{true, e.in.Facts[q].Sentence(q)})
	}
	for _, d := range e.doubts {
		out = append(out, FactLine{false, d.String()})
	}
	return out
}
