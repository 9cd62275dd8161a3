// Package trace shows what each part of a CEL expression came to, and which
// parts the answer rests on.
//
// It evaluates without short cuts, so it looks at more than an evaluation
// does, and costs more. Of lists it shows all that decides something and some
// of the rest.
package trace

import (
	"math"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/functions"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/interpreter"
)

// Variables is what an expression reads its variables and functions from.
type Variables interface {
	interpreter.Activation
	// ResolveFunction returns the function of that name, and whether there is one.
	ResolveFunction(name string) (functions.LateBoundOp, bool)
	// Whys says in sentences what an unknown value stands for.
	Whys(*types.Unknown) []string
}

// bound is Variables with one more: the loop variable of a macro.
type bound struct {
	Variables
	name  string
	value ref.Val
}

// ResolveName finds the loop variable before what it may hide.
func (b bound) ResolveName(name string) (any, bool) {
	if name == b.name {
		return b.value, true
	}
	return b.Variables.ResolveName(name)
}

// Expression is an expression that can be traced. CEL keeps one value for each
// part; what a macro evaluates for each element is therefore a program of its
// own. It is for one goroutine.
type Expression struct {
	env      *cel.Env
	ast      *ast.AST
	written  string
	limit    uint64
	byID     map[int64]ast.Expr
	programs map[int64]cel.Program
}

// Parse reads an expression of the environment. Tracing one program of it is
// to cost limit at most, in CEL's units.
func Parse(env *cel.Env, expression string, limit uint64) (*Expression, error) {
	e, err := env.Extend(cel.EnableMacroCallTracking())
	if err != nil {
		return nil, err
	}
	checked, issues := e.Compile(expression)
	if issues.Err() != nil {
		return nil, issues.Err()
	}
	x := &Expression{
		env: e, ast: checked.NativeRep(), written: expression, limit: limit,
		byID: map[int64]ast.Expr{}, programs: map[int64]cel.Program{},
	}
	ast.PostOrderVisit(x.ast.Expr(), ast.NewExprVisitor(func(part ast.Expr) { x.byID[part.ID()] = part }))
	return x, nil
}

// String is the expression written the one way, without comments and spacing.
func (x *Expression) String() string {
	if s, err := x.text(x.ast.Expr()); err == nil {
		return s
	}
	return x.written
}

// On evaluates the expression and returns its tree, with what decides marked.
func (x *Expression) On(vars Variables) (*Node, error) {
	n, err := x.trace(x.ast.Expr(), vars)
	if err == nil {
		n.decide()
	}
	return n, err
}

// trace evaluates part, which is the whole expression or the predicate of a macro.
func (x *Expression) trace(part ast.Expr, vars Variables) (*Node, error) {
	p, err := x.program(part)
	if err != nil {
		return nil, err
	}
	v, details, err := p.Eval(vars)
	if err != nil {
		v = types.WrapErr(err)
	}
	s := state{x, vars, func(id int64) ref.Val {
		if id == part.ID() {
			return v
		}
		if details == nil {
			return nil
		}
		got, _ := details.State().Value(id)
		return got
	}}
	return s.node(part)
}

func (x *Expression) program(part ast.Expr) (cel.Program, error) {
	if p := x.programs[part.ID()]; p != nil {
		return p, nil
	}
	whole := ast.NewCheckedAST(ast.NewAST(part, x.ast.SourceInfo()), x.ast.TypeMap(), x.ast.ReferenceMap())
	p, err := x.env.PlanProgram(whole, cel.EvalOptions(cel.OptExhaustiveEval), cel.CostLimit(x.limit))
	if err == nil {
		x.programs[part.ID()] = p
	}
	return p, err
}

func (x *Expression) text(part ast.Expr) (string, error) {
	return cel.ExprToString(part, x.ast.SourceInfo(), cel.FormatWrapOnColumn(math.MaxInt32))
}
