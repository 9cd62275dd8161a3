package policies

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

// operands shows what a comparison or a function was given: each operand that
// is no literal, and what that was made of in turn.
func (s state) operands(n *Trace, x ast.Expr) {
	for _, o := range operandsOf(x) {
		if o.Kind() == ast.LiteralKind || o.Kind() == ast.ListKind {
			continue
		}
		shown := TraceValue{s.text(o), s.shown(s.value(o.ID()))}
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
	case *object:
		return abbreviate(v.shown())
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

// shown is what an object is known by.
func (o *object) shown() string {
	switch o.t {
	case grantType:
		return ofGrant(o).String()
	case memberType:
		return string(ofGrant(o).Member)
	case roleType:
		return ofGrant(o).Role
	}
	return ""
}

func abbreviate(s string) string {
	if r := []rune(s); len(r) > maxShown {
		return string(r[:maxShown]) + "..."
	}
	return s
}

// omit drops elements that settle nothing.
func (n *Trace) omit(elements []*Trace) {
	n.Parts = slices.DeleteFunc(n.Parts, func(p *Trace) bool { return slices.Contains(elements, p) })
	n.Omitted = len(elements)
}

// decide marks n, and of its parts those that its answer rests on.
func (n *Trace) decide() {
	n.Decided = true
	switch n.Op {
	case "&&", "all":
		n.decideBy(TraceFalse)
	case "||", "exists":
		n.decideBy(TraceTrue)
	case "?:":
		n.decideBranch()
	default:
		for _, p := range n.Parts {
			p.decide()
		}
	}
}

// decideBy marks the parts of an && (settled by one that is false) or of an ||
// (by one that is true). What is unsure rests on what is unsure.
func (n *Trace) decideBy(settles TraceAnswer) {
	for _, p := range n.Parts {
		unsure := p.Answer == TraceUnknown || p.Answer == TraceError
		switch n.Answer {
		case TraceTrue, TraceFalse:
			if n.Answer != settles || p.Answer == settles {
				p.decide()
			}
		default:
			if unsure {
				p.decide()
			}
		}
	}
}

func (n *Trace) decideBranch() {
	condition, then, otherwise := n.Parts[0], n.Parts[1], n.Parts[2]
	condition.decide()
	switch condition.Answer {
	case TraceTrue:
		then.decide()
	case TraceFalse:
		otherwise.decide()
	}
}
