package remediate

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// MaxExemption is the longest that an exemption may be configured to last:
// beyond it the exemption belongs into a policy file, where it has an owner and
// is reviewed.
const MaxExemption = 365 * 24 * time.Hour

// minExemptReason is how many characters a reason to exempt has at least.
const minExemptReason = 10

// exemptAtMost is how long an exemption lasts at most where nobody configured
// it; one of another severity than these, as long as a critical one.
var exemptAtMost = map[policies.Severity]time.Duration{
	policies.Low: 720 * time.Hour, policies.Medium: 720 * time.Hour, policies.High: 720 * time.Hour, policies.Critical: 168 * time.Hour,
}

func (au Authority) maxExempt(s policies.Severity) time.Duration {
	for _, most := range []map[policies.Severity]time.Duration{au.MaxExempt, exemptAtMost} {
		if d, ok := most[s]; ok {
			return d
		}
	}
	return exemptAtMost[policies.Critical]
}

// admitsExemption says what is wrong with an answer to exempt, or nil.
func (au Authority) admitsExemption(f Finding, a Answer) error {
	most := au.maxExempt(f.Severity)
	switch {
	case visible(a.Reason) < minExemptReason:
		return refuseAs(ClassReason, "an exemption takes a reason of at least %d characters", minExemptReason)
	case !a.Until.After(a.At):
		return refuseAs(ClassDuration, "an exemption has to end later than now")
	case a.Until.Sub(a.At) > most:
		return refuseAs(ClassDuration, "an exemption of this severity (%s) lasts at most %s", f.Severity, span(most))
	}
	return nil
}

// exempted ends the finding as excepted. Of votes for different ends the
// earliest holds: until then everybody agreed.
func (f Finding) exempted(last Answer, votes []Answer) Finding {
	x := Exemption{Until: last.Until, Grants: f.Plan.grants()}
	var people []string
	for _, v := range votes {
		if v.Until.Before(x.Until) {
			x.Until = v.Until
		}
		people = append(people, v.Principal+" ("+v.Reason+")")
	}
	f.Exemption = &x
	return f.to(Exempted, last.At, last.Principal, "exempt until "+x.Until.UTC().Format(time.RFC3339)+" by "+strings.Join(people, " and "), Notify)
}

// words is what the person chose, with its end.
func (a Answer) words() string {
	if a.Choice != ChooseExempt {
		return string(a.Choice)
	}
	return "exempt until " + a.Until.UTC().Format(time.RFC3339)
}

// grants are those that the plan is about.
func (p Plan) grants() []cloud.Grant {
	var out []cloud.Grant
	for _, s := range p.Steps {
		out = append(out, s.Before.Grants...)
	}
	return out
}

// exempts reports whether the finding holds an exemption that has not ended.
// What a policy file exempts is none: the file itself is asked each time.
func (f Finding) exempts(now time.Time) bool {
	return f.State == Exempted && f.Exemption != nil && now.Before(f.Exemption.Until)
}

// withoutExempted takes out of a judgement what people excepted. When nothing is
// left it is exempt: nobody is asked or told. What is left is judged for itself,
// and its plan leaves alone what was excepted.
func (r *Remediator) withoutExempted(ctx context.Context, k judged) (judged, error) {
	if k.vanished || k.Verdict == policies.Exempt {
		return k, nil
	}
	known, err := r.Store.Findings(ctx, Query{
		Resource: k.change.Resource, Policy: k.Policy, States: []State{Exempted}, Since: k.now.At.Add(-MaxExemption - decisionHolds),
	})
	if err != nil {
		return judged{}, fmt.Errorf("look up exemptions of %s: %w", k.change.Resource, err)
	}
	for _, f := range known {
		if f.exempts(k.now.At) && k.Verdict != policies.Exempt {
			k.Judgement = k.Judgement.without(f)
		}
	}
	return k, nil
}

// without is the judgement without what the finding excepts.
func (g Judgement) without(f Finding) Judgement {
	if g.Plan.Empty() {
		if f.Plan.Empty() && f.Message == g.Message {
			return g.exempt(f)
		}
		return g
	}
	var steps []Step
	for _, s := range g.Plan.Steps {
		rest, any := f.notExempted(s)
		switch {
		case any:
			steps = append(steps, rest)
		case s.Kind == policies.RequireInvoker:
			g.InvokerCheck = false
		case s.Kind == policies.RestoreIdentity:
			g.Identity = false
		}
	}
	p := NewPlan(steps, g.Plan.Missing)
	if p.Digest == g.Plan.Digest {
		return g
	}
	g.Plan, g.Grants = p, missingFrom(f.Exemption.Grants, g.Grants)
	switch {
	case !g.blames() && p.Empty():
		return g.exempt(f)
	case p.Empty():
		g.Plan.Missing = "no step of this policy ends what is left of the violation: a person has to"
		g.lower(Ask, g.Plan.Missing)
	}
	g.Reasons = append(slices.Clip(g.Reasons), "in part "+f.Why+", finding "+f.ID)
	return g
}

// blames reports whether anything violates by itself that rescind may touch.
func (g Judgement) blames() bool {
	return g.InvokerCheck || g.Identity || slices.ContainsFunc(g.Grants, func(gr cloud.Grant) bool {
		email, ok := gr.Member.ServiceAccount()
		return !(ok && cloud.IsGoogleManaged(email))
	})
}

func (g Judgement) exempt(f Finding) Judgement {
	g.Verdict, g.Decision, g.Plan = policies.Exempt, DoNothing, Plan{Missing: "exempt: nothing to do"}
	g.Reasons = append(slices.Clip(g.Reasons), f.Why+", finding "+f.ID)
	return g
}

// notExempted is what the finding leaves to do of a step; false for nothing.
func (f Finding) notExempted(s Step) (Step, bool) {
	if len(s.Before.Grants) == 0 {
		return s, !slices.ContainsFunc(f.Plan.Steps, func(o Step) bool { return Snapshot{}.covers(o, s) })
	}
	s.Before.Grants = missingFrom(f.Exemption.Grants, s.Before.Grants)
	s.After.Grants = slices.DeleteFunc(slices.Clone(s.After.Grants), func(g cloud.Grant) bool {
		return !slices.ContainsFunc(s.Before.Grants, func(b cloud.Grant) bool { return sameHolder(b, g) })
	})
	return s, len(s.Before.Grants) > 0
}
