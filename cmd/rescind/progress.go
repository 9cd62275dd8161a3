package main

import (
	"fmt"
	"io"
	"os"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/terminal"
)

// progress tells how far a command is: a line that rewrites itself on a
// terminal, a line for each finished part elsewhere.
type progress struct {
	w        io.Writer
	terminal bool
}

func newProgress(w io.Writer) *progress {
	f, ok := w.(*os.File)
	if !ok {
		return &progress{w: w}
	}
	info, err := f.Stat()
	return &progress{w: w, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

// now says what is being done, on a terminal alone.
func (p *progress) now(format string, args ...any) {
	if p.terminal {
		p.rewrite(terminal.OneLine(fmt.Sprintf(format, args...)))
	}
}

// done says that a part is finished.
func (p *progress) done(format string, args ...any) {
	if p.terminal {
		p.rewrite(terminal.OneLine(fmt.Sprintf(format, args...)))
		return
	}
	fmt.Fprintln(p.w, terminal.OneLine(fmt.Sprintf(format, args...)))
}

// failed says what could not be done, on a line that stays.
func (p *progress) failed(err error) {
	p.end()
	fmt.Fprintln(p.w, terminal.OneLine(err.Error()))
}

// end leaves the terminal's line empty.
func (p *progress) end() {
	if p.terminal {
		p.rewrite("")
	}
}

// rewrite replaces the line: back to its begin, and clear it.
func (p *progress) rewrite(line string) { fmt.Fprintf(p.w, "\r\x1b[K%s", line) }
