package replay

import (
	"errors"
	"fmt"
	"io"
)

// stream finds the values of an array, or one value over several lines, by
// their brackets and strings alone, so that one broken value costs no other.
// Whoever decodes a value validates it.
type stream struct {
	visit   func(record) error
	line    int
	inArray bool // between the brackets of an outermost array

	// Of the value being read:

	begun    bool
	start    int // its line
	buf      []byte
	tooLong  bool
	depth    int
	scalar   bool // a number or a word: it ends where something else begins
	inString bool
	escaped  bool
}

// stream reads to its end what began at line start: the array ahead, or the
// value whose first line has been read.
func (s *splitter) stream(start int, first []byte) error {
	st := &stream{visit: s.visit, line: start}
	for _, c := range first {
		if err := st.next(c); err != nil {
			return err
		}
	}
	st.line = s.line
	defer func() { s.line = st.line }()
	for {
		c, err := s.br.ReadByte()
		if errors.Is(err, io.EOF) {
			return st.end()
		}
		if err != nil {
			return fmt.Errorf("line %d: %w", st.line, err)
		}
		if err := st.next(c); err != nil || !st.begun && !st.inArray {
			return err
		}
	}
}

func (s *stream) next(c byte) error {
	err := s.take(c)
	if c == '\n' {
		s.line++
	}
	return err
}

func (s *stream) take(c byte) error {
	if s.scalar && endsScalar(c) {
		if err := s.emit(); err != nil {
			return err
		}
	}
	if !s.begun {
		switch {
		case isSpace(c) || c == ',':
			return nil
		case c == '[' && !s.inArray:
			s.inArray = true
			return nil
		case c == ']' && s.inArray:
			s.inArray = false
			return nil
		}
		s.begun, s.start = true, s.line
		s.scalar = c != '{' && c != '[' && c != '"'
	}
	s.add(c)
	if s.within(c) || s.scalar {
		return nil
	}
	return s.emit()
}

// within follows strings and brackets, and reports whether the value goes on.
func (s *stream) within(c byte) bool {
	switch {
	case s.escaped:
		s.escaped = false
	case s.inString:
		s.escaped = c == '\\'
		// No JSON string spans lines: at a line's end a lost quote is taken
		// for given, or it would swallow every entry after it.
		s.inString = c != '"' && c != '\n'
	case c == '"':
		s.inString = true
	case c == '{' || c == '[':
		s.depth++
	case c == '}' || c == ']':
		s.depth--
	}
	return s.depth > 0 || s.inString
}

func (s *stream) add(c byte) {
	if len(s.buf) == maxRecord {
		s.tooLong = true
		return
	}
	s.buf = append(s.buf, c)
}

func (s *stream) emit() error {
	r := record{line: s.start, raw: s.buf}
	if s.tooLong {
		r.raw, r.err = nil, errTooLong
	}
	err := s.visit(r)
	*s = stream{visit: s.visit, line: s.line, inArray: s.inArray, buf: s.buf[:0]}
	return err
}

// end accounts for what the end of the input cut off. An array that was not
// closed is an input that was not read to its end, whatever stood in it.
func (s *stream) end() error {
	inArray := s.inArray
	if s.begun {
		if err := s.emit(); err != nil {
			return err
		}
	}
	if inArray {
		return fmt.Errorf("line %d: %w", s.line, errNotEnded)
	}
	return nil
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\r' || c == '\n' }

func endsScalar(c byte) bool {
	return isSpace(c) || c == ',' || c == '[' || c == ']' || c == '{' || c == '"'
}
