package policies

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/env"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"go.yaml.in/yaml/v3"
)

const (
	// maxCost bounds what evaluating one expression may cost, in CEL's own
	// units (about one per function call or field read). A policy that could
	// exceed it on the largest change there is, is refused when it is loaded.
	maxCost = 1_000_000
	// maxExpression is the longest expression, in characters.
	maxExpression = 16 << 10
)

// compiler turns expressions into programs. All expressions share one
// environment.
type compiler struct {
	env *cel.Env
	// names are the variables, functions and fields there are, for suggestions.
	names []string
}

func newCompiler() (*compiler, error) {
	registry, err := types.NewRegistry()
	if err != nil {
		return nil, err
	}
	objects := objectTypes()
	e, err := cel.NewCustomEnv(
		cel.CustomTypeAdapter(registry),
		cel.CustomTypeProvider(provider{registry, objects}),
		// No regular expressions: an unanchored one is how policies get
		// bypassed. glob() and domain() compare whole things.
		cel.StdLib(cel.StdLibSubset(env.NewLibrarySubset().AddExcludedFunctions(env.NewFunction("matches")))),
		cel.DefaultUTCTimeZone(true),
		cel.ParserExpressionSizeLimit(maxExpression),
		cel.Variable("change", changeType.cel),
		cel.Variable("workload", workloadType.cel),
		cel.Variable("resource", resourceType.cel),
		cel.Variable("actor", actorType.cel),
		cel.Variable("ancestors", cel.ListType(cel.StringType)),
		cel.Variable("now", cel.TimestampType),
		cel.Function("constraint", cel.Overload("constraint_string",
			[]*cel.Type{cel.StringType}, constraintType.cel, cel.LateFunctionBinding())),
		cel.Function("runtimeIdentity",
			cel.Overload("runtimeIdentity_member", []*cel.Type{memberType.cel}, cel.BoolType, cel.LateFunctionBinding()),
			cel.Overload("runtimeIdentity_string", []*cel.Type{cel.StringType}, cel.BoolType, cel.LateFunctionBinding())),
		cel.Function("glob", cel.Overload("glob_string_string",
			[]*cel.Type{cel.StringType, cel.StringType}, cel.BoolType, cel.BinaryBinding(celGlob))),
		cel.Function("domain", cel.Overload("domain_string",
			[]*cel.Type{cel.StringType}, cel.StringType, cel.UnaryBinding(celDomain))),
	)
	if err != nil {
		return nil, fmt.Errorf("CEL environment: %w", err)
	}
	c := &compiler{env: e, names: []string{"change", "workload", "resource", "actor", "ancestors", "now"}}
	for name := range e.Functions() {
		c.names = append(c.names, name)
	}
	for _, t := range objects {
		for f := range t.fields {
			c.names = append(c.names, f)
		}
	}
	return c, nil
}

func celGlob(s, pattern ref.Val) ref.Val {
	text, ok := s.(types.String)
	p, ok2 := pattern.(types.String)
	if !ok || !ok2 {
		return types.MaybeNoSuchOverloadErr(s)
	}
	return types.Bool(glob(string(text), string(p)))
}

func celDomain(s ref.Val) ref.Val {
	text, ok := s.(types.String)
	if !ok {
		return types.MaybeNoSuchOverloadErr(s)
	}
	return types.String(domainOf(string(text)))
}

// compile returns the program of the expression in a scalar, or nil when it
// has problems, which are then recorded at their place in the file.
func (c *compiler) compile(s *source, n *yaml.Node, what string, want *cel.Type) cel.Program {
	checked, issues := c.env.Compile(n.Value)
	if issues != nil && issues.Err() != nil {
		for _, e := range issues.Errors() {
			s.expressionProblem(n, e.Location, "%s: %s%s", what, plainMessage(e.Message), c.hint(e.Message))
		}
		return nil
	}
	start := common.NewLocation(1, 0)
	switch {
	case !checked.OutputType().IsExactType(want):
		s.expressionProblem(n, start, "%s is of type %s, want %s", what, checked.OutputType(), want)
		return nil
	}
	if why := misuse(checked); why != "" {
		s.expressionProblem(n, start, "%s %s", what, why)
		return nil
	}
	estimate, err := c.env.EstimateCost(checked, sizes{})
	if err != nil || estimate.Max > maxCost {
		s.expressionProblem(n, start, "%s could cost %s to evaluate, the limit is %d; look for comprehensions within comprehensions",
			what, costString(estimate.Max), maxCost)
		return nil
	}
	program, err := c.env.Program(checked, cel.CostLimit(maxCost), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		s.expressionProblem(n, start, "%s: %v", what, err)
		return nil
	}
	return program
}

func costString(n uint64) string {
	if n == math.MaxUint64 {
		return "without limit"
	}
	return fmt.Sprint(n)
}

var quotedName = regexp.MustCompile(`(?:undeclared reference to|undefined field) '([^']*)'`)

// hint suggests the name that was meant.
func (c *compiler) hint(message string) string {
	m := quotedName.FindStringSubmatch(message)
	switch {
	case m == nil:
		return ""
	case m[1] == "matches":
		return "; regular expressions are not offered, use glob() or domain()"
	case slices.Contains(c.names, m[1]):
		return ""
	}
	return suggest(m[1], c.names)
}

var asides = regexp.MustCompile(` \((?:in container|did you mean) '[^']*'\??\)`)

// plainMessage is CEL's message in one line, without CEL's own suggestions,
// which know nothing of fields.
func plainMessage(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return asides.ReplaceAllString(line, "")
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

// sizes tells CEL's cost estimate how large the things of a change can be.
type sizes struct{}

const (
	// maxGrants: an allow policy holds at most 1,500 principals, counted once
	// per binding (https://cloud.google.com/iam/quotas#limits).
	maxGrants = 1500
	// maxText is more than names, labels and addresses are long.
	maxText   = 512
	maxLabels = 64
)

// EstimateSize bounds a value by its type.
func (sizes) EstimateSize(n cost.AstNode) *cost.SizeEstimate {
	switch n.Type().Kind() {
	case types.ListKind:
		return &cost.SizeEstimate{Max: maxGrants}
	case types.MapKind:
		return &cost.SizeEstimate{Max: maxLabels}
	case types.StringKind, types.BytesKind:
		return &cost.SizeEstimate{Max: maxText}
	}
	return &cost.SizeEstimate{Max: 1}
}

// EstimateCallCost has nothing to add to CEL's own estimate of its functions;
// ours cost about what they look at.
func (sizes) EstimateCallCost(function, _ string, _ *cost.AstNode, _ []cost.AstNode) *cost.CallEstimate {
	switch function {
	case "constraint", "runtimeIdentity":
		return &cost.CallEstimate{CostEstimate: cost.FixedCostEstimate(1)}
	case "glob", "domain":
		return &cost.CallEstimate{CostEstimate: cost.Estimate{Min: 1, Max: maxText / 10}, ResultSize: &cost.SizeEstimate{Max: maxText}}
	}
	return nil
}
