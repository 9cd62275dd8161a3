// Package progress tells people how far a command is while it works. It is for standard
// error, and says nothing that a program would have to read.
package progress

import (
	"fmt"
	"io"
	"os"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/terminal"
)

// Line tells how far a command is: a line that rewrites itself on a
// terminal, a line for each finished part elsewhere.
type Line struct {
	w        io.Writer
	terminal bool
}

// New is the Line of what is written to w: on a terminal where w is one.
func New(w io.Writer) *Line {
	f, ok := w.(*os.File)
	if !ok {
		return &Line{w: w}
	}
	info, err := f.Stat()
	return &Line{w: w, terminal: err == nil && info.Mode()&os.ModeCharDevice != 0}
}

// Now says what is being done, on a terminal alone.
func (p *Line) Now(format string, args ...any) {
	if p.terminal {
		p.rewrite(terminal.OneLine(fmt.Sprintf(format, args...)))
	}
}

// Done says that a part is finished.
func (p *Line) Done(format string, args ...any) {
	if p.terminal {
		p.rewrite(terminal.OneLine(fmt.Sprintf(format, args...)))
		return
	}
	fmt.Fprintln(p.w, terminal.OneLine(fmt.Sprintf(format, args...)))
}

// Failed says what could not be done, on a line that stays.
func (p *Line) Failed(err error) {
	p.End()
	fmt.Fprintln(p.w, terminal.OneLine(err.Error()))
}

// End leaves the terminal's line empty.
func (p *Line) End() {
	if p.terminal {
		p.rewrite("")
	}
}

// rewrite replaces the line: back to its begin, and clear it.
func (p *Line) rewrite(line string) { fmt.Fprintf(p.w, "\r\x1b[K%s", line) }
