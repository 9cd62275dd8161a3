package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/internal/replay"
	"github.com/rescind-dev/rescind/internal/strictyaml"
	"github.com/rescind-dev/rescind/policies"
)

func policyCommand() command {
	cmds := []command{policyListCommand(), policyLintCommand(), policyTestCommand(), policyExplainCommand(), policySchemaCommand()}
	return group("policy", "list, lint, test and explain policies; their JSON Schema", "rescind policy test mine/", cmds)
}

// checkedPolicies loads policies for a person to look at: each problem in a
// file stands on a line of its own.
func checkedPolicies(paths []string) (*policies.Set, error) {
	set, err := config.LoadPolicies(paths)
	if problem := new(strictyaml.Problem); errors.As(err, &problem) {
		return nil, fmt.Errorf("the policies cannot be loaded:\n%w", err)
	}
	return set, err
}

// readFacts reads the facts file, which may be left out.
func readFacts(path string) (*replay.FactsFile, error) {
	if path == "" {
		return nil, nil //nolint:nilnil // a nil file holds no facts
	}
	return replay.ReadFacts(path)
}

const policySchemaUsage = `Usage: rescind policy schema

Prints the JSON Schema of policy files, with which an editor completes and
checks them as they are written. docs/policy-commands.md says how to set up the
YAML language server.

Example:
  rescind policy schema > rescind-policies.schema.json
`

func policySchemaCommand() command {
	return command{name: "schema", summary: "print the JSON Schema of policy files, for editors", usage: policySchemaUsage, run: runPolicySchema}
}

func runPolicySchema(_ context.Context, env environment, args []string) error {
	operands, err := newFlags("policy schema").parse(args)
	switch {
	case err != nil:
		return err
	case len(operands) > 0:
		return usagef("want no operands, have %q", operands)
	}
	schema, err := policies.Schema()
	if err != nil {
		return err
	}
	_, err = env.stdout.Write(schema)
	return err
}
