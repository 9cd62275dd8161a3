package policies

import (
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
)

// visit shows see each part of an expression that has been compiled
// before.
func (c *compiler) visit(expression string, see func(ast.Expr)) {
	c.whole(expression, func(a *ast.AST) { ast.PreOrderVisit(a.Expr(), ast.NewExprVisitor(see)) })
}

// whole shows see an expression that has been compiled before.
func (c *compiler) whole(expression string, see func(*ast.AST)) {
	if checked, issues := c.env.Compile(expression); issues.Err() == nil {
		see(checked.NativeRep())
	}
}

// constraints lists the constraints that an expression names, in order, as they are in
// force for the project of the change.
func (c *compiler) constraints(expression string) []string {
	return c.constraintsAt(expression, func(args int) bool { return args == 1 })
}

// anyConstraints are these, and those of a project that the expression names.
func (c *compiler) anyConstraints(expression string) []string {
	return c.constraintsAt(expression, func(int) bool { return true })
}

func (c *compiler) constraintsAt(expression string, with func(args int) bool) (out []string) {
	c.visit(expression, func(x ast.Expr) {
		if x.Kind() != ast.CallKind || x.AsCall().FunctionName() != "constraint" || !with(len(x.AsCall().Args())) {
			return
		}
		if a := x.AsCall().Args()[0]; a.Kind() == ast.LiteralKind {
			if name, ok := a.AsLiteral().Value().(string); ok && !slices.Contains(out, name) {
				out = append(out, name)
			}
		}
	})
	return out
}

// uses reports whether an expression uses a variable.
func (c *compiler) uses(expression, variable string) bool {
	found := false
	c.visit(expression, func(x ast.Expr) { found = found || x.Kind() == ast.IdentKind && x.AsIdent() == variable })
	return found
}

// misuse names what CEL's type checker lets pass and no policy can mean.
func misuse(a *cel.Ast) (why string) {
	ast.PreOrderVisit(a.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch {
		case e.Kind() == ast.StructKind:
			why = "constructs an object; it may only read"
		case e.Kind() == ast.SelectKind && e.AsSelect().IsTestOnly() &&
			a.NativeRep().GetType(e.AsSelect().Operand().ID()).Kind() == types.StructKind:
			why = "uses has() on a field that is always there; has() is for labels"
		}
	}))
	return why
}
