package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/terminal"
)

// environment is all that a command may touch of the process it runs in.
type environment struct {
	lookup func(string) (string, bool) // environment variables
	stdin  io.Reader
	stdout io.Writer // results
	stderr io.Writer // progress, logs, errors
}

// command is one subcommand: its name, what the overview says of it, and what
// it does. Its help is the usage text, which holds an example.
type command struct {
	name    string
	summary string
	usage   string
	run     func(ctx context.Context, env environment, args []string) error
}

// Exit codes, the same for every command.
const (
	exitOK     = 0
	exitFailed = 1
	exitUsage  = 2
	// exitDiffers is of replay --fail-on-diff alone.
	exitDiffers = 3
)

// usageError is a command line that cannot be understood: exit 2.
type usageError struct{ msg string }

func (e usageError) Error() string { return e.msg }

func usagef(format string, args ...any) error { return usageError{fmt.Sprintf(format, args...)} }

// exitError ends the program with a code of its own; what there was to say has
// been said.
type exitError struct{ code int }

func (e exitError) Error() string { return fmt.Sprintf("exit status %d", e.code) }

func dispatch(ctx context.Context, path string, cmds []command, args []string, env environment) int {
	if len(args) == 0 {
		overview(env.stderr, path, cmds)
		return exitUsage
	}
	if isHelp(args[0]) {
		overview(env.stdout, path, cmds)
		return exitOK
	}
	for _, c := range cmds {
		if c.name != args[0] {
			continue
		}
		return finish(path+" "+c.name, c, c.run(ctx, env, args[1:]), env)
	}
	fmt.Fprintf(env.stderr, "%s: unknown command %q\n\n", path, args[0])
	overview(env.stderr, path, cmds)
	return exitUsage
}

// group is a command that has commands below it, and help of its own with an
// example.
func group(name, summary, example string, cmds []command) command {
	path := "rescind " + name
	usage := new(strings.Builder)
	overview(usage, path, cmds)
	usage.WriteString("\nExample:\n  " + example + "\n")
	return command{
		name: name, summary: summary, usage: usage.String(),
		run: func(ctx context.Context, env environment, args []string) error {
			if len(args) > 0 && isHelp(args[0]) {
				_, err := io.WriteString(env.stdout, usage.String())
				return err
			}
			if code := dispatch(ctx, path, cmds, args, env); code != exitOK {
				return exitError{code}
			}
			return nil
		},
	}
}

func finish(path string, c command, err error, env environment) int {
	var usage usageError
	var exit exitError
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(env.stdout, c.usage)
		return exitOK
	case errors.As(err, &exit):
		return exit.code
	case errors.As(err, &usage):
		fmt.Fprintf(env.stderr, "%s: %s\nRun '%s --help' for usage.\n", path, terminal.Printable(usage.msg), path)
		return exitUsage
	}
	fmt.Fprintf(env.stderr, "%s: %s\n", path, terminal.Printable(err.Error()))
	return exitFailed
}

func overview(w io.Writer, path string, cmds []command) {
	fmt.Fprintf(w, "Usage: %s COMMAND [flags]\n\n", path)
	for _, c := range cmds {
		fmt.Fprintf(w, "  %-10s %s\n", c.name, c.summary)
	}
	fmt.Fprintf(w, "\nRun '%[1]s COMMAND --help' for a command's flags and an example, such as\n'%[1]s %[2]s --help'.\n", path, cmds[0].name)
}

func isHelp(arg string) bool {
	return arg == "help" || arg == "-h" || arg == "-help" || arg == "--help"
}
