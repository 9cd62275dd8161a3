package trace

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
)

// shownText is a part of the expression as a person would write it.
func (s state) shownText(x ast.Expr) string {
	text, err := s.text(x)
	if err != nil {
		return "(an expression that cannot be shown)"
	}
	return text
}

// operands shows what a comparison or a function was given: each operand that
// is no literal, and what that was made of in turn.
func (s state) operands(n *Node, x ast.Expr) {
	for _, o := range operandsOf(x) {
		if o.Kind() == ast.LiteralKind || o.Kind() == ast.ListKind {
			continue
		}
		shown := Value{s.shownText(o), s.shown(s.value(o.ID()))}
		if shown.Value != "" && !slices.Contains(n.Values, shown) {
			n.Values = append(n.Values, shown)
		}
		s.operands(n, o)
	}
}

func operandsOf(x ast.Expr) []ast.Expr {
	switch x.Kind() {
	case ast.CallKind:
		c := x.AsCall()
		if c.IsMemberFunction() {
			return append([]ast.Expr{c.Target()}, c.Args()...)
		}
		return c.Args()
	case ast.SelectKind:
		if o := x.AsSelect().Operand(); o.Kind() == ast.CallKind {
			return operandsOf(o)
		}
	}
	return nil
}

// maxShown is how many characters of one value a trace shows.
const maxShown = 120

// shown is a value for a person, in one line; empty for an object that has
// nothing to show but its fields.
func (s state) shown(v ref.Val) string {
	switch v := v.(type) {
	case nil:
		return ""
	case *types.Unknown:
		return "unknown"
	case *types.Err:
		return "error: " + abbreviate(v.Error())
	case types.String:
		return strconv.Quote(abbreviate(string(v)))
	case interface{ Shown() string }:
		return abbreviate(v.Shown())
	case traits.Mapper:
		return fmt.Sprintf("a map of %d", sizeOf(v))
	case traits.Lister:
		return s.shownList(v)
	}
	return abbreviate(fmt.Sprint(v.Value()))
}

func (s state) shownList(l traits.Lister) string {
	const few = 4
	var out []string
	for it := l.Iterator(); it.HasNext() == types.True; {
		if len(out) == few {
			out = append(out, "...")
			break
		}
		out = append(out, s.shown(it.Next()))
	}
	return "[" + strings.Join(out, ", ") + "]"
}

func sizeOf(v traits.Sizer) int {
	n, _ := v.Size().(types.Int)
	return int(n)
}

func abbreviate(s string) string {
	if r := []rune(s); len(r) > maxShown {
		return string(r[:maxShown]) + "..."
	}
	return s
}
