package policies

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/common/types"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// rule is a compiled policy.
type rule struct {
	Policy
	when       *program
	message    *program // nil for the title
	advice     *program // nil for none
	exemptions []exemption
	samples    []ownTest
}

// Evaluate judges one change by every policy whose `on` names its kind, and
// returns the verdicts that are not Compliant, in the order the policies were
// loaded. It is pure: the same input gives the same results. What was deleted
// violates nothing, except that deleting an organization policy is a change
// to what it enforces. What was moved or tagged violates nothing either: no policy is
// about where a container is. What that does to a constraint is a change of its own.
func (s *Set) Evaluate(in Input) []Result {
	kind := in.Change.Resource.Kind
	rules := s.byKind[kind]
	if in.Change.Verb == cloud.DefineRole {
		rules = s.onGrants(in.Change)
	}
	elsewhere := (in.Change.Verb == cloud.Move || in.Change.Verb == cloud.Tag) && kind != cloud.OrgPolicy
	if len(rules) == 0 || elsewhere || in.Change.Verb == cloud.Delete && kind != cloud.OrgPolicy {
		return nil
	}
	e := newEvaluation(in)
	var out []Result
	for _, r := range rules {
		if res, ok := e.judge(r); ok {
			out = append(out, res)
		}
	}
	return out
}

// onGrants are the policies that grants of the defined role can violate: none unless the
// role gained anything.
func (s *Set) onGrants(c cloud.Change) []*rule {
	if c.Role == nil || !c.Role.Gained {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(s.rules), func(r *rule) bool {
		return !slices.ContainsFunc(r.On, func(k cloud.Kind) bool { return k.Workload() || k.Container() })
	})
}

func (e *evaluation) judge(r *rule) (Result, bool) {
	f := e.find(r, e.whole)
	if f.verdict == Compliant {
		return Result{}, false
	}
	f = e.exempt(r, f)
	enforcement, by, reasons, needs := e.enforcement(r)
	return Result{
		Policy:       r.Name,
		Title:        r.Title,
		Severity:     r.Severity,
		Verdict:      f.verdict,
		Message:      e.message(r, f.verdict),
		Enforcement:  enforcement,
		EnforcedBy:   by,
		StepUp:       r.StepUp,
		Reasons:      slices.Concat(f.reasons, reasons, e.advice(r, f)),
		Grants:       f.grants,
		InvokerCheck: f.invokerCheck,
		Identity:     f.identity,
		Serving:      f.serving,
		Remediation:  append([]Remediation(nil), r.Remediation...),
		Exemption:    f.exemption,
		Needs:        unique(append(f.needs, needs...)),
	}, true
}

// finding is what one policy says of one subject, before exemptions and
// overrides.
type finding struct {
	verdict      Verdict
	grants       []cloud.Grant
	invokerCheck bool
	identity     bool
	serving      []cloud.Share
	reasons      []string
	needs        []Question
	exemption    *Exemption
}

// find evaluates the policy on the subject and, when that is not compliant,
// on each of the subject's parts alone, to tell which of them are to blame.
func (e *evaluation) find(r *rule, s subject) finding {
	e.used = e.used[:0]
	whole := e.run(r, s)
	if whole.answer == no {
		return finding{}
	}
	f := finding{verdict: Violation}
	if whole.answer == unsure {
		f.verdict = Unknown
		e.doubtful(&f, whole)
	}
	e.blame(r, s, &f)
	e.facts(&f)
	return f
}

// blame names the parts of the subject that violate, or may violate, each on
// its own. A policy that says the same with every part taken away blames none
// of them: "ingress is all" must not accuse each grant in passing. Whether it
// does is asked for where that is unsure, lest the blame depend on which facts
// happen to be known.
func (e *evaluation) blame(r *rule, s subject, f *finding) {
	without := e.run(r, s.without())
	none := without.answer
	switch {
	case none == yes:
		return
	case len(s.grants) > maxGrants: // see added
		return
	}
	f.needs = append(f.needs, without.questions()...)
	for i, g := range s.grants {
		if g.Member != someone && e.blames(r, s.only(i), none, f) {
			f.grants = append(f.grants, g)
			f.reasons = append(f.reasons, e.grantReason(g))
		}
	}
	if s.invokerCheck.Knowledge != cloud.Unchanged && e.blames(r, s.onlyInvokerCheck(), none, f) {
		f.invokerCheck = true
		f.reasons = append(f.reasons, invokerReason(s.invokerCheck))
	}
	if s.identity.Knowledge != cloud.Unchanged && e.blames(r, s.onlyIdentity(), none, f) {
		f.identity = true
		f.reasons = append(f.reasons, identityReason(s.identity)+besideAgent(e.in.Change.Workload))
	}
	e.blameShares(r, s, none, f)
	f.reasons = shorten(f.reasons)
}

// blames reports whether a part is one to name: it violates by itself, or,
// where nothing certain was found, it alone makes the verdict unknown. What is
// unknown of a part is asked for in either case, so that the list becomes
// complete.
func (e *evaluation) blames(r *rule, part subject, none answer, f *finding) bool {
	known := len(e.used)
	o := e.run(r, part)
	switch {
	case o.answer == yes:
		return true
	case o.answer == no:
		e.used = e.used[:known]
		return false
	case f.verdict == Unknown:
		return none == no
	}
	e.doubtful(f, o)
	return false
}

// doubtful records what was unknown, in words and as questions.
func (e *evaluation) doubtful(f *finding, o outcome) {
	for _, d := range o.doubts {
		if !slices.Contains(f.reasons, d.String()) {
			f.reasons = append(f.reasons, d.String())
		}
	}
	f.needs = append(f.needs, o.questions()...)
}

// answer is what an expression came to.
type answer int8

const (
	unsure answer = iota
	no
	yes
)

type outcome struct {
	answer answer
	doubts []doubt // why it is unsure
}

// questions are those whose answers could end the doubts.
func (o outcome) questions() (out []Question) {
	for _, d := range o.doubts {
		if d.question != (Question{}) {
			out = append(out, d.question)
		}
	}
	return out
}

// run evaluates the policy's expression on the subject. An expression that
// goes wrong is unsure, like one that depends on something unknown.
func (e *evaluation) run(r *rule, s subject) outcome {
	e.part, e.rule = s, r
	v, err := r.when.run(e)
	switch v := v.(type) {
	case types.Bool:
		if v {
			return outcome{answer: yes}
		}
		return outcome{answer: no}
	case *types.Unknown:
		var ds []doubt
		for _, id := range v.IDs() {
			ds = append(ds, e.doubts[id])
		}
		return outcome{doubts: ds}
	}
	if err == nil {
		err = fmt.Errorf("it came to a %T", v)
	}
	return outcome{doubts: []doubt{{why: "the policy's expression went wrong: " + err.Error()}}}
}
