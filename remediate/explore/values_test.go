package explore_test

import (
	"encoding/binary"
	"encoding/json"
	"hash/maphash"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/rescind-dev/rescind/remediate/trail"
)

// cloned is a copy of a value that shares no memory with it. Times come back in
// UTC, as from every store.
func cloned[T any](v T) T {
	unshare(reflect.ValueOf(&v).Elem(), shapeOf(reflect.TypeFor[T]()))
	return v
}

// unshare replaces all that the value refers to by copies.
func unshare(v reflect.Value, s *shape) {
	switch {
	case s == nil: // it refers to nothing
	case s.time:
		if t := v.Addr().Interface().(*time.Time); t.Location() != time.UTC {
			*t = t.UTC()
		}
	case v.Kind() == reflect.Struct:
		for _, f := range s.fields {
			unshare(v.Field(f.index), f.shape)
		}
	case v.IsNil():
	case v.Kind() == reflect.Slice:
		c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(c, v)
		for i := 0; s.elem != nil && i < c.Len(); i++ {
			unshare(c.Index(i), s.elem)
		}
		v.Set(c)
	case v.Kind() == reflect.Map:
		c := reflect.MakeMapWithSize(v.Type(), v.Len())
		for it := v.MapRange(); it.Next(); {
			c.SetMapIndex(it.Key(), it.Value())
		}
		v.Set(c)
	case v.Kind() == reflect.Pointer:
		c := reflect.New(v.Type().Elem())
		c.Elem().Set(v.Elem())
		unshare(c.Elem(), s.elem)
		v.Set(c)
	}
}

// shape says where in values of a type something is referred to; nil for nowhere.
type shape struct {
	time   bool
	fields []field
	elem   *shape
}

type field struct {
	index int
	shape *shape
}

var shapes sync.Map // reflect.Type -> *shape, of what is cloned

func shapeOf(t reflect.Type) *shape {
	if s, ok := shapes.Load(t); ok {
		return s.(*shape)
	}
	s := newShape(t, map[reflect.Type]*shape{})
	shapes.Store(t, s)
	return s
}

// newShape makes the shape of a type. Those in the making are of types that may hold
// more of themselves.
func newShape(t reflect.Type, making map[reflect.Type]*shape) *shape {
	switch t.Kind() {
	case reflect.Slice, reflect.Pointer:
		if s, ok := making[t]; ok {
			return s
		}
		s := &shape{}
		making[t] = s
		s.elem = newShape(t.Elem(), making)
		return s
	case reflect.Map:
		return &shape{}
	case reflect.Struct:
		if t == timeType {
			return &shape{time: true}
		}
		var s shape
		for i := range t.NumField() {
			if f := newShape(t.Field(i).Type, making); f != nil {
				s.fields = append(s.fields, field{i, f})
			}
		}
		if len(s.fields) > 0 {
			return &s
		}
	}
	return nil
}

var (
	timeType     = reflect.TypeFor[time.Time]()
	timelineType = reflect.TypeFor[trail.Timeline]()
)

// canon writes values so that two are written alike when nothing that can matter
// later tells them apart: times as they lie from now on, no revisions, no hashes.
type canon struct {
	now time.Time
	out []byte
}

// immaterial are fields that nothing is decided by, but by being equal to what was
// read a moment ago.
var immaterial = map[string]bool{"Revision": true, "Hash": true, "Etag": true, "UpdatedAt": true, "Grounds": true, "Via": true, "Told": true}

var seed = maphash.MakeSeed()

// print stands for all that was written.
func (c *canon) print() uint64 { return maphash.Bytes(seed, c.out) }

func (c *canon) number(n int64) { c.out = binary.AppendVarint(c.out, n) }
func (c *canon) text(s string)  { c.number(int64(len(s))); c.out = append(c.out, s...) }
func (c *canon) at(t time.Time) { c.number(c.since(t)) }

// timeline leaves out when events were, but for the last, and which plan they name.
func (c *canon) timeline(t trail.Timeline) {
	c.number(int64(len(t)))
	for i, e := range t {
		c.text(string(e.State))
		c.text(e.Who)
		c.text(e.What)
		if i == len(t)-1 {
			c.at(e.At)
		}
	}
}

func (c *canon) any(values ...any) {
	for _, v := range values {
		c.value(reflect.ValueOf(v))
	}
}

// since is how far ahead of now the time is. The zero time is no time at all, and
// all that is long past is past.
func (c *canon) since(t time.Time) int64 {
	if t.IsZero() {
		return -1 << 62
	}
	return max(int64(t.Sub(c.now)), int64(-25*time.Hour))
}

func (c *canon) value(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == timeType {
			if v.CanAddr() { // which needs no copy
				c.at(*v.Addr().Interface().(*time.Time))
				return
			}
			c.at(v.Interface().(time.Time))
			return
		}
		for _, i := range materialOf(v.Type()) {
			c.value(v.Field(i))
		}
	case reflect.Slice:
		if v.Type() == timelineType {
			c.timeline(v.Interface().(trail.Timeline))
			return
		}
		c.number(int64(v.Len()))
		for i := range v.Len() {
			c.value(v.Index(i))
		}
	case reflect.Map:
		keys := v.MapKeys()
		slices.SortFunc(keys, func(a, b reflect.Value) int { return compareText(a.String(), b.String()) })
		c.number(int64(len(keys)))
		for _, k := range keys {
			c.value(k)
			c.value(v.MapIndex(k))
		}
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			c.number(0)
			return
		}
		c.number(1)
		c.value(v.Elem())
	case reflect.String:
		c.text(v.String())
	case reflect.Bool:
		c.number(map[bool]int64{true: 1}[v.Bool()])
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Uint8:
		if v.CanInt() {
			c.number(v.Int())
		} else {
			c.number(int64(v.Uint()))
		}
	}
}

var materials sync.Map // reflect.Type -> []int, of what is written

// materialOf are the fields of a type that are written.
func materialOf(t reflect.Type) []int {
	if is, ok := materials.Load(t); ok {
		return is.([]int)
	}
	var out []int
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() && !immaterial[f.Name] {
			out = append(out, i)
		}
	}
	materials.Store(t, out)
	return out
}

func compareText(a, b string) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// encoded writes JSON, in which times are text.
func (c *canon) encoded(b []byte) {
	var v any
	if len(b) == 0 || json.Unmarshal(b, &v) != nil {
		c.text(string(b))
		return
	}
	c.decoded(v)
}

func (c *canon) decoded(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			c.text(k)
			c.decoded(v[k])
		}
	case []any:
		c.number(int64(len(v)))
		for _, e := range v {
			c.decoded(e)
		}
	case string:
		if t, err := time.Parse(time.RFC3339Nano, v); len(v) >= 20 && err == nil {
			c.at(t)
			return
		}
		c.text(v)
	case float64:
		c.number(int64(v))
	case bool:
		c.number(map[bool]int64{true: 1}[v])
	}
}
