package skim

import "bytes"

// skip takes any value.
func (c *Cursor) skip(depth int) {
	if c.failed || depth > maxDepth || c.at == len(c.all) {
		c.fail()
		return
	}
	switch c.all[c.at] {
	case '"':
		c.quoted()
	case '{':
		c.skipAll('}', depth)
	case '[':
		c.skipAll(']', depth)
	case 't':
		c.word("true")
	case 'f':
		c.word("false")
	case 'n':
		c.word("null")
	default:
		c.number()
	}
}

// skipAll takes an object or an array, up to that end.
func (c *Cursor) skipAll(end byte, depth int) {
	c.at++
	if c.space(); c.take(end) {
		return
	}
	for !c.failed {
		c.space()
		if end == '}' {
			c.quoted()
			c.colon()
		}
		c.skip(depth + 1)
		if c.space(); !c.take(',') {
			break
		}
	}
	c.end(end)
}

func (c *Cursor) word(w string) {
	if !bytes.HasPrefix(c.all[c.at:], []byte(w)) {
		c.fail()
		return
	}
	c.at += len(w)
}

// number takes what JSON calls a number.
func (c *Cursor) number() {
	c.take('-')
	if !c.take('0') && c.digits() == 0 {
		c.fail()
		return
	}
	if c.take('.') && c.digits() == 0 {
		c.fail()
		return
	}
	if c.take('e') || c.take('E') {
		if !c.take('+') {
			c.take('-')
		}
		if c.digits() == 0 {
			c.fail()
		}
	}
}

func (c *Cursor) digits() int {
	begin := c.at
	for c.at < len(c.all) && c.all[c.at] >= '0' && c.all[c.at] <= '9' {
		c.at++
	}
	return c.at - begin
}

func (c *Cursor) space() {
	for c.at < len(c.all) && (c.all[c.at] == ' ' || c.all[c.at] == '\n' || c.all[c.at] == '\t' || c.all[c.at] == '\r') {
		c.at++
	}
}

// take takes the byte, if it is next.
func (c *Cursor) take(b byte) bool {
	if c.at == len(c.all) || c.all[c.at] != b {
		return false
	}
	c.at++
	return true
}

func (c *Cursor) colon() {
	c.space()
	c.end(':')
	c.space()
}

func (c *Cursor) end(b byte) {
	if !c.take(b) {
		c.fail()
	}
}

func (c *Cursor) fail() { c.failed, c.at = true, len(c.all) }
