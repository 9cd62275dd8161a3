package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/terminal"
	"github.com/rescind-dev/rescind/notify"
)

// printer writes indented lines of untrusted text and keeps the first error.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(indent int, format string, args ...any) {
	text := strings.TrimRight(strings.Repeat("  ", indent)+terminal.OneLine(fmt.Sprintf(format, args...)), " ")
	if _, err := fmt.Fprintln(p.w, text); err != nil && p.err == nil {
		p.err = err
	}
}

// section writes a heading, unless nothing comes below it.
func (p *printer) section(name string, n int) {
	if n > 0 {
		p.line(1, "%s", name)
	}
}

// lines writes a heading with lines below it, or nothing.
func (p *printer) lines(title string, lines []string) {
	if len(lines) == 0 {
		return
	}
	p.line(0, "")
	p.line(0, "%s", title)
	for _, l := range lines {
		p.line(1, "%s", notify.Clean(l))
	}
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return terminal.OneLine(s)
}

func by(who string) string {
	if who == "" {
		return ""
	}
	return " by " + who
}

// clock is a moment to the second, so that lines can be matched with a log.
func clock(t time.Time) string {
	if t.IsZero() {
		return "not yet"
	}
	return t.UTC().Format(time.RFC3339)
}

func words[S ~string](ss []S) string {
	var out []string
	for _, s := range ss {
		out = append(out, string(s))
	}
	return strings.Join(out, ", ")
}
