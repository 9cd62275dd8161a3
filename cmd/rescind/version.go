package main

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/build"
)

const versionUsage = `Usage: rescind version [flags]

Says which rescind this is: version, commit and whether files differed from it,
Go and platform, as the Go command wrote them down. 'rescind --version' is the
same. The log of serve says it at the start, and the audit trail keeps it.

Flags:
  --format FORM     text or json (default text)
  --log-format FORM text or json (default text)

Example:
  rescind version --format json

Exit status: 0, or 2 on wrong usage.
`

func versionCommand() command {
	return command{name: "version", summary: "say which rescind this is", usage: versionUsage, run: runVersion}
}

func runVersion(_ context.Context, env environment, args []string) error {
	f := newFlags("version")
	format := f.String("format", "text", "")
	operands, err := f.parse(args)
	switch {
	case err != nil:
		return err
	case len(operands) > 0:
		return usagef("unexpected argument %q", operands[0])
	}
	i := build.Read()
	switch *format {
	case "text":
		_, err = fmt.Fprintf(env.stdout, "rescind %s\ncommit: %s\n%s %s\n", i.Version, i.State(), i.Go, i.Platform)
	case "json":
		err = json.NewEncoder(env.stdout).Encode(i)
	default:
		return usagef("--format is %q, want text or json", *format)
	}
	return err
}
