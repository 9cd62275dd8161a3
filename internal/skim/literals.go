package skim

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Literals finds where in JSON a string may stand that is one of a few texts, without
// reading the JSON. It misses none: a string is a text only if each character of it is
// there as itself, or as an escape. Texts have letters, digits, dots, dashes and
// underscores alone, and the one escape for those is \u00 with two digits; see
// [RFC 8259]. So it finds each text between quotes, and each such escape for a
// character of a text, whatever it is part of. Also found is what stands in a string
// that holds JSON in turn, however often it was wrapped: its quotes then have
// backslashes before them, or are such escapes.
//
// It finds more than that, and never says what it found. A Literals does not change,
// and any number of goroutines may use it.
//
// [RFC 8259]: https://www.rfc-editor.org/rfc/rfc8259#section-7
type Literals struct {
	texts   []string
	shift   [shifts]byte // by what the last two bytes of a window are: how far a text may end
	window  int          // the shortest text, and the byte after it
	escaped [256]bool    // characters whose escape counts
}

// shifts is the size of the table. What shares a place in it makes shifts smaller than
// they might be, and never larger.
const shifts = 4096

// NewLiterals returns the Literals of these texts.
func NewLiterals(texts ...string) (*Literals, error) {
	l := &Literals{texts: texts, window: 255}
	if len(texts) == 0 {
		return nil, errors.New("no texts to look for: every record would be passed over")
	}
	for _, t := range texts {
		if strings.ContainsFunc(t, func(r rune) bool { return !plainText(r) }) {
			return nil, fmt.Errorf("text %q: want letters, digits, dots, dashes and underscores", t)
		}
		if len(t) < 4 || len(t) > 200 {
			return nil, fmt.Errorf("text %q has %d characters, want 4 to 200", t, len(t))
		}
		l.window = min(l.window, len(t)+1)
		for _, c := range []byte(t) {
			l.escaped[c] = true
		}
	}
	l.escaped['"'], l.escaped['\\'] = true, true
	l.table()
	return l, nil
}

func plainText(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '-' || r == '_'
}

// table fills shift: a window can be moved by as much as leaves no text out that its
// last two bytes could be within.
func (l *Literals) table() {
	for i := range l.shift {
		l.shift[i] = byte(l.window - 1)
	}
	for _, t := range l.texts {
		for _, closing := range closings {
			p := t + closing
			p = p[len(p)-l.window:]
			for i := 0; i+2 <= len(p); i++ {
				at := place(p[i], p[i+1])
				l.shift[at] = min(l.shift[at], byte(len(p)-2-i))
			}
		}
	}
}

// closings are what comes after a text: a quote, or the escape of one.
var closings = []string{`"`, `\`}

// place is where in the table two bytes stand.
func place(a, b byte) int { return int((uint32(a) | uint32(b)<<8) * 0x9E3779B1 >> 20) }

// Find appends to at where in b a text may stand, in order: a place within each. What
// begins before b or ends after it is not found.
func (l *Literals) Find(b []byte, at []int) []int {
	before := len(at)
	at = l.findEscapes(b, l.findTexts(b, at))
	slices.Sort(at[before:])
	return at
}

// In reports whether a text may stand in b.
func (l *Literals) In(b []byte) bool {
	return len(l.findTexts(b, nil)) > 0 || len(l.findEscapes(b, nil)) > 0
}

// lanes is how many parts of a block are searched at once. Where the next window is
// depends on the last one, so that one search alone waits for memory most of the time.
const lanes = 4

// findTexts looks for the texts themselves.
func (l *Literals) findTexts(b []byte, at []int) []int {
	if len(b) < lanes*64 {
		return l.findIn(b, l.window-2, len(b)-1, at)
	}
	// i is the place of a window's last two bytes, end the one that is not to be reached.
	var i, end [lanes]int
	first, size := l.window-2, (len(b)-l.window+1)/lanes
	for k := range lanes {
		i[k], end[k] = first+k*size, first+(k+1)*size
	}
	end[lanes-1] = len(b) - 1
	i0, i1, i2, i3 := i[0], i[1], i[2], i[3]
	for i0 < end[0] && i1 < end[1] && i2 < end[2] && i3 < end[3] {
		s0, s1, s2, s3 := l.at(b, i0), l.at(b, i1), l.at(b, i2), l.at(b, i3)
		if s0 == 0 || s1 == 0 || s2 == 0 || s3 == 0 {
			at = l.check(b, i0, s0, at)
			at = l.check(b, i1, s1, at)
			at = l.check(b, i2, s2, at)
			at = l.check(b, i3, s3, at)
			s0, s1, s2, s3 = max(s0, 1), max(s1, 1), max(s2, 1), max(s3, 1)
		}
		i0, i1, i2, i3 = i0+s0, i1+s1, i2+s2, i3+s3
	}
	for k, from := range []int{i0, i1, i2, i3} {
		at = l.findIn(b, from, end[k], at)
	}
	return at
}

// findIn looks in windows whose last two bytes are at i and before end.
func (l *Literals) findIn(b []byte, i, end int, at []int) []int {
	for i < end {
		s := l.at(b, i)
		at = l.check(b, i, s, at)
		i += max(s, 1)
	}
	return at
}

// at is how far the window whose last two bytes are at i can be moved.
func (l *Literals) at(b []byte, i int) int {
	return int(l.shift[uint32(binary.LittleEndian.Uint16(b[i:]))*0x9E3779B1>>20])
}

// check appends the place i if a text and what closes it end there.
func (l *Literals) check(b []byte, i, shift int, at []int) []int {
	if shift != 0 || b[i+1] != '"' && b[i+1] != '\\' {
		return at
	}
	for _, t := range l.texts {
		begin := i + 1 - len(t)
		if begin >= 1 && b[begin-1] == '"' && string(b[begin:i+1]) == t {
			return append(at, begin)
		}
	}
	return at
}

// findEscapes looks for escapes of characters of the texts.
func (l *Literals) findEscapes(b []byte, at []int) []int {
	for i := 0; ; i++ {
		n := bytes.IndexByte(b[i:], '\\')
		if n < 0 {
			return at
		}
		if i += n; i+6 > len(b) {
			return at
		}
		if b[i+1] == 'u' && b[i+2] == '0' && b[i+3] == '0' && hex(b[i+4]) && hex(b[i+5]) && l.escaped[nibble(b[i+4])<<4|nibble(b[i+5])] {
			at = append(at, i)
		}
	}
}

func nibble(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}
