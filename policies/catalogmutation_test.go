package policies

import (
	"slices"
	"strings"
	"testing"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// mutants are slight changes of an expression: each part that is true or false
// becomes true, false or its opposite, each && an || and the other way round,
// and each text another, of a list as well.
func mutants(t *testing.T, c *compiler, when string) []string {
	t.Helper()
	env, err := c.env.Extend(cel.EnableMacroCallTracking())
	if err != nil {
		t.Fatal(err)
	}
	checked, issues := env.Compile(when)
	if issues.Err() != nil {
		t.Fatal(issues.Err())
	}
	tree := checked.NativeRep()
	text := func(x ast.Expr) string {
		s, err := cel.ExprToString(x, tree.SourceInfo())
		if err != nil {
			return ""
		}
		return strings.Join(strings.Fields(s), " ")
	}
	whole := text(tree.Expr())
	var out []string
	replace := func(part string, with ...string) {
		for _, w := range with {
			if m := strings.Replace(whole, part, w, 1); part != "" && m != whole && !slices.Contains(out, m) {
				out = append(out, m)
			}
		}
	}
	ast.PostOrderVisit(tree.Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		part := text(x)
		if x.Kind() == ast.LiteralKind {
			if _, ok := x.AsLiteral().(types.String); ok {
				replace(part, `"x"`)
			}
			return
		}
		if tree.GetType(x.ID()).Kind() != types.BoolKind || part == "" {
			return
		}
		replace(part, "(true)", "(false)", "(!("+part+"))")
		if x.Kind() == ast.CallKind && (x.AsCall().FunctionName() == operators.LogicalAnd || x.AsCall().FunctionName() == operators.LogicalOr) {
			l, r := text(x.AsCall().Args()[0]), text(x.AsCall().Args()[1])
			other := map[string]string{operators.LogicalAnd: " || ", operators.LogicalOr: " && "}[x.AsCall().FunctionName()]
			replace(part, "(("+l+")"+other+"("+r+"))")
		}
	}))
	return out
}

// indistinct are mutants that no sample can tell from the policy, and why.
func indistinct(policy, when string) bool {
	switch policy {
	case "no-cross-project-identity", "no-public-ingress":
		// A sample runs on the policy as shipped, which has no override
		// (TestAnOverrideForbidsWhereTheConstraintDoesNot has some).
		return strings.Contains(when, "((false) ||")
	case "no-editor-on-runtime-identity":
		// runtimeIdentity() is false for all but live accounts that are not
		// Google's own, which the policy says once more for its reader.
		return strings.Contains(when, "(true) && !g.member.googleManaged") || strings.Contains(when, "serviceAccount && (true) && runtime") ||
			strings.Contains(when, "!(false) && runtime")
	}
	return false
}

// The samples of a built-in policy say what it means: change its expression
// ever so slightly, and one of them fails.
func TestEveryBuiltInPolicyIsHeldByItsSamples(t *testing.T) {
	c, err := theCompiler()
	if err != nil {
		t.Fatal(err)
	}
	killed := 0
	for _, r := range shippedRules() {
		for _, when := range mutants(t, c, r.When) {
			checked, issues := c.env.Compile(when)
			if issues.Err() != nil {
				t.Errorf("%s: the mutant %s does not compile: %v", r.Name, when, issues.Err())
				continue
			}
			p, err := c.program(checked)
			if err != nil {
				continue // folding constants found it wrong
			}
			mutant := *r
			mutant.When, mutant.when = when, p
			if slices.ContainsFunc(r.samples, func(s ownTest) bool { return !s.run(&mutant, s.name).OK }) {
				killed++
			} else if !indistinct(r.Name, when) {
				t.Errorf("%s: no sample fails with\n  %s\ninstead of\n  %s", r.Name, when, strings.Join(strings.Fields(r.When), " "))
			}
		}
	}
	if killed < 100 {
		t.Errorf("%d mutants were found out", killed)
	}
}
