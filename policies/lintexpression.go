package policies

import (
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"go.yaml.in/yaml/v3"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies/slips"
	"github.com/rescind-dev/rescind/policies/trace"
)

// expression finds policies, or kinds of theirs, that no change can violate.
func (l *linter) expression(e entry, r *rule) error {
	p, err := l.prospect.program(r.When)
	if err != nil {
		return err
	}
	at := *e.when
	at.Line, at.Column = e.source.Within(e.when, 0)
	l.words(e, r)
	why := map[cloud.Kind]string{}
	for _, k := range r.On {
		switch in := situationsOf(k); {
		case !mayHold(p, in):
			why[k] = "when can never be true"
		case wrong(p, in) != "":
			why[k] = "when always goes wrong: " + wrong(p, in)
		}
	}
	for i, k := range r.On {
		switch {
		case len(why) == len(r.On):
			l.report(e, &at, "never-matches", "policy %q: %s", e.Name, why[k])
			return nil
		case why[k] != "":
			l.report(e, e.nth("on", i), "never-matches", "policy %q: for a %s, %s", e.Name, k, why[k])
		case neverCertain(p, k):
			l.report(e, e.nth("on", i), "never-certain",
				"policy %q: for a %s it can be unknown at best: a constraint is in force by project, and a %s is in none", e.Name, k, k)
		}
	}
	l.constraintNames(e, &at, r)
	return nil
}

// words finds those that no change can have.
func (l *linter) words(e entry, r *rule) {
	l.compiler.whole(r.When, func(a *ast.AST) {
		for _, s := range slips.Words(a.Expr()) {
			report, name, at := l.warn, "nearly-a-name", *e.when
			if s.Sure {
				report, name = l.report, "no-such-word"
			}
			at.Line, at.Column = e.source.Within(e.when, offset(r.When, a.SourceInfo().GetStartLocation(s.Expr)))
			report(e, &at, name, "policy %q: %s", e.Name, s.Message)
		}
	})
}

// neverCertain reports whether the expression cannot be true for a kind while
// what no look-up can answer for it is unknown.
func neverCertain(p cel.Program, k cloud.Kind) bool {
	return slices.ContainsFunc(neverKnown(k), func(try situation) bool {
		var in []situation
		for _, s := range situationsOf(k) {
			in = append(in, s.with(try))
		}
		return !mayHold(p, in)
	})
}

// constraintNames finds constraints under a name that no fact is about.
func (l *linter) constraintNames(e entry, at *yaml.Node, r *rule) {
	for _, name := range l.compiler.constraints(r.When) {
		if short, long := strings.CutPrefix(name, "constraints/"); long {
			l.report(e, at, "constraint-name", "policy %q: constraint(%q) is never known: write %q", e.Name, name, short)
		}
	}
}

// remediation finds steps that no resource of the policy's can take.
func (l *linter) remediation(e entry, r *rule) {
	for i, step := range r.Remediation {
		if !slices.ContainsFunc(r.On, func(k cloud.Kind) bool { return applies(step, k) }) {
			l.report(e, e.nth("remediation", i), "remediation-never-applies",
				"policy %q: %s does nothing for a %s", e.Name, step, join(r.On, " or a "))
		}
	}
}

// applies reports whether a kind of resource has what the step changes.
func applies(step Remediation, k cloud.Kind) bool {
	switch step {
	case RemoveGrants, RestoreCondition: // an organization policy has no allow policy
		return k != cloud.OrgPolicy
	case RequireInvoker, RestoreIdentity, RestoreIngress:
		return k.Workload()
	case RestoreRevision:
		return k == cloud.RunService
	case RestoreConstrain:
		return k == cloud.OrgPolicy
	}
	return true
}

// revertsNothing finds `revert` without anything to do.
func (l *linter) revertsNothing(e entry, r *rule) {
	if len(r.Remediation) > 0 {
		return
	}
	const text = "policy %q: it cannot revert anything without a remediation"
	if n := e.values["enforcement"]; n != nil && e.Enforcement == Revert {
		l.report(e, n, "reverts-nothing", text, e.Name)
	}
	for i, o := range e.Overrides {
		if o.Enforcement == Revert {
			l.report(e, e.nth("overrides", i), "reverts-nothing", text, e.Name)
		}
	}
}

// duplicate finds policies that ask the same of the same kinds.
func (l *linter) duplicate(e entry, r *rule) {
	text := l.canonical(r.When)
	first, twice := l.whens[text]
	if !twice {
		l.whens[text] = e.Name
		return
	}
	sameKind := func(k cloud.Kind) bool { return slices.Contains(l.rules[first].On, k) }
	if first != e.Name && slices.ContainsFunc(r.On, sameKind) {
		l.report(e, e.when, "duplicate-when", "policy %q: when is that of policy %q, so every violation is found twice", e.Name, first)
	}
}

// canonical writes an expression the one way, without comments and spacing.
func (l *linter) canonical(expression string) string {
	x, err := trace.Parse(l.compiler.env, expression, maxCost)
	if err != nil {
		return expression
	}
	return x.String()
}

// tests finds policies without samples, and samples that the policy does not judge.
func (l *linter) tests(e entry) {
	for i, t := range e.samples {
		if why := t.notJudged(e.On); why != "" {
			l.report(e, e.nth("tests", i), "test-not-judged", "policy %q: test %q is %s", e.Name, t.name, why)
		}
	}
	if len(e.samples) == 0 {
		l.warn(e, e.node, "no-tests", "policy %q has no tests", e.Name)
	}
}
