// Package progress tells people how far a command is while it works. It is for standard
// error, and says nothing that a program would have to read.
package progress

import (
	"fmt"
	"io"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/terminal"
)

// Line tells how far a command is: a line that rewrites itself on a
// terminal, a line for each finished part elsewhere.
type Line struct {
	w        io.Writer
	terminal bool
	width    func() int // of the terminal, which people change; nil: any line fits
}

// New is the Line of what is written to w: on a terminal where w is one.
func New(w io.Writer) *Line {
	width := func() int { return terminal.Width(w, func(string) (string, bool) { return "", false }) }
	return &Line{w: w, terminal: width() > 0, width: width}
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

// rewrite replaces the line: back to its begin, and clear it. A line that went on below
// itself would leave its begin behind, so it is cut.
func (p *Line) rewrite(line string) {
	if p.width != nil {
		if r, most := []rune(line), max(p.width()-1, 1); len(r) > most {
			line = string(r[:most-1]) + "…"
		}
	}
	fmt.Fprintf(p.w, "\r\x1b[K%s", line)
}
