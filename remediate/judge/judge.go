package judge

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// Facts answers what an entry does not say. An answer that could not be had is a
// policies.Fact that is not Known and says why; it is no error.
type Facts interface {
	// Fact answers one question.
	Fact(ctx context.Context, q policies.Question) policies.Fact
}

// Judge turns changes into judgements. Live handling and replay share it, so
// that what replay shows is what would have happened.
type Judge struct {
	Policies Policies
	Facts    Facts
	// Fallback names the account a workload of a project goes back to when
	// its own history offers none, by project id.
	Fallback map[string]string
	// MaxEventAge is the age beyond which a change is never reverted on its
	// own; zero for no limit, as in replay.
	MaxEventAge time.Duration

	// asked has what was answered for one judgement: what a plan would make of the resource
	// is judged on the facts that the change was judged on.
	asked policies.Facts
}

// Judge judges c against what is known of the resource. Results that are
// compliant are left out.
func (j Judge) Judge(ctx context.Context, c cloud.Change, now Snapshot) []Judgement {
	var out []Judgement
	j.asked = policies.Facts{}
	for _, r := range j.results(ctx, c, now.At) {
		out = append(out, j.judgement(ctx, r, c, now))
	}
	return out
}

func (j Judge) judgement(ctx context.Context, r policies.Result, c cloud.Change, now Snapshot) Judgement {
	var worse string
	var notes []string
	opts := restoreOptions{
		fallback: j.Fallback[c.Resource.Project],
		unfit: func(s Step) string {
			return j.suits(ctx, s, r.Policy, c, now, func(r policies.Result) bool { return r.Identity })
		},
		worsens: func(s Step) string {
			w := j.Worsened(ctx, s, c, now).String()
			worse = cmp.Or(w, worse)
			return w
		},
		ingresses: func() ([]string, string) { return j.ingresses(ctx, r.Policy, c, now) },
		note: func(why string) {
			if !slices.Contains(notes, why) {
				notes = append(notes, why)
			}
		},
	}
	r.Reasons = slices.Concat(r.Reasons, j.uncovered(ctx, r, c))
	g := Judgement{Result: r}
	if r.Identity && c.Workload != nil {
		g.Account = c.Workload.Identity.Email
	}
	if r.Verdict == policies.Exempt {
		g.Plan = planFor(r, c, now, opts)
		g.Decision = DoNothing // the result says by whom, why and until when
		return g
	}
	g.agents = agentsAmong(r.Grants, c.Resource, func(q policies.Question) policies.Fact { return j.Facts.Fact(ctx, q) })
	g.Plan = g.plan(func(r policies.Result) Plan { return planFor(r, c, now, opts) })
	for _, why := range g.agents.doubts(g.Plan.Grants(), false) {
		g.Reasons = append(slices.Clip(g.Reasons), "left as it is: "+why)
	}
	g.Decision = decisionOf(r.Enforcement)
	for _, guard := range guardrails {
		if at, why := guard(j, g, c, now); why != "" {
			g.Lower(at, why)
		}
	}
	g.Reasons = slices.Concat(g.Reasons, notes)
	if g.Plan.Executable() && worse != "" { // half a plan is nobody's but a person's
		g.Lower(Ask, g.Plan.Missing)
	}
	return g
}

// plan is what would end the violation. It takes nothing from agents of the
// organization. Those of which that is not known are left too where there is anything
// else to do, as a stranger's agent beside a public grant must not keep it there; else
// it is for a person to decide, who is shown it.
func (g Judgement) plan(planFor func(policies.Result) Plan) Plan {
	r := g.Result
	r.Grants = g.agents.certain(g.Grants)
	p := planFor(r)
	if p.Empty() && len(g.agents.unsure) > 0 {
		r.Grants = g.agents.touchable(g.Grants)
		p = planFor(r)
	}
	return p
}

// maxRounds bounds how often answers may raise new questions: a constraint, a
// role and an identity in one expression are three.
const maxRounds = 8

// results evaluates c until its policies ask nothing that was not looked up.
// Every round sees the answers of the rounds before it, and each question is
// asked once, so one judgement never sees two states of one fact.
func (j Judge) results(ctx context.Context, c cloud.Change, now time.Time) []policies.Result {
	facts := j.asked
	if facts == nil {
		facts = policies.Facts{}
	}
	for range maxRounds {
		results := j.Policies.Evaluate(policies.Input{Change: c, Facts: facts, Now: now})
		asked := false
		for _, r := range results {
			for _, q := range r.Needs {
				if _, ok := facts[q]; !ok {
					facts[q] = j.Facts.Fact(ctx, q)
					asked = true
				}
			}
		}
		if !asked {
			return results
		}
	}
	return j.Policies.Evaluate(policies.Input{Change: c, Facts: facts, Now: now})
}
