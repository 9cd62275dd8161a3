package main

import (
	"fmt"
	"slices"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/ext"

	"github.com/rescind-dev/rescind/remediate/finding"
)

// compileRoutes compiles slack.routes: the first whose match holds names the
// channel, and one without match always holds. A match is a CEL expression
// over resource (full, kind, project, location, name), policy and severity.
func compileRoutes(rs []routeConfig) (func(finding.Finding) string, error) {
	programs := make([]cel.Program, len(rs))
	for i, r := range rs {
		var err error
		if programs[i], err = compileMatch(r.Match); err != nil {
			return nil, fmt.Errorf("slack.routes[%d].match: %w", i, err)
		}
	}
	return func(f finding.Finding) string {
		for i, r := range rs {
			if programs[i] == nil || holds(programs[i], f) {
				return r.Channel
			}
		}
		return ""
	}, nil
}

// channels are those that the routes name, each once.
func channels(rs []routeConfig) []string {
	var out []string
	for _, r := range rs {
		if !slices.Contains(out, r.Channel) {
			out = append(out, r.Channel)
		}
	}
	return out
}

// routeErrors says which routes do not compile, by their index.
func routeErrors(rs []routeConfig) map[int]error {
	errs := map[int]error{}
	for i, r := range rs {
		if _, err := compileMatch(r.Match); err != nil {
			errs[i] = err
		}
	}
	return errs
}

// compileMatch returns nil for the route that takes everything.
func compileMatch(expr string) (cel.Program, error) {
	if expr == "" {
		return nil, nil
	}
	env, err := cel.NewEnv(ext.Strings(),
		cel.Variable("resource", cel.MapType(cel.StringType, cel.StringType)),
		cel.Variable("policy", cel.StringType), cel.Variable("severity", cel.StringType))
	if err != nil {
		return nil, err
	}
	ast, issues := env.Compile(expr)
	if issues.Err() != nil {
		return nil, issues.Err()
	}
	if ast.OutputType() != cel.BoolType {
		return nil, fmt.Errorf("%s is %s, want a bool", expr, ast.OutputType())
	}
	return env.Program(ast, cel.CostLimit(10_000))
}

// holds takes an evaluation error for no: the last route has no match, so a
// finding always has somewhere to go.
func holds(p cel.Program, f finding.Finding) bool {
	r := f.Resource
	out, _, err := p.Eval(map[string]any{
		"resource": map[string]string{"full": r.String(), "kind": string(r.Kind), "project": r.Project, "location": r.Location, "name": r.Name},
		"policy":   f.Policy, "severity": string(f.Severity),
	})
	return err == nil && out.Value() == true
}
