package replay

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
)

// maxRecord bounds one record. Cloud Logging limits an entry to 256 KiB and
// cuts longer audit entries in pieces, so even an indented copy is far below.
// https://cloud.google.com/logging/quotas#log-limits
const maxRecord = 16 << 20

// record is one JSON value of an input. It is valid until the next one.
type record struct {
	line int // where it begins
	raw  []byte
	err  error // why raw is not there, or not whole
}

var (
	errTooLong  = fmt.Errorf("longer than %d MiB", maxRecord>>20)
	errNotEnded = errors.New("the array is not closed: the file is cut off")
)

// splitter finds the records of one input: each line of JSON Lines, each
// element of an array, each value that is written over several lines, in any
// mixture. Broken records are found like any other, as none may be lost.
type splitter struct {
	br    *bufio.Reader
	visit func(record) error
	line  int // of the next byte
	buf   []byte
}

// split calls visit for each record. It stops at the first error of visit, and
// returns that or the error that ended the reading.
func split(br *bufio.Reader, visit func(record) error) error {
	s := &splitter{br: br, visit: visit, line: 1}
	for {
		first, err := s.peek()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("line %d: %w", s.line, err)
		case first == '[':
			err = s.stream(s.line, nil)
		default:
			err = s.record()
		}
		if err != nil {
			return err
		}
	}
}

// peek skips white space and returns the byte after it.
func (s *splitter) peek() (byte, error) {
	for {
		c, err := s.br.ReadByte()
		switch {
		case err != nil:
			return 0, err
		case c == '\n':
			s.line++
		case !isSpace(c):
			return c, s.br.UnreadByte()
		}
	}
}

// record reads a line, which is a record unless it only begins one.
func (s *splitter) record() error {
	r := record{line: s.line}
	whole, err := s.readLine(&r)
	if err != nil {
		return fmt.Errorf("line %d: %w", r.line, err)
	}
	switch {
	case r.err == nil && whole && opens(r.raw) && s.goesOn():
		return s.stream(r.line, s.buf)
	case r.err == nil && several(r.raw):
		return s.values(r)
	}
	return s.visit(r)
}

// several reports whether a line holds objects one after the other.
func several(line []byte) bool {
	return between.Match(line) && !json.Valid(line)
}

var between = regexp.MustCompile(`\}\s*\{`)

// values reads the values that stand on one line.
func (s *splitter) values(line record) error {
	st := &stream{visit: s.visit, line: line.line}
	for _, c := range bytes.Clone(line.raw) {
		if err := st.next(c); err != nil {
			return err
		}
	}
	return st.end()
}

// readLine reads to the end of the line, or, when it is not whole, of the input.
func (s *splitter) readLine(r *record) (whole bool, err error) {
	s.buf = s.buf[:0]
	for {
		part, err := s.br.ReadSlice('\n')
		if r.err == nil {
			s.buf = append(s.buf, part...)
		}
		if len(s.buf) > maxRecord {
			s.buf, r.err = s.buf[:0], errTooLong
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
		case err == nil:
			s.line++
			r.raw = bytes.TrimSpace(s.buf)
			return true, nil
		case errors.Is(err, io.EOF):
			r.raw = bytes.TrimSpace(s.buf)
			return false, nil
		default:
			return false, err
		}
	}
}

// opens reports whether a line may begin an object and leave it open.
func opens(line []byte) bool {
	return bytes.HasPrefix(line, []byte("{")) && !bytes.HasSuffix(line, []byte("}"))
}

// goesOn reports whether the next line is the inside of an object, as when it
// is indented. A line that is cut off is followed by a new object instead.
func (s *splitter) goesOn() bool {
	next, err := s.peek()
	return err == nil && (next == '"' || next == '}')
}
