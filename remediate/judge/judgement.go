package judge

import (
	"slices"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// Decision is what rescind does about a violation.
type Decision string

// The decisions, weakest first.
const (
	DoNothing Decision = "none"
	Report    Decision = "report"
	Ask       Decision = "ask"
	Revert    Decision = "revert"
)

// Policies judges changes; *policies.Set does.
type Policies interface {
	// Evaluate judges the change by every policy, without what is compliant.
	Evaluate(in policies.Input) []policies.Result
}

// Judgement is one policy's verdict on one change, and what would be done
// about it. It is a value: nothing has been written yet.
type Judgement struct {
	policies.Result
	Plan     Plan
	Account  string // that the workload runs as, where Identity says that it violates
	Decision Decision
	// Guarded is true when a guardrail spoke, whether or not it made the
	// decision weaker: silence must not do what a guardrail kept rescind from.
	Guarded bool
	agents  agents
}

func decisionOf(e policies.Enforcement) Decision {
	switch e {
	case policies.Revert:
		return Revert
	case policies.Approve:
		return Ask
	}
	return Report
}

var strength = []Decision{DoNothing, Report, Ask, Revert}

// OfUnreadGroups reports whether all that may be wrong is what groups were granted, of which
// nobody knows who is in them.
func (g Judgement) OfUnreadGroups() bool {
	return g.Verdict == policies.Unknown && len(g.Grants) > 0 && !g.InvokerCheck && !g.Identity && len(g.Serving) == 0 &&
		!slices.ContainsFunc(g.Grants, func(o cloud.Grant) bool { return o.Member.Folded().Type() != "group" })
}

// Lower makes the decision at most at and says why; it never makes one stronger.
func (g *Judgement) Lower(at Decision, why string) {
	g.Guarded = true
	if slices.Index(strength, at) < slices.Index(strength, g.Decision) {
		g.Decision = at
	}
	g.Reasons = append(slices.Clip(g.Reasons), why)
}

// blames reports whether anything violates by itself that rescind may touch.
func (g Judgement) blames() bool {
	return g.InvokerCheck || g.Identity || len(g.agents.touchable(g.Grants)) > 0
}

// Unattribute turns a violation found in a container's live policy into a
// question: the grants are there, but the entry does not say that this change
// made them.
func (g *Judgement) Unattribute(c cloud.Change) {
	if g.Verdict == policies.Violation {
		g.Verdict = policies.Unknown
	}
	g.Lower(Ask, "the entry does not say what it added to "+c.Resource.Path()+"; the grants listed are the live ones that would violate")
}
