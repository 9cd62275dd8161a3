package strictyaml

import (
	"cmp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// File is a file that was decoded: its problems, and where each value stands,
// so that what is found wrong with a value later has its place too.
type File struct {
	Reader
	places  map[string]*yaml.Node // by path: "scope.include[0]"
	decoded int                   // how many problems decoding found
}

// ProblemAt notes something that is wrong with the value at the path, or, where
// the file does not have it, with the nearest one above. A value that could not
// be decoded gets no second problem: it would only follow from the first.
func (f *File) ProblemAt(path, format string, args ...any) {
	n, found := f.place(path)
	for _, p := range f.problems[:f.decoded] {
		if found && p.line == n.Line && p.column == n.Column {
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

// Err returns all problems in the order of their places; nil for none.
func (f *File) Err() error {
	slices.SortStableFunc(f.problems, func(a, b problem) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.column, b.column))
	})
	return f.Reader.Err()
}
