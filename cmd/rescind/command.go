package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"strings"
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

// Exit codes, the same for every command; replay adds exitDiffers.
const (
	exitOK      = 0
	exitFailed  = 1
	exitUsage   = 2
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

// run finds the command, runs it and returns the exit code.
func run(ctx context.Context, args []string, env environment) int {
	return dispatch(ctx, "rescind", commands(), args, env)
}

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
		fmt.Fprintf(env.stderr, "%s: %s\nRun '%s --help' for usage.\n", path, printable(usage.msg), path)
		return exitUsage
	}
	fmt.Fprintf(env.stderr, "%s: %s\n", path, printable(err.Error()))
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

// flags is the flag set every command starts from. It prints nothing by
// itself: errors come back as usageError, --help as flag.ErrHelp.
type flags struct {
	*flag.FlagSet
	logFormat string
}

func newFlags(name string) *flags {
	f := &flags{FlagSet: flag.NewFlagSet(name, flag.ContinueOnError)}
	f.SetOutput(io.Discard)
	f.StringVar(&f.logFormat, "log-format", "text", "logs on stderr as json or text")
	return f
}

// parse reads args; flags may stand before, between and after the operands.
func (f *flags) parse(args []string) (operands []string, err error) {
	for {
		if err := f.Parse(args); err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return nil, err
			}
			return nil, usagef("%s", err)
		}
		if f.logFormat != "text" && f.logFormat != "json" {
			return nil, usagef("--log-format is %q, want json or text", f.logFormat)
		}
		if f.NArg() == 0 {
			return operands, nil
		}
		rest := f.Args()
		// flag stops at "--" and at the first operand alike; the former ends
		// the flags for good.
		if n := len(args) - len(rest); n > 0 && args[n-1] == "--" {
			return append(operands, rest...), nil
		}
		operands = append(operands, rest[0])
		args = rest[1:]
	}
}

// logger writes the process's logs to stderr in the chosen form.
func (f *flags) logger(env environment, from slog.Level) *slog.Logger {
	o := &slog.HandlerOptions{Level: from}
	if f.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(env.stderr, o))
	}
	return slog.New(slog.NewTextHandler(env.stderr, o))
}

// printable replaces control characters, escape sequences among them, so that
// text from a log entry can never steer the terminal it is shown on.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r < 0x20 || r == 0x7f || r >= 0x80 && r < 0xa0, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return '\uFFFD'
		}
		return r
	}, s)
}
