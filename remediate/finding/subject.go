package finding

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// RejectedPlan is the plan that people decided not to carry out: of an undo the one
// that was taken back, and of one that came to nothing none, which is the zero Plan:
// what it was about is still reverted, and who makes it anew is asked about it.
func (f Finding) RejectedPlan() judge.Plan {
	switch {
	case f.UndoOf == "":
		return f.Plan
	case f.State != state.Undone:
		return judge.Plan{}
	}
	return judge.InverseOf(f.Plan.Steps)
}

// Subject are the steps that the finding is about: of an undo those that were
// taken back.
func (f Finding) Subject() []judge.Step {
	if f.UndoOf == "" {
		return f.Plan.Steps
	}
	return judge.InverseOf(f.Plan.Steps).Steps
}

// About is what the finding is about where its plan is empty.
func (f Finding) About() judge.Blamed {
	if f.Blamed == nil {
		return judge.Blamed{}
	}
	return *f.Blamed
}

// SameAs reports whether the judgement is about the same, by plan, or else by what is
// blamed.
func (f Finding) SameAs(g judge.Judgement) bool {
	if f.Plan.Digest != g.Plan.Digest {
		return false
	}
	return !g.Plan.Empty() || f.Message == g.Message && f.About().Same(g.Blamed())
}

// ExemptScope says what an exemption by the finding exempts.
func (f Finding) ExemptScope() string {
	var what []string
	for _, s := range f.Plan.Steps {
		what = append(what, s.About())
	}
	if len(what) == 0 {
		what = []string{`"` + f.Message + `"`}
	}
	return fmt.Sprintf("policy %s on %s: %s, and nothing else", f.Policy, f.Resource, strings.Join(what, "; "))
}

// ExemptedBy reports whether the exemption of x would have exempted the finding.
func (f Finding) ExemptedBy(x Finding) bool {
	b := f.About()
	g := judge.Judgement{Result: policies.Result{
		Verdict: f.Verdict, Message: f.Message, Grants: slices.Concat(f.Plan.Grants(), b.Grants), InvokerCheck: b.InvokerCheck, Identity: b.Identity,
	}, Plan: f.Plan, Account: b.Account}
	return f.Verdict != policies.Exempt && g.Without(x.Exclusion()).Verdict == policies.Exempt
}

// StandsFor reports whether a finding from before still stands for what it is
// about, where a new look comes to that judgement. What was only reported does not,
// once the policy asks. atMost is the longest exemption of its severity.
func (f Finding) StandsFor(g judge.Judgement, now time.Time, atMost time.Duration) bool {
	switch f.State {
	case state.Superseded, state.Reverted:
		return false
	case state.Kept, state.Expired, state.Undone:
		return f.Settles(now, atMost) && !f.Raised(g.Enforcement)
	case state.Exempted:
		return f.Exempts(now)
	case state.Reported:
		return g.Decision == judge.Report && now.Sub(f.CreatedAt) < DecisionHolds
	}
	return f.UndoOf == "" && (!f.State.Ended() || now.Sub(f.CreatedAt) < DecisionHolds)
}
