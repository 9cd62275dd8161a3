package main

import (
	"context"

	"github.com/rescind-dev/rescind/policies"
)

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
