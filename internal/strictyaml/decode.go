package strictyaml

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Value is a type that reads itself from the node, and notes what is wrong with
// it in the reader.
type Value interface {
	ReadYAML(r *Reader, n *yaml.Node)
}

// Decode reads the file into the struct that into points to, by its yaml tags.
// What the file leaves out, or leaves empty, keeps the value it has. It knows
// structs, lists, maps by text, text, whole numbers, true and false, and Values.
// An error is a file that is not YAML; all other problems are in the File.
func Decode(file string, data []byte, into any) (*File, error) {
	root, err := Root(file, data)
	if err != nil {
		return nil, err
	}
	f := &File{Reader: Reader{name: file}, places: map[string]*yaml.Node{}}
	if root != nil {
		f.decode(root, "", reflect.ValueOf(into).Elem())
	}
	f.decoded = len(f.problems)
	return f, nil
}

func (f *File) decode(n *yaml.Node, path string, v reflect.Value) {
	if path != "" {
		f.places[path] = n
	}
	if Empty(n) {
		return
	}
	if self, ok := v.Addr().Interface().(Value); ok {
		self.ReadYAML(&f.Reader, n)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		f.decodeStruct(n, path, v)
	case reflect.Slice:
		f.decodeList(n, path, v)
	case reflect.Map:
		f.decodeMap(n, path, v)
	default:
		f.decodeScalar(n, v)
	}
}

func (f *File) decodeStruct(n *yaml.Node, path string, v reflect.Value) {
	readers := map[string]func(*yaml.Node){}
	for i := range v.NumField() {
		key := v.Type().Field(i).Tag.Get("yaml")
		readers[key] = func(n *yaml.Node) { f.decode(n, strings.TrimPrefix(path+"."+key, "."), v.Field(i)) }
	}
	f.Fields(n, readers)
}

func (f *File) decodeList(n *yaml.Node, path string, v reflect.Value) {
	list := reflect.MakeSlice(v.Type(), 0, len(n.Content))
	f.List(n, func(n *yaml.Node) {
		e := reflect.New(v.Type().Elem()).Elem()
		f.decode(n, fmt.Sprintf("%s[%d]", path, list.Len()), e)
		list = reflect.Append(list, e)
	})
	v.Set(list)
}

func (f *File) decodeMap(n *yaml.Node, path string, v reflect.Value) {
	m := reflect.MakeMap(v.Type())
	f.Mapping(n, func(key, n *yaml.Node) {
		e := reflect.New(v.Type().Elem()).Elem()
		f.decode(n, path+"."+key.Value, e)
		m.SetMapIndex(reflect.ValueOf(key.Value), e)
	})
	v.Set(m)
}

func (f *File) decodeScalar(n *yaml.Node, v reflect.Value) {
	var err error
	want := "text"
	switch {
	case v.Kind() == reflect.String && n.Kind == yaml.ScalarNode:
		v.SetString(n.Value)
	case v.Kind() == reflect.Int:
		var i int
		want = "a whole number"
		i, err = strconv.Atoi(n.Value)
		v.SetInt(int64(i))
	case v.Kind() == reflect.Bool:
		want = "true or false"
		err = n.Decode(v.Addr().Interface())
	default:
		err = fmt.Errorf("a %s", v.Kind())
	}
	if err != nil {
		f.Problem(n, "want %s, not %s", want, Describe(n))
	}
}
