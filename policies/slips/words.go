package slips

import (
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/common/ast"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/strictyaml"
)

// Slip is something in an expression that is not what was meant.
type Slip struct {
	Message string
	// Sure is true where the expression can never be right; else it looks like a slip.
	Sure bool
	Expr int64 // the part of the expression that it is about
}

// vocabulary is the words that a field can have.
type vocabulary struct {
	what  string
	words []string
	// whole is true where there are no others.
	whole bool
}

var vocabularies = map[string]vocabulary{
	"workload.ingress":  {"ingress", []string{"all", "internal", "internal-and-cloud-load-balancing"}, true},
	"resource.kind":     {"kind", texts(cloud.Kinds()), true},
	"change.verb":       {"verb", texts(verbs), true},
	"change.service":    {"service whose changes are read", services, true},
	"constraint.became": {"form of an organization policy", texts(forms), true},
	"member.type":       {"type of member", memberTypes, true},
	"member.value":      {"member", []string{allUsers, allAuthenticatedUsers}, false},
	"role.name":         {"role", roles, false},
	"change.method":     {"method", methods, false},
	"constraint.name":   {"constraint", constraints, false},
}

func texts[T ~string](words []T) []string {
	var out []string
	for _, w := range words {
		out = append(out, string(w))
	}
	return out
}

// Words finds the words in an expression that no change can have.
func Words(e ast.Expr) []Slip {
	var out []Slip
	ast.PreOrderVisit(e, ast.NewExprVisitor(func(x ast.Expr) {
		if x.Kind() != ast.CallKind {
			return
		}
		call := x.AsCall()
		args := call.Args()
		switch call.FunctionName() {
		case "_==_", "_!=_":
			for i, a := range args {
				out = append(out, check(field(a), words(args[1-i]))...)
			}
		case "@in":
			out = append(out, check(field(args[0]), words(args[1]))...)
		case "constraint":
			out = append(out, check("constraint.name", words(args[0]))...)
		}
	}))
	return out
}

// field is the end of a chain of fields: "role.name" of g.role.name. A constraint that
// changed is one as well: "constraint.name" of change.constraint.name.
func field(e ast.Expr) string {
	if e.Kind() != ast.SelectKind {
		return ""
	}
	s := e.AsSelect()
	switch of := s.Operand(); of.Kind() {
	case ast.IdentKind:
		return of.AsIdent() + "." + s.FieldName()
	case ast.SelectKind:
		return of.AsSelect().FieldName() + "." + s.FieldName()
	}
	return ""
}

// word is a text in an expression.
type word struct {
	text string
	expr int64
}

// words are the texts that an expression is, or lists.
func words(e ast.Expr) []word {
	switch e.Kind() {
	case ast.LiteralKind:
		if s, ok := e.AsLiteral().Value().(string); ok {
			return []word{{s, e.ID()}}
		}
	case ast.ListKind:
		var out []word
		for _, x := range e.AsList().Elements() {
			out = append(out, words(x)...)
		}
		return out
	}
	return nil
}

func check(field string, said []word) []Slip {
	v, ok := vocabularies[field]
	if !ok {
		return nil
	}
	var out []Slip
	for _, w := range said {
		if w.text == "" || slices.Contains(v.words, w.text) { // what was not touched is ""
			continue
		}
		if slip, found := v.slip(w.text); found {
			slip.Expr = w.expr
			out = append(out, slip)
		}
	}
	return out
}

// slip is what is wrong with a word that is none of the vocabulary's.
func (v vocabulary) slip(w string) (Slip, bool) {
	for _, known := range v.words {
		if strings.EqualFold(known, w) {
			return Slip{Message: fmt.Sprintf("%q is no %s; did you mean %q?", w, v.what, known), Sure: v.what != "method"}, true
		}
	}
	switch {
	case v.whole:
		near := strictyaml.Suggest(w, v.words)
		if near == "" && len(v.words) < 12 {
			near = ", want " + strings.Join(v.words, ", ")
		}
		return Slip{Message: fmt.Sprintf("%q is no %s%s", w, v.what, near), Sure: true}, true
	case v.what == "member":
		if !strings.Contains(w, ":") {
			return Slip{Message: fmt.Sprintf("%q is no member, want one like %q, or %s", w, "user:"+w, allUsers), Sure: true}, true
		}
		return Slip{}, false
	}
	for _, known := range v.words {
		if strictyaml.Edits(w, known) <= 2 {
			return Slip{Message: fmt.Sprintf("%q is nearly the %s %q: did you mean that?", w, v.what, known), Sure: false}, true
		}
	}
	return Slip{}, false
}
