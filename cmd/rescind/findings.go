package main

import (
	"context"
	"io"
	"strings"
)

// findingsCommand is how people work without Slack. Its commands open the store
// themselves and carry nothing out: what they record, the worker does.
func findingsCommand() command {
	cmds := []command{findingsListCommand(), findingsShowCommand(), findingsRevertCommand(), findingsKeepCommand(), findingsExemptCommand(), findingsUndoCommand()}
	usage := new(strings.Builder)
	overview(usage, "rescind findings", cmds)
	usage.WriteString("\nExample:\n  rescind findings list --config rescind.yaml --state open\n")
	return command{
		name:    "findings",
		summary: "list and show findings; revert, keep, exempt and undo without Slack",
		usage:   usage.String(),
		run: func(ctx context.Context, env environment, args []string) error {
			if len(args) > 0 && isHelp(args[0]) {
				_, err := io.WriteString(env.stdout, usage.String())
				return err
			}
			if code := dispatch(ctx, "rescind findings", cmds, args, env); code != exitOK {
				return exitError{code}
			}
			return nil
		},
	}
}

// formatFlag is the flag of the two forms in which findings are shown.
func formatFlag(f *flags) *string { return f.String("format", "table", "") }

func checkFormat(format string) error {
	if format != "table" && format != "json" {
		return usagef("--format is %q, want table or json", format)
	}
	return nil
}
