package skim

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// Cursor goes through JSON once. It fails for good at the first thing that it does
// not take, and returns nothing from then on. The zero Cursor has nothing to read.
type Cursor struct {
	all    []byte
	at     int // a place, as a slice that is cut anew for each byte is slower
	failed bool
}

// maxDepth is how deeply values are nested that a Cursor takes.
const maxDepth = 200

// Object calls field with each name of the object that b is, in their order, and
// reports whether b is one object and all of it was taken. What field does not take
// of a value is skipped. A name that encoding/json would take for one of known,
// although it is spelled otherwise, is not taken, nor is one of known a second time.
func Object(b []byte, known []string, field func(c *Cursor, name string)) bool {
	c := Cursor{all: b}
	c.space()
	c.Object(known, field)
	c.space()
	return !c.failed && c.at == len(c.all)
}

// Object is Object for the value that is next.
func (c *Cursor) Object(known []string, field func(c *Cursor, name string)) {
	c.object(known, func(c *Cursor, i int) { field(c, known[i]) })
}

// object is Object that says which of the known names it is.
func (c *Cursor) object(known []string, field func(c *Cursor, i int)) {
	c.end('{')
	if c.space(); c.take('}') {
		return
	}
	seen := uint(0)
	for !c.failed {
		c.space()
		raw, plain := c.quoted()
		if i := c.index(known, raw, plain); i >= 0 && seen&(1<<i) != 0 {
			c.fail()
		} else if c.colon(); i >= 0 && !c.failed {
			seen |= 1 << i
			before := c.at
			if field(c, i); c.at == before {
				c.skip(1)
			}
		} else {
			c.skip(1)
		}
		if c.space(); !c.take(',') {
			break
		}
	}
	c.end('}')
}

// index is where the name stands among the known ones, or -1.
func (c *Cursor) index(known []string, raw []byte, plain bool) int {
	if !plain { // it may be a known one, spelled otherwise
		c.fail()
		return -1
	}
	for i, k := range known {
		if string(raw) == k {
			return i
		}
	}
	for _, k := range known {
		if len(raw) == len(k) && len(raw) > 0 && raw[0]|0x20 == k[0]|0x20 && bytes.EqualFold(raw, []byte(k)) {
			c.fail()
		}
	}
	return -1
}

// Text is the text that is next, which holds nothing but ASCII and no escape. It is a
// part of what is read.
func (c *Cursor) Text() []byte {
	raw, plain := c.quoted()
	if !plain {
		c.fail()
		return nil
	}
	return raw
}

// quoted takes a string, and reports whether it means what its bytes are.
func (c *Cursor) quoted() (raw []byte, plain bool) {
	if !c.take('"') {
		c.fail()
		return nil, false
	}
	begin := c.at
	for plain = true; ; c.at++ {
		c.at += ordinary(c.all[c.at:])
		if c.at >= len(c.all) {
			c.fail()
			return nil, false
		}
		switch b := c.all[c.at]; {
		case b == '"':
			c.at++
			return c.all[begin : c.at-1], plain
		case b == '\\':
			n := escape(c.all[c.at:])
			if n == 0 {
				c.fail()
				return nil, false
			}
			c.at += n - 1
			plain = false
		case b < 0x20:
			c.fail()
			return nil, false
		default: // not ASCII: encoding/json replaces what is no UTF-8
			plain = false
		}
	}
}

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// ordinary is how many bytes from the first on are ASCII that means itself in a
// string, eight at a time.
func ordinary(b []byte) int {
	n := 0
	for ; len(b)-n >= 8; n += 8 {
		x := binary.LittleEndian.Uint64(b[n:])
		quote, backslash := x^(ones*'"'), x^(ones*'\\')
		odd := (x | (x - ones*0x20) | (quote - ones) | (backslash - ones)) & highs
		if odd != 0 {
			// A borrow can mark a byte above an odd one, and never one below it.
			return n + bits.TrailingZeros64(odd)/8
		}
	}
	for n < len(b) && b[n] >= 0x20 && b[n] < 0x80 && b[n] != '"' && b[n] != '\\' {
		n++
	}
	return n
}

// escape is how long the escape is that b begins with; 0 where it is none.
func escape(b []byte) int {
	if len(b) < 2 {
		return 0
	}
	switch b[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		for i := 2; i < 6; i++ {
			if i >= len(b) || !hex(b[i]) {
				return 0
			}
		}
		return 6
	}
	return 0
}

func hex(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F'
}
