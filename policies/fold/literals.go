package fold

import (
	"strings"
	"unicode"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// Literals writes the members and addresses among the texts of a checked expression as IAM
// stores them, in place. What an expression sees of a change is written so, too, so that
// neither spelling hides the other.
func Literals(checked *cel.Ast) {
	factory := ast.NewExprFactory()
	ast.PostOrderVisit(checked.NativeRep().Expr(), ast.NewExprVisitor(func(x ast.Expr) {
		if x.Kind() != ast.LiteralKind {
			return
		}
		text, ok := x.AsLiteral().(types.String)
		if folded := Text(string(text)); ok && folded != string(text) {
			x.SetKindCase(factory.NewLiteral(x.ID(), types.String(folded)))
		}
	}))
}

// Text is a text as Literals writes it: one that is no member and no address stays.
func Text(s string) string {
	if m := string(cloud.Member(s).Folded()); m != s {
		return m
	}
	name, domain, found := strings.Cut(s, "@")
	if !found || name == "" || domain == "" || strings.ContainsAny(s, ":/?*") || strings.ContainsFunc(s, unicode.IsSpace) {
		return s
	}
	return strings.ToLower(s)
}
