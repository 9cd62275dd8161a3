package trace

import (
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// maxElements is how many elements of a list that decide nothing a trace shows.
const maxElements = 10

// state is what the parts of one program came to.
type state struct {
	*Expression
	vars  Variables
	value func(id int64) ref.Val
}

func (s state) node(x ast.Expr) (*Node, error) {
	n := &Node{Text: s.shownText(x)}
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
		child, err := s.part(n.Op, p)
		if err != nil {
			return nil, err
		}
		n.Parts = append(n.Parts, child)
	}
	return n, nil
}

// part is a part of an operator. Of "?:" CEL picks a branch that is a mere name
// or field without noting what it came to, so it is evaluated by itself.
func (s state) part(op string, x ast.Expr) (*Node, error) {
	if op == "?:" && s.value(x.ID()) == nil {
		return s.trace(x, s.vars)
	}
	return s.node(x)
}

func (s state) answer(n *Node, v ref.Val) {
	switch v := v.(type) {
	case types.Bool:
		n.Answer = False
		if v {
			n.Answer = True
		}
	case *types.Unknown:
		n.Answer, n.Why = Unknown, s.vars.Whys(v)
	case *types.Err:
		n.Answer, n.Why = Error, []string{v.Error()}
	default: // an operand whose sibling went wrong may not have been evaluated
		n.Answer, n.Why = Unknown, []string{"it was not evaluated"}
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
func (s state) elements(n *Node, macro, variable string, list, predicate ast.Expr) error {
	n.Op = macro
	l, ok := s.value(list.ID()).(traits.Iterable)
	if !ok {
		return nil
	}
	var rest []*Node
	for it := l.Iterator(); it.HasNext() == types.True; {
		v := it.Next()
		part, err := s.trace(predicate, bound{s.vars, variable, v})
		if err != nil {
			return err
		}
		element := &Node{Text: variable + " = " + s.shown(v), Answer: part.Answer, Parts: []*Node{part}}
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
func restAnswer(macro string) Answer {
	if macro == operators.All {
		return True
	}
	return False
}
