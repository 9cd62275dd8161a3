package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/rescind-dev/rescind/internal/replay"
	"github.com/rescind-dev/rescind/internal/strictyaml"
	"github.com/rescind-dev/rescind/policies"
)

func policyCommand() command {
	cmds := []command{policyListCommand(), policyLintCommand(), policyTestCommand(), policyExplainCommand(), policySchemaCommand()}
	usage := new(strings.Builder)
	overview(usage, "rescind policy", cmds)
	usage.WriteString("\nExample:\n  rescind policy test mine/\n")
	return command{
		name:    "policy",
		summary: "list, lint, test and explain policies; their JSON Schema",
		usage:   usage.String(),
		run: func(ctx context.Context, env environment, args []string) error {
			if len(args) > 0 && isHelp(args[0]) {
				_, err := io.WriteString(env.stdout, usage.String())
				return err
			}
			if code := dispatch(ctx, "rescind policy", cmds, args, env); code != exitOK {
				return exitError{code}
			}
			return nil
		},
	}
}

// checkedPolicies loads policies for a person to look at: each problem in a
// file stands on a line of its own.
func checkedPolicies(paths []string) (*policies.Set, error) {
	set, err := loadPolicies(paths)
	if problem := new(strictyaml.Problem); errors.As(err, &problem) {
		return nil, fmt.Errorf("the policies cannot be loaded:\n%w", err)
	}
	return set, err
}

// oneLine keeps text from a file on its own line and off the terminal's controls.
func oneLine(s string) string {
	return printable(strings.NewReplacer("\n", " ", "\t", " ").Replace(s))
}

// list is a flag that may be repeated.
func (f *flags) list(name string) *[]string {
	var out []string
	f.Func(name, "", func(s string) error { out = append(out, s); return nil })
	return &out
}

// readFacts reads the facts file, which may be left out.
func readFacts(path string) (*replay.FactsFile, error) {
	if path == "" {
		return nil, nil //nolint:nilnil // a nil file holds no facts
	}
	return replay.ReadFacts(path)
}

// writeJSON writes v for a program to read. The encoder escapes all control
// characters that could steer a terminal except those above 0x7e.
func writeJSON(w io.Writer, v any) error {
	b := new(strings.Builder)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := io.WriteString(w, printable(b.String()))
	return err
}
