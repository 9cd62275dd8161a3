package judge

import (
	"slices"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// Exclusion is what a judgement leaves out, as people exempted it from the policy
// on that resource.
type Exclusion struct {
	Plan    Plan          // what would have ended it
	Message string        // what the policy said of it, and
	Blamed  Blamed        // what it named; both count where there is no plan
	Grants  []cloud.Grant // the only ones that are exempted, where the plan is about grants
	Why     string        // who exempted it, until when and in which finding
}

// Without is the judgement without what was excluded. What is left is judged for
// itself; where nothing is left, the judgement is exempt.
func (g Judgement) Without(x Exclusion) Judgement {
	if g.Plan.Empty() {
		if x.Plan.Empty() && x.Message == g.Message && x.Blamed.Includes(g.Blamed()) {
			return g.exempt(x)
		}
		return g
	}
	var steps []Step
	for _, s := range g.Plan.Steps {
		rest, any := x.remainder(s)
		switch {
		case any:
			steps = append(steps, rest)
		case s.Kind == policies.RequireInvoker:
			g.InvokerCheck = false
		case s.ofIdentity():
			g.Identity = false
		}
	}
	p := NewPlan(steps, g.Plan.Missing)
	if p.Digest == g.Plan.Digest {
		return g
	}
	g.Plan, g.Grants = p, missingFrom(x.Grants, g.Grants)
	switch {
	case !g.blames() && p.Empty():
		return g.exempt(x)
	case p.Empty():
		g.Plan.Missing = "no step of this policy ends what is left of the violation: a person has to"
		g.Lower(Ask, g.Plan.Missing)
	}
	g.Reasons = append(slices.Clip(g.Reasons), "in part "+x.Why)
	return g
}

// WithoutIdentity is the judgement without what it says of the account; where nothing
// else violates it is exempt, for the reason.
func (g Judgement) WithoutIdentity(why string) Judgement {
	g.Identity = false
	g.Plan = NewPlan(slices.DeleteFunc(slices.Clone(g.Plan.Steps), Step.ofIdentity), g.Plan.Missing)
	if len(g.Grants) == 0 && !g.InvokerCheck {
		return g.exempt(Exclusion{Why: why})
	}
	g.Reasons = append(slices.Clip(g.Reasons), "in part "+why)
	return g
}

func (g Judgement) exempt(x Exclusion) Judgement {
	g.Verdict, g.Decision, g.Plan = policies.Exempt, DoNothing, Plan{Missing: "exempt: nothing to do"}
	g.Reasons = append(slices.Clip(g.Reasons), x.Why)
	return g
}

// remainder is what the exclusion leaves to do of a step; false for nothing.
func (x Exclusion) remainder(s Step) (Step, bool) {
	if len(s.Before.Grants) == 0 {
		return s, !slices.ContainsFunc(x.Plan.Steps, func(o Step) bool { return Snapshot{}.Replaces(o, s) })
	}
	s.Before.Grants = missingFrom(x.Grants, s.Before.Grants)
	s.After.Grants = slices.DeleteFunc(slices.Clone(s.After.Grants), func(g cloud.Grant) bool {
		return !slices.ContainsFunc(s.Before.Grants, func(b cloud.Grant) bool { return sameHolder(b, g) })
	})
	return s, len(s.Before.Grants) > 0
}
