package policies

import (
	"errors"
	"fmt"
	"reflect"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
)

// objectType is a CEL type with typed, read-only fields. Fields are functions
// and not Go struct fields because a field may turn out to be unknown.
type objectType struct {
	cel    *cel.Type
	fields map[string]*types.FieldType
}

// object is a CEL value of an objectType: the data it shows, and the
// evaluation that its fields take facts from.
type object struct {
	t    *objectType
	e    *evaluation
	data any
}

// data is what an object shows; every object of one type shows the same Go type.
func data[T any](o *object) T {
	v, _ := o.data.(T)
	return v
}

// Value returns the object itself, which is what field getters are given.
func (o *object) Value() any { return o }

// Type returns the CEL type.
func (o *object) Type() ref.Type { return o.t.cel }

// Equal compares what two objects show.
func (o *object) Equal(other ref.Val) ref.Val {
	p, ok := other.(*object)
	if !ok || p.t != o.t {
		return types.False
	}
	if a, ok := o.data.(*shownGrant); ok {
		b, ok := p.data.(*shownGrant)
		return types.Bool(ok && sameShown(o.t, a, b))
	}
	return types.Bool(p.data == o.data)
}

// Shown is what an object is known by; empty for one that has nothing to show
// but its fields.
func (o *object) Shown() string {
	switch o.t {
	case grantType:
		return ofGrant(o).String()
	case memberType:
		return string(ofGrant(o).Member)
	case roleType:
		return ofGrant(o).Role
	}
	return ""
}

// ConvertToNative refuses: nothing outside this package reads an object.
func (o *object) ConvertToNative(t reflect.Type) (any, error) {
	return nil, fmt.Errorf("%s is not a %s", o.t.cel.TypeName(), t)
}

// ConvertToType knows only the object's own type.
func (o *object) ConvertToType(t ref.Type) ref.Val {
	switch t.TypeName() {
	case o.t.cel.TypeName():
		return o
	case types.TypeType.TypeName():
		return o.t.cel
	}
	return types.NewErr("%s cannot be converted to %s", o.t.cel.TypeName(), t.TypeName())
}

// field describes one field by its CEL type and how it is read.
func field(t *cel.Type, get func(*object) ref.Val) *types.FieldType {
	return &types.FieldType{
		Type:  t,
		IsSet: func(any) bool { return true },
		GetFrom: func(v any) (any, error) {
			switch v := v.(type) {
			case *object:
				return get(v), nil
			case *types.Unknown: // a field of something unknown is as unknown
				return v, nil
			}
			return nil, fmt.Errorf("no field of %T", v)
		},
	}
}

func text(get func(*object) string) *types.FieldType {
	return field(cel.StringType, func(o *object) ref.Val { return types.String(get(o)) })
}

func flag(get func(*object) bool) *types.FieldType {
	return field(cel.BoolType, func(o *object) ref.Val { return types.Bool(get(o)) })
}

func stringList(ss []string) ref.Val { return types.NewStringList(types.DefaultTypeAdapter, ss) }

// provider tells CEL of the object types; all else it knows already.
type provider struct {
	types.Provider
	objects map[string]*objectType
}

// FindStructType finds an object type by name.
func (p provider) FindStructType(name string) (*types.Type, bool) {
	if t, ok := p.objects[name]; ok {
		return types.NewTypeTypeWithParam(t.cel), true
	}
	return p.Provider.FindStructType(name)
}

// FindStructFieldNames lists an object type's fields.
func (p provider) FindStructFieldNames(name string) ([]string, bool) {
	t, ok := p.objects[name]
	if !ok {
		return p.Provider.FindStructFieldNames(name)
	}
	var names []string
	for f := range t.fields {
		names = append(names, f)
	}
	return names, true
}

// FindStructFieldType finds one field of an object type.
func (p provider) FindStructFieldType(name, field string) (*types.FieldType, bool) {
	if t, ok := p.objects[name]; ok {
		f, ok := t.fields[field]
		return f, ok
	}
	return p.Provider.FindStructFieldType(name, field)
}

// NewValue refuses to make objects: a policy reads the change, it does not
// invent one.
func (p provider) NewValue(name string, fields map[string]ref.Val) ref.Val {
	if _, ok := p.objects[name]; ok {
		return types.WrapErr(errors.New(name + " cannot be constructed"))
	}
	return p.Provider.NewValue(name, fields)
}
