package records

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/rescind-dev/rescind/internal/skim"
)

// MaxRecord bounds one record, in bytes. Cloud Logging limits an entry to 256 KiB and
// cuts longer audit entries in pieces, so even an indented copy is far below.
// https://cloud.google.com/logging/quotas#log-limits
const MaxRecord = 16 << 20

var errTooLong = fmt.Errorf("longer than %d MiB", MaxRecord>>20)

// ErrNotEnded is the error of an input that ends within an array.
var ErrNotEnded = errors.New("the array is not closed: the file is cut off")

// splitter cuts JSON into values, however they are laid out: one a line, several on a
// line, one over several lines, the elements of an array, in any mixture. What is broken
// is a record, too, and what comes after it is looked for from the next line on.
type splitter struct {
	emit func(Record) error
	sift *skim.Literals // of what is fed, for whoever emits

	buf  []byte // fed and not yet taken: it begins with the value that is open, if one is
	line int    // of its first byte

	open    bool // a value is, and span has gone through scanned bytes of buf
	begun   int  // the line where it begins
	span    skim.Span
	scanned int
	tooLong bool // it is, and buf does not hold it
	text    bool // it is no value, and ends with the line
	loose   bool // it is broken, and may end on its line

	array     int  // the line where the outermost array began; 0 outside of any
	separated bool // a value may follow in it
	fresh     bool // nothing but white space came on the line yet
	indent    int  // how much of it

	seeking bool // for a line to go on with, after what was broken
	wounded bool // something was broken: lone brackets belong to it
	again   int  // how many bytes may still be looked at anew
}

func newSplitter(emit func(Record) error) splitter {
	return splitter{emit: emit, line: 1, fresh: true}
}

// ready reports whether nothing is open and a record may follow: at the begin of a line, or
// within an array.
func (s *splitter) ready(inArray bool) bool {
	at := s.array == 0
	if inArray {
		at = s.array != 0 && s.separated
	}
	return at && !s.open && !s.seeking && len(s.buf) == 0
}

// feed takes more text.
func (s *splitter) feed(text []byte) error {
	const most = 64 << 20
	s.again = min(s.again+4*len(text), most)
	if len(s.buf) > 0 {
		s.buf = append(s.buf, text...)
		text = s.buf
	}
	rest, err := s.take(text, false)
	s.buf = append(s.buf[:0], rest...)
	return err
}

// end takes what is left: nothing comes after it.
func (s *splitter) end() error {
	rest, err := s.take(s.buf, true)
	for err == nil && s.open { // what was cut off
		s.loose = false
		if rest, err = s.broken(rest, len(rest)); err == nil {
			rest, err = s.take(rest, true)
		}
	}
	if err == nil && s.array != 0 {
		err = fmt.Errorf("line %d: %w", s.line, ErrNotEnded)
	}
	return err
}

// take takes values from the begin of b on, and returns what is left.
func (s *splitter) take(b []byte, last bool) (rest []byte, err error) {
	for len(b) > 0 && err == nil {
		before, within := len(b), s.open || s.seeking
		switch {
		case s.seeking:
			b = s.seek(b, last)
		case s.open:
			b, err = s.goOn(b, last)
		default:
			b, err = s.begin(b)
		}
		if within && len(b) == before && (s.open || s.seeking) {
			break // it takes more than there is
		}
	}
	return b, err
}

// begin takes what stands between values, or begins one.
func (s *splitter) begin(b []byte) ([]byte, error) {
	c := b[0]
	switch {
	case c == '\n':
		s.line, s.indent, s.fresh = s.line+1, 0, true
		return b[1:], nil
	case isSpace(c):
		if s.fresh {
			s.indent++
		}
		return b[1:], nil
	case c == '[' && s.array == 0:
		s.array, s.separated = s.line, true
	case c == ']' && s.array != 0:
		s.array = 0
	case c == ',' && (s.array != 0 || s.wounded):
		s.separated = true
	case (c == '}' || c == ']') && s.wounded:
	default:
		return s.value(b)
	}
	s.fresh = false
	return b[1:], nil
}

// value begins a value, which most often is whole.
func (s *splitter) value(b []byte) ([]byte, error) {
	if s.array != 0 && !s.separated {
		at := s.array
		s.array, s.wounded = 0, true
		if err := s.emit(Record{Line: at, Err: errors.New("not JSON: a bracket that begins no array")}); err != nil {
			return nil, err
		}
	}
	s.separated, s.fresh, s.begun, s.tooLong, s.loose = false, false, s.line, false, false
	s.text = s.array == 0 && b[0] != '{' && b[0] != '"'
	if !s.text && (b[0] == '{' || b[0] == '[' || b[0] == '"') {
		if n := skim.Length(b); n > 0 {
			return s.whole(b, n)
		}
	}
	s.open, s.span, s.scanned = true, skim.Span{}, 0
	return b, nil
}

// whole is a value of n bytes.
func (s *splitter) whole(b []byte, n int) ([]byte, error) {
	rec := Record{Line: s.begun, Raw: trim(b[:n])}
	if s.tooLong || n > MaxRecord {
		rec.Raw, rec.Err = nil, errTooLong
	}
	s.line += bytes.Count(b[:n], []byte("\n"))
	s.open = false
	return b[n:], s.emit(rec)
}

// goOn goes on with the value that is open.
func (s *splitter) goOn(b []byte, last bool) ([]byte, error) {
	switch {
	case s.text:
		return s.lineOfText(b, last)
	case s.loose:
		s.loose = !last
		return s.broken(b, s.scanned)
	}
	n, p := s.span.Take(b[s.scanned:])
	s.scanned += n
	switch {
	case p == skim.Done:
		return s.whole(b, s.scanned)
	case p == skim.Broken && s.tooLong:
		s.line += bytes.Count(b[:s.scanned], []byte("\n"))
		return b[s.scanned:], s.giveUp(Record{Line: s.begun, Err: errTooLong})
	case p == skim.Broken:
		s.loose = !last
		return s.broken(b, s.scanned)
	case s.scanned > MaxRecord:
		s.tooLong, s.scanned = true, 0
		s.line += bytes.Count(b, []byte("\n"))
		return b[:0], nil
	}
	return b, nil
}

// lineOfText is a line that is no value.
func (s *splitter) lineOfText(b []byte, last bool) ([]byte, error) {
	n := bytes.IndexByte(b, '\n')
	switch {
	case n >= 0:
		return s.whole(b, n)
	case last:
		return s.whole(b, len(b))
	case len(b) > MaxRecord:
		s.tooLong, b = true, b[:0]
	}
	return b, nil
}

// broken is a value that cannot be one from byte at on, or that was cut off there. Where
// its brackets end on its first line, it does, too. Else it is a record up to the end of
// that line, and the next line is looked at anew.
func (s *splitter) broken(b []byte, at int) ([]byte, error) {
	first := bytes.IndexByte(b, '\n')
	switch {
	case s.tooLong:
		return nil, s.giveUp(Record{Line: s.begun, Err: errTooLong})
	case first < 0 && s.loose && len(b) < MaxRecord:
		return b, nil // the rest of the line is to come
	case first < 0:
		first = len(b)
	}
	if n := closed(b[:first]); n > 0 && n < first && at <= first {
		return s.whole(b, n)
	}
	rec := Record{Line: s.line, Raw: trim(b[:first])}
	if first > MaxRecord {
		rec.Raw, rec.Err = nil, errTooLong
	}
	next := first
	if at > first {
		end := s.line + bytes.Count(b[:at], []byte("\n"))
		rec.Err = fmt.Errorf("not JSON: it begins here and breaks off in line %d", end)
		if s.again -= at - first; s.again < 0 { // of lines that open more and more, one look is enough
			next = bytes.LastIndexByte(b[:at], '\n')
		}
	}
	s.line += bytes.Count(b[:next], []byte("\n"))
	if at == len(b) && next == at { // cut off in an array: it is not closed
		return nil, s.giveUpWithin(rec)
	}
	return b[next:], s.giveUp(rec)
}

// giveUp hands on what is broken, and has a line sought for to go on with.
func (s *splitter) giveUp(rec Record) error {
	if s.array == rec.Line { // the bracket is a part of it
		s.array = 0
	}
	return s.giveUpWithin(rec)
}

// giveUpWithin leaves the array open.
func (s *splitter) giveUpWithin(rec Record) error {
	s.open, s.loose, s.fresh = false, false, false
	s.seeking, s.wounded, s.separated = true, true, true
	return s.emit(rec)
}
