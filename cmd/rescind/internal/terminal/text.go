// Package terminal writes text that strangers made up, such as names in a log
// entry, so that it cannot steer the terminal it is shown on.
//
// It knows control characters and those that turn the direction of writing, and
// replaces them; what looks like another letter stays as it is. It also knows how wide a
// terminal is.
package terminal

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/term"
)

// Printable replaces control characters, escape sequences among them, so that
// text from a log entry can never steer the terminal it is shown on.
func Printable(s string) string {
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

// Say writes what the format and the values come to, made printable.
func Say(w io.Writer, format string, args ...any) {
	fmt.Fprintln(w, Printable(fmt.Sprintf(format, args...)))
}

// OneLine keeps text from a file on its own line and off the terminal's controls.
func OneLine(s string) string {
	return Printable(strings.NewReplacer("\n", " ", "\t", " ").Replace(s))
}

// WriteJSON writes v for a program to read. The encoder escapes all control
// characters that could steer a terminal except those above 0x7e.
func WriteJSON(w io.Writer, v any) error {
	b := new(strings.Builder)
	enc := json.NewEncoder(b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err
	}
	_, err := io.WriteString(w, Printable(b.String()))
	return err
}

// fewestColumns are what a line is made to fit at the least: in fewer nothing can be read.
const fewestColumns = 20

// Width is how many characters a line on w has, and 0 where w is no terminal, so that a
// line may be as long as it wants. The variable COLUMNS says it of whatever w is, as for
// ls and ps; lookup is the environment.
func Width(w io.Writer, lookup func(string) (string, bool)) int {
	if said, ok := lookup("COLUMNS"); ok {
		if n, err := strconv.Atoi(said); err == nil && n > 0 {
			return max(n, fewestColumns)
		}
	}
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	fd := int(f.Fd())
	if !term.IsTerminal(fd) {
		return 0
	}
	if n, _, err := term.GetSize(fd); err == nil && n > 0 {
		return max(n, fewestColumns)
	}
	return 80 // as a terminal is whose size is not known
}
