package strictyaml

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Value is a type that reads itself from the node, and notes what is wrong with
// it in the reader. Problems call it what: the path to it.
type Value interface {
	// ReadYAML sets the value from the node.
	ReadYAML(r *Reader, what string, n *yaml.Node)
}

// File is a file that was decoded: its problems, and where each value stands,
// so that what is found wrong with a value later has its place too.
type File struct {
	Reader
	places  map[string]*yaml.Node // by path: "scope.include[0]"
	decoded int                   // how many problems decoding found
}

// Decode reads the file into the struct that into points to, by its yaml tags.
// What the file leaves out, or leaves empty, keeps the value it has. It knows
// structs, lists, maps by text, text, whole numbers, true and false, and Values.
// An error is a file that cannot be read, or has more than MaxBytes; all other
// problems are in the File.
func Decode(file string, data []byte, into any) (*File, error) {
	r, root := Open(file, data, MaxBytes)
	if err := r.Err(); err != nil {
		return nil, err
	}
	f := &File{Reader: *r, places: map[string]*yaml.Node{}}
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
	if empty(n) {
		return
	}
	if self, ok := v.Addr().Interface().(Value); ok {
		self.ReadYAML(&f.Reader, path, n)
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
		f.decodeScalar(n, path, v)
	}
}

func (f *File) decodeStruct(n *yaml.Node, path string, v reflect.Value) {
	known, what := Keys{}, path
	if path == "" {
		what = "the file"
	}
	for i := range v.NumField() {
		key := v.Type().Field(i).Tag.Get("yaml")
		known[key] = func(n *yaml.Node) { f.decode(n, strings.TrimPrefix(path+"."+key, "."), v.Field(i)) }
	}
	f.Fields(n, what, known)
}

func (f *File) decodeList(n *yaml.Node, path string, v reflect.Value) {
	list := reflect.MakeSlice(v.Type(), 0, len(n.Content))
	f.List(n, path, func(n *yaml.Node) {
		e := reflect.New(v.Type().Elem()).Elem()
		f.decode(n, fmt.Sprintf("%s[%d]", path, list.Len()), e)
		list = reflect.Append(list, e)
	})
	v.Set(list)
}

func (f *File) decodeMap(n *yaml.Node, path string, v reflect.Value) {
	m := reflect.MakeMap(v.Type())
	f.Entries(n, path, func(key, n *yaml.Node) {
		e := reflect.New(v.Type().Elem()).Elem()
		f.decode(n, path+"."+key.Value, e)
		m.SetMapIndex(reflect.ValueOf(key.Value), e)
	})
	v.Set(m)
}

func (f *File) decodeScalar(n *yaml.Node, path string, v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if n.Kind != yaml.ScalarNode {
			f.Problem(n, "%s is %s, want text", path, Kind(n))
			return
		}
		v.SetString(n.Value)
	case reflect.Int:
		i, err := strconv.Atoi(n.Value)
		if err != nil {
			f.Problem(n, "%s is %s, want a whole number", path, Describe(n))
			return
		}
		v.SetInt(int64(i))
	case reflect.Bool:
		if n.Decode(v.Addr().Interface()) != nil {
			f.Problem(n, "%s is %s, want true or false", path, Describe(n))
		}
	default:
		f.Problem(n, "%s cannot be read into a %s", path, v.Kind())
	}
}

// ProblemAt notes something that is wrong with the value at the path, or, where
// the file does not have it, with the nearest one above. A value that could not
// be decoded gets no second problem: it would only follow from the first.
func (f *File) ProblemAt(path, format string, args ...any) {
	n, found := f.place(path)
	for _, p := range f.problems[:f.decoded] {
		if found && p.Line == n.Line && p.Column == n.Column {
			return
		}
	}
	f.Problem(n, format, args...)
}

func (f *File) place(path string) (n *yaml.Node, found bool) {
	for path != "" {
		if n, ok := f.places[path]; ok {
			return n, true
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return &yaml.Node{Line: 1, Column: 1}, false
}
