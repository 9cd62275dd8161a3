package skim

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strconv"
)

// Unmarshal is json.Unmarshal into a value that is zero still: it stores the same and
// returns the same error. What it takes by itself, which is nearly all that Google Cloud
// writes, it reads in one pass and a fraction of the time; for the rest it asks
// encoding/json. A json.RawMessage may be a part of data, which must stay as it is while
// that is in use.
func Unmarshal(data []byte, v any) error {
	to := reflect.ValueOf(v)
	if to.Kind() != reflect.Pointer || to.IsNil() || !to.Elem().IsZero() {
		return json.Unmarshal(data, v)
	}
	if p := planOf(to.Type().Elem()); p.read != nil {
		c := Cursor{all: data}
		c.space()
		p.read(&c, to.Elem(), 1)
		if c.space(); !c.failed && c.at == len(c.all) {
			return nil
		}
		to.Elem().SetZero()
	}
	return json.Unmarshal(data, v)
}

// reader stores the value that is next, or fails.
type reader func(c *Cursor, to reflect.Value, depth int)

// value stores the value that is next; null leaves the zero value, as it does for
// encoding/json.
func (p *plan) value(c *Cursor, to reflect.Value, depth int) {
	switch {
	case c.failed || c.at == len(c.all) || depth > maxDepth || p.read == nil:
		c.fail()
	case c.all[c.at] == 'n' && !p.takesNull:
		c.word("null")
	default:
		p.read(c, to, depth)
	}
}

// raw takes any value, and returns what it was.
func (c *Cursor) raw(depth int) []byte {
	begin := c.at
	if c.skip(depth); c.failed {
		return nil
	}
	return c.all[begin:c.at]
}

func readRaw(c *Cursor, to reflect.Value, depth int) {
	if b := c.raw(depth); !c.failed {
		to.SetBytes(b[:len(b):len(b)])
	}
}

// readOwn reads a type that reads itself.
func readOwn(c *Cursor, to reflect.Value, depth int) {
	b := c.raw(depth)
	u, ok := to.Addr().Interface().(json.Unmarshaler)
	if c.failed || !ok || string(b) == "null" || u.UnmarshalJSON(b) != nil {
		c.fail()
	}
}

func readString(c *Cursor, to reflect.Value, _ int) { to.SetString(c.string()) }

// string is the text that is next, whatever is in it.
func (c *Cursor) string() (s string) {
	begin := c.at
	raw, plain := c.quoted()
	if plain || c.failed {
		return string(raw)
	}
	if json.Unmarshal(c.all[begin:c.at], &s) != nil {
		c.fail()
	}
	return s
}

func readBool(c *Cursor, to reflect.Value, _ int) {
	if c.at < len(c.all) && c.all[c.at] == 't' {
		c.word("true")
		to.SetBool(true)
		return
	}
	c.word("false")
}

func readInt(c *Cursor, to reflect.Value, depth int) {
	n, err := strconv.ParseInt(string(c.raw(depth)), 10, 64)
	if err != nil || to.OverflowInt(n) {
		c.fail()
		return
	}
	to.SetInt(n)
}

// readAny reads what goes into an empty interface.
func readAny(c *Cursor, to reflect.Value, depth int) {
	if c.at < len(c.all) && c.all[c.at] == '"' {
		to.Set(reflect.ValueOf(c.string()))
		return
	}
	var v any
	b := c.raw(depth)
	if c.failed || json.Unmarshal(b, &v) != nil {
		c.fail()
		return
	}
	if v != nil {
		to.Set(reflect.ValueOf(v))
	}
}

func (p *plan) readPointer(c *Cursor, to reflect.Value, depth int) {
	v := reflect.New(p.of.typ)
	p.of.value(c, v.Elem(), depth)
	to.Set(v)
}

func (p *plan) readSlice(c *Cursor, to reflect.Value, depth int) {
	c.end('[')
	if c.space(); c.take(']') {
		to.Set(reflect.MakeSlice(p.typ, 0, 0))
		return
	}
	for !c.failed {
		c.space()
		n := to.Len()
		if n == to.Cap() {
			to.Grow(max(n, 1))
		}
		to.SetLen(n + 1)
		p.of.value(c, to.Index(n), depth+1)
		if c.space(); !c.take(',') {
			break
		}
	}
	c.end(']')
}

func (p *plan) readMap(c *Cursor, to reflect.Value, depth int) {
	c.end('{')
	to.Set(reflect.MakeMap(p.typ))
	if c.space(); c.take('}') {
		return
	}
	for !c.failed {
		c.space()
		key := c.string()
		c.colon()
		v := reflect.New(p.of.typ).Elem()
		p.of.value(c, v, depth+1)
		to.SetMapIndex(reflect.ValueOf(key).Convert(p.typ.Key()), v)
		if c.space(); !c.take(',') {
			break
		}
	}
	c.end('}')
}

// textsType is the type of most maps: labels and annotations.
var textsType = reflect.TypeFor[map[string]string]()

// readTexts is readMap without a reflect.Value for each text.
func readTexts(c *Cursor, to reflect.Value, _ int) {
	c.end('{')
	m := map[string]string{}
	if c.space(); !c.take('}') {
		for !c.failed {
			c.space()
			key := c.string()
			c.colon()
			m[key] = c.string()
			if c.space(); !c.take(',') {
				break
			}
		}
		c.end('}')
	}
	if !c.failed {
		to.Set(reflect.ValueOf(m))
	}
}

func (p *plan) readStruct(c *Cursor, to reflect.Value, depth int) {
	if depth > maxDepth {
		c.fail()
		return
	}
	c.object(p.names, func(c *Cursor, i int) {
		f := &p.fields[i]
		if f.deep != nil {
			f.plan.value(c, to.FieldByIndex(f.deep), depth+1)
			return
		}
		f.plan.value(c, to.Field(f.at), depth+1)
	})
}

// String names the type, for tests that say what is not taken.
func (p *plan) String() string { return fmt.Sprintf("%v, taken %t", p.typ, p.read != nil) }
