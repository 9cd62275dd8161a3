package condition

import (
	"sync"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
)

// maxLength is that of a condition: Google takes no longer one.
// https://cloud.google.com/iam/docs/conditions-overview
const maxLength = 12 * 1024

// maxCost bounds one part, in CEL's units.
const maxCost = 10_000

// environment parses and runs what has no variables. Names and functions of IAM's that it
// does not have make a part unsure, and nothing else.
var environment = sync.OnceValues(func() (*cel.Env, error) { return cel.NewEnv() })

// AlwaysTrue reports whether a condition holds of every request from a moment on, so that
// the grant is as one without: it is empty, is true by itself, or is so whatever its
// variables are. False where that cannot be told from its words.
func AlwaysTrue(expression string, from time.Time) bool {
	if expression == "" {
		return true
	}
	env, err := environment()
	if err != nil || len(expression) > maxLength {
		return false
	}
	parsed, issues := env.Parse(expression)
	if issues.Err() != nil {
		return false
	}
	r := reader{env: env, source: parsed.NativeRep().SourceInfo(), from: from}
	return r.truth(parsed.NativeRep().Expr()) == holds
}

// truth is what a part comes to, for every request.
type truth int8

const (
	unsure truth = iota
	fails
	holds
)

func of(b bool) truth {
	if b {
		return holds
	}
	return fails
}

// reader reads the parts of one expression.
type reader struct {
	env    *cel.Env
	source *ast.SourceInfo
	from   time.Time
}

func (r reader) truth(x ast.Expr) truth {
	if v, ok := r.value(x); ok {
		b, isBool := v.(bool)
		return map[bool]truth{true: of(b), false: unsure}[isBool]
	}
	if x.Kind() != ast.CallKind {
		return unsure
	}
	call := x.AsCall()
	args := call.Args()
	switch call.FunctionName() {
	case operators.LogicalNot:
		return map[truth]truth{holds: fails, fails: holds}[r.truth(args[0])]
	case operators.LogicalOr:
		return either(r.truth(args[0]), r.truth(args[1]), holds)
	case operators.LogicalAnd:
		return either(r.truth(args[0]), r.truth(args[1]), fails)
	case operators.Conditional:
		return r.chosen(args)
	case "startsWith", "endsWith", "contains":
		if part, ok := r.value(args[0]); call.IsMemberFunction() && ok && part == "" {
			return holds
		}
	case operators.Equals, operators.GreaterEquals, operators.LessEquals, operators.NotEquals, operators.Greater, operators.Less:
		return r.compared(call.FunctionName(), args[0], args[1])
	}
	return unsure
}

// either is what two parts come to of which one of that truth settles it.
func either(a, b, settles truth) truth {
	switch {
	case a == settles || b == settles:
		return settles
	case a == unsure || b == unsure:
		return unsure
	}
	return a
}

// chosen is what `c ? a : b` comes to.
func (r reader) chosen(args []ast.Expr) truth {
	switch r.truth(args[0]) {
	case holds:
		return r.truth(args[1])
	case fails:
		return r.truth(args[2])
	}
	if a := r.truth(args[1]); a == r.truth(args[2]) {
		return a
	}
	return unsure
}

// compared is what a comparison comes to: of a part with itself, or of the time of a
// request with one that is past. What lies ahead will be past.
func (r reader) compared(operator string, a, b ast.Expr) truth {
	if text := r.text(a); text != "" && text == r.text(b) {
		return of(operator == operators.Equals || operator == operators.GreaterEquals || operator == operators.LessEquals)
	}
	if r.text(b) == "request.time" {
		a, b, operator = b, a, mirrored[operator]
	}
	at, isTime := r.value(b)
	moment, ok := at.(time.Time)
	if r.text(a) != "request.time" || !isTime || !ok || !moment.Before(r.from) {
		return unsure
	}
	switch operator {
	case operators.Greater, operators.GreaterEquals, operators.NotEquals:
		return holds
	}
	return fails
}

var mirrored = map[string]string{
	operators.Greater: operators.Less, operators.Less: operators.Greater,
	operators.GreaterEquals: operators.LessEquals, operators.LessEquals: operators.GreaterEquals,
	operators.Equals: operators.Equals, operators.NotEquals: operators.NotEquals,
}

// value is that of a part that names no variable.
func (r reader) value(x ast.Expr) (any, bool) {
	named := false
	ast.PreOrderVisit(x, ast.NewExprVisitor(func(part ast.Expr) {
		named = named || part.Kind() == ast.IdentKind || part.Kind() == ast.ComprehensionKind
	}))
	if named {
		return nil, false
	}
	p, err := r.env.PlanProgram(ast.NewAST(x, r.source), cel.CostLimit(maxCost))
	if err != nil {
		return nil, false
	}
	v, _, err := p.Eval(cel.NoVars())
	if err != nil || types.IsUnknownOrError(v) {
		return nil, false
	}
	return v.Value(), true
}

func (r reader) text(x ast.Expr) string {
	s, err := cel.ExprToString(x, r.source)
	if err != nil {
		return ""
	}
	return s
}
