package skim

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strings"
	"sync"
)

// plan is how a type is read. read is nil for one that is left to encoding/json.
type plan struct {
	typ       reflect.Type
	read      reader
	takesNull bool  // read decides what null means
	of        *plan // what a pointer, slice or map is of
	names     []string
	fields    []field // of the names
}

// field is where a value goes: into a field of the struct, or one deeper.
type field struct {
	at   int
	deep []int
	plan *plan
}

// plans has the plan of each type that was asked for.
var plans sync.Map

func planOf(t reflect.Type) *plan {
	if p, ok := plans.Load(t); ok {
		if p, ok := p.(*plan); ok {
			return p
		}
	}
	p := planner{}.plan(t)
	plans.Store(t, p)
	return p
}

// planner makes the plan of a type, each type in it once: a type may hold itself.
type planner map[reflect.Type]*plan

var (
	rawType         = reflect.TypeFor[json.RawMessage]()
	anyType         = reflect.TypeFor[any]()
	unmarshaler     = reflect.TypeFor[json.Unmarshaler]()
	textUnmarshaler = reflect.TypeFor[encoding.TextUnmarshaler]()
)

func (ps planner) plan(t reflect.Type) *plan {
	if p, ok := ps[t]; ok {
		return p
	}
	p := &plan{typ: t}
	ps[t] = p
	switch to := reflect.PointerTo(t); {
	case t == rawType:
		p.read, p.takesNull = readRaw, true
	case t == anyType:
		p.read = readAny
	case t.Kind() != reflect.Pointer && to.Implements(unmarshaler):
		p.read, p.takesNull = readOwn, true
	case t.Kind() != reflect.Pointer && to.Implements(textUnmarshaler):
	default:
		ps.kind(p)
	}
	return p
}

func (ps planner) kind(p *plan) {
	switch p.typ.Kind() {
	case reflect.String:
		p.read = readString
	case reflect.Bool:
		p.read = readBool
	case reflect.Int, reflect.Int32, reflect.Int64:
		p.read = readInt
	case reflect.Pointer:
		p.of, p.read = ps.plan(p.typ.Elem()), p.readPointer
	case reflect.Slice:
		if p.typ.Elem().Kind() != reflect.Uint8 { // of bytes: base64
			p.of, p.read = ps.plan(p.typ.Elem()), p.readSlice
		}
	case reflect.Map:
		if p.typ == textsType {
			p.read = readTexts
			return
		}
		if k := p.typ.Key(); k.Kind() == reflect.String && !reflect.PointerTo(k).Implements(textUnmarshaler) {
			p.of, p.read = ps.plan(p.typ.Elem()), p.readMap
		}
	case reflect.Struct:
		if ps.structure(p) {
			p.read = p.readStruct
		}
	}
}

// structure finds the fields, and reports whether each name is of one alone.
func (ps planner) structure(p *plan) bool {
	folded := map[string]bool{}
	for _, f := range reflect.VisibleFields(p.typ) {
		tag, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && tag == "" && f.Type.Kind() == reflect.Struct:
			continue // its fields follow
		case f.Anonymous || strings.Contains(options, "string"):
			return false
		case !f.IsExported() || tag == "-":
			continue
		case tag == "":
			tag = f.Name
		}
		if fold := strings.ToLower(tag); folded[fold] || len(p.names) == 64 {
			return false
		} else if folded[fold] = true; !plainName(tag) {
			return false
		}
		p.names = append(p.names, tag)
		to := field{at: f.Index[0], plan: ps.plan(f.Type)}
		if len(f.Index) > 1 {
			to.deep = f.Index
		}
		p.fields = append(p.fields, to)
	}
	return true
}

func plainName(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return !plainText(r) && r != '@' && r != '/' })
}
