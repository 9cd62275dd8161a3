package policies

import (
	"fmt"
	"math"
	"strings"
	"sync"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/env"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"github.com/rescind-dev/rescind/policies/fold"
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
	e, err := cel.NewCustomEnv(append(functionOptions(),
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
		cel.Variable("overridden", cel.BoolType),
	)...)
	if err != nil {
		return nil, fmt.Errorf("CEL environment: %w", err)
	}
	c := &compiler{env: e, names: []string{"change", "workload", "resource", "actor", "ancestors", "now", "overridden"}}
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

// compile returns the program of the expression in a scalar, or nil when it
// has problems, which are then recorded at their place in the file.
func (c *compiler) compile(s source, n *yaml.Node, what string, want *cel.Type) *program {
	checked, issues := c.env.Compile(n.Value)
	if issues != nil && issues.Err() != nil {
		for _, e := range issues.Errors() {
			s.ProblemWithin(n, offset(n.Value, e.Location), "%s: %s%s", what, plainMessage(e.Message), c.hint(e.Message, want))
			if strings.HasPrefix(e.Message, "Syntax error") {
				break // what comes after it is of its making
			}
		}
		return nil
	}
	if !checked.OutputType().IsExactType(want) {
		s.ProblemWithin(n, 0, "%s is of type %s, want %s", what, checked.OutputType(), want)
		return nil
	}
	if why := misuse(checked); why != "" {
		s.ProblemWithin(n, 0, "%s %s", what, why)
		return nil
	}
	fold.Literals(checked)
	estimate, err := c.env.EstimateCost(checked, sizes{})
	if err != nil || estimate.Max > maxCost {
		s.ProblemWithin(n, 0, "%s could cost %s to evaluate, the limit is %d; look for comprehensions within comprehensions",
			what, costString(estimate.Max), maxCost)
		return nil
	}
	p, err := c.program(checked)
	if err == nil {
		return p
	}
	s.ProblemWithin(n, 0, "%s: %v", what, err)
	return nil
}

// program is an expression that can be evaluated: as it is on a change of
// ordinary size, and on a larger one with its cost counted as it runs, which
// takes half as long again and is made for the first such change.
type program struct {
	of func(counted bool) (cel.Program, error)
}

func (c *compiler) program(checked *cel.Ast) (*program, error) {
	plain, err := c.env.Program(checked, cel.EvalOptions(cel.OptOptimize))
	watched := sync.OnceValues(func() (cel.Program, error) {
		return c.env.Program(checked, cel.CostLimit(maxCost), cel.EvalOptions(cel.OptOptimize))
	})
	return &program{func(counted bool) (cel.Program, error) {
		if counted {
			return watched()
		}
		return plain, nil
	}}, err
}

// run evaluates the program on what e shows.
func (p *program) run(e *evaluation) (ref.Val, error) {
	made, err := p.of(!e.ordinary)
	if err != nil {
		return nil, err
	}
	v, _, err := made.Eval(e)
	return v, err
}

func costString(n uint64) string {
	if n == math.MaxUint64 {
		return "without limit"
	}
	return fmt.Sprint(n)
}
