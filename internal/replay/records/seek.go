package records

import (
	"bytes"

	"github.com/rescind-dev/rescind/internal/skim"
)

// What comes after something broken: where it ends, and where reading can go on.

// closed is where the brackets of a broken value are closed, 0 where they are not.
func closed(line []byte) int {
	depth, inString, escaped := 0, false, false
	for i, c := range line {
		switch {
		case escaped:
			escaped = false
		case inString:
			escaped, inString = c == '\\', c != '"'
		case c == '"':
			inString = true
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth--; depth <= 0 {
				return i + 1
			}
		}
	}
	return 0
}

// seek looks for the next line that can be gone on with: one that begins a value no
// deeper than the broken one, or that is a whole entry.
func (s *splitter) seek(b []byte, last bool) []byte {
	for len(b) > 0 {
		end := bytes.IndexByte(b, '\n')
		if whole := end >= 0; s.fresh && !whole && !last && len(b) <= MaxRecord {
			return b
		} else if !whole {
			end = len(b)
		}
		if s.fresh && s.resumes(b[:end]) {
			s.seeking, s.indent = false, 0
			return b
		}
		s.fresh = end < len(b)
		if s.fresh {
			end++
			s.line++
		}
		b = b[end:]
	}
	return b
}

// resumes reports whether reading can go on with the line.
func (s *splitter) resumes(line []byte) bool {
	from := bytes.TrimLeft(line, " \t")
	if len(from) == 0 || from[0] != '{' && from[0] != '[' {
		return false
	}
	return len(line)-len(from) <= s.indent || isEntry(from)
}

// isEntry reports whether a line is a log entry by itself, whatever stands around it.
func isEntry(line []byte) bool {
	n := skim.Length(line)
	rest := bytes.TrimLeft(line[n:], " \t\r,]")
	return n > 0 && len(rest) == 0 && bytes.Contains(line, []byte(`"logName"`))
}
