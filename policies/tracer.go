package policies

import (
	"math"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/functions"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/interpreter"
)

// maxElements is how many elements of a list that decide nothing a trace shows.
const maxElements = 10

// variables is what a traced program reads its variables and functions from.
type variables interface {
	interpreter.Activation
	ResolveFunction(string) (functions.LateBoundOp, bool)
}

// bound is variables with one more: the loop variable of a macro.
type bound struct {
	variables
	name  string
	value ref.Val
}

// ResolveName finds the loop variable before what it may hide.
func (b bound) ResolveName(name string) (any, bool) {
	if name == b.name {
		return b.value, true
	}
	return b.variables.ResolveName(name)
}

// tracer evaluates an expression without short cuts and shows every part of
// it. CEL keeps one value for each part; what a macro evaluates for each
// element is therefore a program of its own.
type tracer struct {
	env      *cel.Env
	ast      *ast.AST
	byID     map[int64]ast.Expr
	programs map[int64]cel.Program
	doubts   func(*types.Unknown) []string
}

func newTracer(c *compiler, when string, doubts func(*types.Unknown) []string) (*tracer, error) {
	e, err := c.env.Extend(cel.EnableMacroCallTracking())
	if err != nil {
		return nil, err
	}
	checked, issues := e.Compile(when)
	if issues.Err() != nil {
		return nil, issues.Err()
	}
	t := &tracer{
		env: e, ast: checked.NativeRep(), doubts: doubts,
		byID: map[int64]ast.Expr{}, programs: map[int64]cel.Program{},
	}
	ast.PostOrderVisit(t.ast.Expr(), ast.NewExprVisitor(func(x ast.Expr) { t.byID[x.ID()] = x }))
	return t, nil
}

// trace evaluates x, which is the whole expression or the predicate of a macro.
func (t *tracer) trace(x ast.Expr, vars variables) (*Trace, error) {
	p := t.programs[x.ID()]
	if p == nil {
		part := ast.NewCheckedAST(ast.NewAST(x, t.ast.SourceInfo()), t.ast.TypeMap(), t.ast.ReferenceMap())
		var err error
		if p, err = t.env.PlanProgram(part, cel.EvalOptions(cel.OptExhaustiveEval), cel.CostLimit(maxCost)); err != nil {
			return nil, err
		}
		t.programs[x.ID()] = p
	}
	v, details, err := p.Eval(vars)
	if err != nil {
		v = types.WrapErr(err)
	}
	s := state{t, vars, func(id int64) ref.Val {
		if id == x.ID() {
			return v
		}
		if details == nil {
			return nil
		}
		got, _ := details.State().Value(id)
		return got
	}}
	return s.node(x)
}

func (t *tracer) text(x ast.Expr) string {
	s, err := cel.ExprToString(x, t.ast.SourceInfo(), cel.FormatWrapOnColumn(math.MaxInt32))
	if err != nil {
		return "(an expression that cannot be shown)"
	}
	return s
}

// state is what the parts of one program came to.
type state struct {
	*tracer
	vars  variables
	value func(id int64) ref.Val
}

func (s state) node(x ast.Expr) (*Trace, error) {
	n := &Trace{Text: s.text(x)}
	s.answer(n, s.value(x.ID()))
	var parts []ast.Expr
	switch op, args := operatorOf(x); op {
	case "&&", "||":
		parts = flatten(x, x.AsCall().FunctionName())
		n.Op = op
	case "!", "?:":
		parts, n.Op = args, op
	default:
		if macro, variable, predicate := s.macro(x); predicate != nil {
			return n, s.elements(n, macro, variable, x.AsComprehension().IterRange(), predicate)
		}
		s.operands(n, x)
		return n, nil
	}
	for _, p := range parts {
		child, err := s.node(p)
		if err != nil {
			return nil, err
		}
		n.Parts = append(n.Parts, child)
	}
	return n, nil
}

func (s state) answer(n *Trace, v ref.Val) {
	switch v := v.(type) {
	case types.Bool:
		n.Answer = TraceFalse
		if v {
			n.Answer = TraceTrue
		}
	case *types.Unknown:
		n.Answer, n.Why = TraceUnknown, s.doubts(v)
	case *types.Err:
		n.Answer, n.Why = TraceError, []string{v.Error()}
	default: // an operand whose sibling went wrong may not have been evaluated
		n.Answer, n.Why = TraceUnknown, []string{"it was not evaluated"}
	}
}

func operatorOf(x ast.Expr) (string, []ast.Expr) {
	if x.Kind() != ast.CallKind {
		return "", nil
	}
	c := x.AsCall()
	switch c.FunctionName() {
	case operators.LogicalAnd:
		return "&&", c.Args()
	case operators.LogicalOr:
		return "||", c.Args()
	case operators.LogicalNot:
		return "!", c.Args()
	case operators.Conditional:
		return "?:", c.Args()
	}
	return "", nil
}

// flatten lists a, b, c of "a && b && c", which CEL parses as a tree of pairs.
func flatten(x ast.Expr, function string) []ast.Expr {
	if x.Kind() != ast.CallKind || x.AsCall().FunctionName() != function {
		return []ast.Expr{x}
	}
	var out []ast.Expr
	for _, a := range x.AsCall().Args() {
		out = append(out, flatten(a, function)...)
	}
	return out
}

// macro recognises list.exists(v, p) and its like; predicate is nil for all else.
func (s state) macro(x ast.Expr) (name, variable string, predicate ast.Expr) {
	call, ok := s.ast.SourceInfo().GetMacroCall(x.ID())
	if !ok || x.Kind() != ast.ComprehensionKind {
		return "", "", nil
	}
	switch c := call.AsCall(); c.FunctionName() {
	case operators.Exists, operators.All, operators.ExistsOne:
		return c.FunctionName(), x.AsComprehension().IterVar(), s.byID[c.Args()[1].ID()]
	}
	return "", "", nil
}

// elements evaluates a macro's predicate on each element of the list.
func (s state) elements(n *Trace, macro, variable string, list, predicate ast.Expr) error {
	n.Op = macro
	l, ok := s.value(list.ID()).(traits.Iterable)
	if !ok {
		return nil
	}
	var rest []*Trace
	for it := l.Iterator(); it.HasNext() == types.True; {
		v := it.Next()
		part, err := s.trace(predicate, bound{s.vars, variable, v})
		if err != nil {
			return err
		}
		element := &Trace{Text: variable + " = " + s.shown(v), Answer: part.Answer, Parts: []*Trace{part}}
		if element.Answer == restAnswer(macro) {
			rest = append(rest, element)
		}
		n.Parts = append(n.Parts, element)
	}
	if len(rest) > maxElements && (n.Answer != restAnswer(macro) || macro == operators.ExistsOne) {
		n.omit(rest[maxElements:])
	}
	return nil
}

// restAnswer is what the elements come to that settle nothing by themselves.
func restAnswer(macro string) TraceAnswer {
	if macro == operators.All {
		return TraceTrue
	}
	return TraceFalse
}
