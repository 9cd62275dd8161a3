package main

import (
	"errors"
	"flag"
	"io"
	"log/slog"
)

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

// logger writes the log of a command to stderr in the chosen form.
func (f *flags) logger(env environment, from slog.Level) *slog.Logger {
	return f.logTo(env, &slog.HandlerOptions{Level: from})
}

// serviceLogger is that of what runs in Cloud Run: as JSON it is what Cloud Logging reads.
func (f *flags) serviceLogger(env environment, from slog.Level) *slog.Logger {
	o := &slog.HandlerOptions{Level: from}
	if f.logFormat == "json" {
		o.ReplaceAttr = cloudLogging
	}
	return f.logTo(env, o)
}

func (f *flags) logTo(env environment, o *slog.HandlerOptions) *slog.Logger {
	if f.logFormat == "json" {
		return slog.New(slog.NewJSONHandler(env.stderr, o))
	}
	return slog.New(slog.NewTextHandler(env.stderr, o))
}

// cloudLogging names level and message as Cloud Logging wants them: under slog's
// names each entry has the severity DEFAULT, and no alert on errors sees one.
// https://cloud.google.com/logging/docs/structured-logging#special-payload-fields
func cloudLogging(groups []string, a slog.Attr) slog.Attr {
	level, ok := a.Value.Any().(slog.Level)
	switch {
	case len(groups) > 0:
	case a.Key == slog.MessageKey:
		a.Key = "message"
	case a.Key == slog.LevelKey && ok:
		return slog.String("severity", severity(level))
	}
	return a
}

// severity is that of Cloud Logging, which has no WARN.
func severity(l slog.Level) string {
	switch {
	case l >= slog.LevelError:
		return "ERROR"
	case l >= slog.LevelWarn:
		return "WARNING"
	case l >= slog.LevelInfo:
		return "INFO"
	}
	return "DEBUG"
}

// formatFlag is the flag of the two forms in which findings are shown.
func formatFlag(f *flags) *string { return f.String("format", "table", "") }

// list is a flag that may be repeated.
func (f *flags) list(name string) *[]string {
	var out []string
	f.Func(name, "", func(s string) error { out = append(out, s); return nil })
	return &out
}
