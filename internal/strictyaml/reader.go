package strictyaml

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Root returns the one document of the file, nil where the file is empty. Its
// error names the file and, where the parser knows it, the line.
func Root(file string, data []byte) (*yaml.Node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	err := dec.Decode(&doc)
	if errors.Is(err, io.EOF) {
		return nil, nil
	}
	if err != nil {
		return nil, syntaxError(file, err)
	}
	if err := dec.Decode(&second); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: more than one YAML document", file)
	}
	if Empty(doc.Content[0]) {
		return nil, nil
	}
	return doc.Content[0], nil
}

var parserError = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

// syntaxError puts the parser's line, which it leaves out where it is the
// first, next to the file's name.
func syntaxError(file string, err error) error {
	text := err.Error()
	m := parserError.FindStringSubmatch(text)
	if m == nil {
		return fmt.Errorf("%s: not YAML: %w", file, err)
	}
	line := m[1]
	if line == "" {
		line = "1"
	}
	return fmt.Errorf("%s:%s: not YAML: %s", file, line, strings.TrimPrefix(text, m[0]))
}

// Reader walks the nodes of one file and collects what is wrong with them.
type Reader struct {
	name     string
	problems []problem
}

type problem struct {
	line, column int
	text         string
}

// NewReader returns a reader for the file of that name.
func NewReader(file string) *Reader { return &Reader{name: file} }

// Problem notes something that is wrong with the node.
func (r *Reader) Problem(at *yaml.Node, format string, args ...any) {
	r.problems = append(r.problems, problem{at.Line, at.Column, fmt.Sprintf(format, args...)})
}

// Err returns all problems, a line each, as they were found; nil for none.
func (r *Reader) Err() error {
	var errs []error
	for _, p := range r.problems {
		errs = append(errs, fmt.Errorf("%s:%d:%d: %s", r.name, p.line, p.column, p.text))
	}
	return errors.Join(errs...)
}

// Fields calls the reader of each key; a key that has none is a problem.
func (r *Reader) Fields(n *yaml.Node, readers map[string]func(*yaml.Node)) {
	r.Mapping(n, func(k, v *yaml.Node) {
		if read, ok := readers[k.Value]; ok {
			read(v)
			return
		}
		known := slices.Sorted(maps.Keys(readers))
		if near := nearest(k.Value, known); near != "" {
			r.Problem(k, "unknown key %q; did you mean %q?", k.Value, near)
			return
		}
		r.Problem(k, "unknown key %q, want %s", k.Value, strings.Join(known, ", "))
	})
}

// Mapping calls visit for each key, the second of two equal ones excepted.
func (r *Reader) Mapping(n *yaml.Node, visit func(k, v *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		r.Problem(n, "want keys and values, not %s", Describe(n))
		return
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k, v := n.Content[i], n.Content[i+1]
		switch {
		case k.Kind != yaml.ScalarNode:
			r.Problem(k, "want a name as the key, not %s", Describe(k))
		case seen[k.Value]:
			r.Problem(k, "key %q is there twice", k.Value)
		default:
			seen[k.Value] = true
			visit(k, v)
		}
	}
}

// List calls visit for each element.
func (r *Reader) List(n *yaml.Node, visit func(*yaml.Node)) {
	if n.Kind != yaml.SequenceNode {
		r.Problem(n, "want a list, not %s", Describe(n))
		return
	}
	for _, e := range n.Content {
		visit(e)
	}
}

// Text reads a word; a number is one too, as project numbers are often written
// without quotes. No word is a problem.
func (r *Reader) Text(n *yaml.Node) string {
	if n.Kind != yaml.ScalarNode || n.Value == "" || Empty(n) {
		r.Problem(n, "want text, not %s", Describe(n))
		return ""
	}
	return n.Value
}

// Empty reports a value that was left out, as in "key:".
func Empty(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

// Describe says what stands there, for a problem that says what should.
func Describe(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys and values"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	}
	if Empty(n) || n.Value == "" {
		return "nothing"
	}
	return fmt.Sprintf("%q", n.Value)
}
