package trace

import (
	"cmp"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/functions"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/interpreter"
)

// values are the variables of these tests: booleans a to f, a list l of whole
// numbers and text s. What is not there is unknown.
type values map[string]any

func (v values) ResolveName(name string) (any, bool) {
	if x, ok := v[name]; ok {
		return x, true
	}
	return types.NewUnknown(int64(name[0]), nil), true
}

func (v values) Parent() interpreter.Activation { return nil }

func (v values) ResolveFunction(string) (functions.LateBoundOp, bool) { return nil, false }

// Whys names the variables that are unknown.
func (v values) Whys(u *types.Unknown) (out []string) {
	for _, id := range u.IDs() {
		out = append(out, string(rune(id))+" is unknown")
	}
	slices.Sort(out)
	return out
}

var booleans = []string{"a", "b", "c", "d", "e", "f"}

func environment(t *testing.T) *cel.Env {
	t.Helper()
	options := []cel.EnvOption{cel.Variable("l", cel.ListType(cel.IntType)), cel.Variable("s", cel.StringType)}
	for _, b := range booleans {
		options = append(options, cel.Variable(b, cel.BoolType))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		t.Fatal(err)
	}
	return env
}

func traced(t *testing.T, expression string, v values) *Node {
	t.Helper()
	x, err := Parse(environment(t), expression, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	n, err := x.On(v)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// drawn writes a tree in one line: answer, "*" for what decides, parts.
func drawn(n *Node) string {
	s := map[Answer]string{True: "t", False: "f", Unknown: "?", Error: "!"}[n.Answer]
	if n.Decided {
		s += "*"
	}
	var parts []string
	for _, p := range n.Parts {
		parts = append(parts, drawn(p))
	}
	if len(parts) > 0 {
		s += "(" + strings.Join(append([]string{cmp.Or(n.Op, "of")}, parts...), " ") + ")"
	}
	return s
}

func TestTheAnswerRestsOn(t *testing.T) {
	const yes, no = true, false
	for _, tt := range []struct {
		name, expression string
		v                values
		want             string
	}{
		{"the side of an && that is false", "a && b", values{"a": yes, "b": no}, "f*(&& t f*)"},
		{"both sides that are false", "a && b", values{"a": no, "b": no}, "f*(&& f* f*)"},
		{"both sides of an && that is true", "a && b", values{"a": yes, "b": yes}, "t*(&& t* t*)"},
		{"the side of an || that is true", "a || b", values{"a": yes, "b": no}, "t*(|| t* f)"},
		{"both sides of an || that is false", "a || b", values{"a": no, "b": no}, "f*(|| f* f*)"},
		{"the unknown side of an &&", "a && b", values{"a": yes}, "?*(&& t ?*)"},
		{"the false side of an && beside an unknown one", "a && b", values{"a": no}, "f*(&& f* ?)"},
		{"the unknown side of an ||", "a || b", values{"b": no}, "?*(|| ?* f)"},
		{"one of more than two", "a && b && c && d", values{"a": yes, "b": yes, "c": no, "d": yes}, "f*(&& t t f* t)"},
		{"what is negated", "!(a || b)", values{"a": no, "b": yes}, "f*(! t*(|| f t*))"},
		{"the condition and the branch it takes", "a ? b : c", values{"a": yes, "b": no, "c": yes}, "f*(?: t* f* t)"},
		{"the condition alone while it is unknown", "a ? b : c", values{"b": no, "c": yes}, "?*(?: ?* f t)"},
		{"nothing deeper than what decides", "a && (b || c)", values{"a": no, "b": yes, "c": no}, "f*(&& f* t(|| t f))"},
		{"an element for which an exists holds", "l.exists(x, x > 1)", values{"l": []int64{1, 2, 1}}, "t*(exists f(of f) t*(of t*) f(of f))"},
		{"every element where none does", "l.exists(x, x > 2)", values{"l": []int64{1, 2}}, "f*(exists f*(of f*) f*(of f*))"},
		{"an element for which an all does not hold", "l.all(x, x > 1)", values{"l": []int64{1, 2}}, "f*(all f*(of f*) t(of t))"},
		{"the unknown part of an element", "l.all(x, x > 1 || a)", values{"l": []int64{1, 2}}, "?*(all ?*(of ?*(|| f ?*)) t(of t(|| t ?)))"},
		{"nothing, of an empty list", "l.all(x, x > 1)", values{"l": []int64{}}, "t*"},
		{"an unknown list", "l.exists(x, x > 1)", values{}, "?*"},
		{"what went wrong", "a || 1 / l.size() > 0", values{"a": no, "l": []int64{}}, "!*(|| f !*)"},
		{"what is true beside what went wrong", "a || 1 / l.size() > 0", values{"a": yes, "l": []int64{}}, "t*(|| t* !)"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := drawn(traced(t, tt.expression, tt.v)); got != tt.want {
				t.Errorf("%s: %s, want %s", tt.expression, got, tt.want)
			}
		})
	}
}

// madeUp is an expression of some depth of the booleans and the list.
func madeUp(rnd *rand.Rand, depth int) string {
	if depth == 0 {
		switch rnd.IntN(8) {
		case 0:
			return "l.exists(x, x > 1 && " + booleans[rnd.IntN(len(booleans))] + ")"
		case 1:
			return "l.all(x, x > 1 || " + booleans[rnd.IntN(len(booleans))] + ")"
		}
		return booleans[rnd.IntN(len(booleans))]
	}
	x, y := madeUp(rnd, depth-1), madeUp(rnd, depth-1)
	switch rnd.IntN(6) {
	case 0, 1:
		return "(" + x + " && " + y + ")"
	case 2, 3:
		return "(" + x + " || " + y + ")"
	case 4:
		return "!(" + x + ")"
	}
	return "(" + x + " ? " + y + " : " + madeUp(rnd, depth-1) + ")"
}

func someValues(rnd *rand.Rand) values {
	v := values{"l": [][]int64{{}, {1}, {2}, {1, 2, 3}}[rnd.IntN(4)]}
	for _, b := range booleans {
		if rnd.IntN(4) > 0 {
			v[b] = rnd.IntN(2) == 0
		}
	}
	return v
}

// A trace takes no short cuts, and never tells another story than evaluating does.
func TestATraceComesToWhatEvaluatingComesTo(t *testing.T) {
	rnd, env := rand.New(rand.NewPCG(71, 72)), environment(t)
	for range 400 {
		expression, v := madeUp(rnd, 1+rnd.IntN(3)), someValues(rnd)
		checked, issues := env.Compile(expression)
		if issues.Err() != nil {
			t.Fatal(issues.Err())
		}
		p, err := env.Program(checked, cel.EvalOptions(cel.OptOptimize))
		if err != nil {
			t.Fatal(err)
		}
		got, _, _ := p.Eval(v)
		want := Unknown
		if b, ok := got.(types.Bool); ok {
			want = map[types.Bool]Answer{true: True, false: False}[b]
		}
		if n := traced(t, expression, v); n.Answer != want {
			t.Fatalf("%s with %v: %s, evaluated %s\n%s", expression, v, n.Answer, want, drawn(n))
		}
	}
}

// deciding collects the variables that stand in parts which decide and have no
// parts of their own.
func deciding(n *Node, into map[string]bool) {
	if n.Decided && len(n.Parts) == 0 {
		for _, b := range booleans {
			if strings.Contains(" "+strings.NewReplacer("(", " ", ")", " ", ",", " ").Replace(n.Text)+" ", " "+b+" ") {
				into[b] = true
			}
		}
	}
	for _, p := range n.Parts {
		deciding(p, into)
	}
}

// What is not marked does not matter: with any other value for the variables
// that decide nothing, the answer is the same.
func TestWhatDecidesNothingMayBeAnything(t *testing.T) {
	rnd, changed := rand.New(rand.NewPCG(73, 74)), 0
	for range 600 {
		expression, v := madeUp(rnd, 1+rnd.IntN(3)), someValues(rnd)
		n, decides := traced(t, expression, v), map[string]bool{}
		deciding(n, decides)
		if n.Answer != True && n.Answer != False {
			continue // what is unknown can be settled by what is true beside it
		}
		other := maps.Clone(v)
		for _, b := range booleans {
			if !decides[b] {
				other[b] = rnd.IntN(2) == 0
				changed++
			}
		}
		if again := traced(t, expression, other); again.Answer != n.Answer {
			t.Fatalf("%s\nwith %v is %s: %s\nwith %v is %s: %s", expression, v, n.Answer, drawn(n), other, again.Answer, drawn(again))
		}
	}
	if changed < 500 {
		t.Errorf("%d values were changed", changed)
	}
}

func TestAnExpressionIsWrittenTheOneWay(t *testing.T) {
	for written, want := range map[string]string{
		"a&&b": "a && b", "a // why\n  && b": "a && b", "(a) && ((b || c))": "a && (b || c)", "l.exists( x,x>1 )": "l.exists(x, x > 1)",
		"!(a)": "!a", "s == 'x'": `s == "x"`,
	} {
		x, err := Parse(environment(t), written, 1000)
		if err != nil || x.String() != want {
			t.Errorf("%q is %q (%v), want %q", written, x, err, want)
		}
	}
	if _, err := Parse(environment(t), "a && nobody", 1000); err == nil {
		t.Error("an unknown variable was taken")
	}
}

// shown is a value that says what it is known by.
type shown struct{ types.String }

func (shown) Shown() string { return "known by this" }

func TestValuesAreShownInOneShortLine(t *testing.T) {
	long := strings.Repeat("é", 500)
	for _, tt := range []struct {
		name, expression string
		v                values
		want             []Value
	}{
		{"text, in quotes", `s == "x"`, values{"s": "a\n\"b"}, []Value{{"s", `"a\n\"b"`}}},
		{"long text, cut short between letters", `s == "x"`, values{"s": long}, []Value{{"s", `"` + strings.Repeat("é", 120) + `..."`}}},
		{"a few of a list", `l == [1]`, values{"l": []int64{1, 2, 3, 4, 5, 6}}, []Value{{"l", "[1, 2, 3, 4, ...]"}}},
		{"what is unknown", `s == "x"`, values{}, []Value{{"s", "unknown"}}},
		{"what an operand was made of", `s.size() > 3`, values{"s": "abcd"}, []Value{{"s.size()", "4"}, {"s", `"abcd"`}}},
		{"each value once", `s + s == s`, values{"s": "b"}, []Value{{"s + s", `"bb"`}, {"s", `"b"`}}},
		{"a value by what it is known by", `s == "x"`, values{"s": shown{}}, []Value{{"s", `known by this`}}},
		{"no literal", `"x" == "y"`, values{}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if n := traced(t, tt.expression, tt.v); !slices.Equal(n.Values, tt.want) {
				t.Errorf("%v, want %v", n.Values, tt.want)
			}
		})
	}
}

// Of a long list all that decides is shown, and of the rest some.
func TestOfALongListTheRestIsLeftOut(t *testing.T) {
	var l []int64
	for i := range int64(100) {
		l = append(l, i)
	}
	for _, tt := range []struct {
		expression     string
		parts, omitted int
	}{
		{"l.exists(x, x > 90)", 9 + maxElements, 91 - maxElements}, {"l.exists(x, x > 100)", 100, 0}, {"l.all(x, x < 95)", 5 + maxElements, 95 - maxElements},
		{"l.all(x, x < 100)", 100, 0}, {"l.exists_one(x, x == 7)", 1 + maxElements, 99 - maxElements},
	} {
		n := traced(t, tt.expression, values{"l": l})
		if len(n.Parts) != tt.parts || n.Omitted != tt.omitted {
			t.Errorf("%s: %d parts, %d left out; want %d and %d", tt.expression, len(n.Parts), n.Omitted, tt.parts, tt.omitted)
		}
	}
}

// What would cost more than the limit ends in an error of its own part.
func TestATraceHasALimit(t *testing.T) {
	x, err := Parse(environment(t), "l.all(x, l.all(y, l.all(z, x + y + z >= 0)))", 100)
	if err != nil {
		t.Fatal(err)
	}
	n, err := x.On(values{"l": make([]int64, 30)})
	if err != nil || n.Answer != Error || !strings.Contains(fmt.Sprint(n.Why), "cost limit") {
		t.Errorf("%+v, %v", n, err)
	}
}
