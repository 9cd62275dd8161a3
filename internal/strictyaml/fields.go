package strictyaml

import (
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Keys says how the value of each key of a map is read.
type Keys map[string]func(*yaml.Node)

// Fields reads a map, which problems call what, by its known keys. A key that
// is not known, or there twice, is a problem, and so is a required one that is
// missing.
func (r *Reader) Fields(n *yaml.Node, what string, known Keys, required ...string) {
	if r.shape != nil {
		r.shape.fields(known, required)
		return
	}
	if n.Kind != yaml.MappingNode {
		r.Problem(n, "%s is %s, want a map", what, Kind(n))
		return
	}
	have := map[string]bool{}
	r.Entries(n, what, func(key, value *yaml.Node) {
		read, ok := known[key.Value]
		if !ok {
			r.unknownKey(key, what, known)
			return
		}
		have[key.Value] = true
		read(value)
	})
	for _, k := range required {
		if !have[k] {
			r.Problem(n, "%s has no %q", what, k)
		}
	}
}

func (r *Reader) unknownKey(key *yaml.Node, what string, known Keys) {
	names := slices.Sorted(maps.Keys(known))
	hint := Suggest(key.Value, names)
	if hint == "" {
		hint = ", want " + strings.Join(names, ", ")
	}
	r.Problem(key, "%s has an unknown key %q%s", what, key.Value, hint)
}

// Entries reads a map whose keys are the author's own: read is called for each
// key but the second of two equal ones, which is a problem.
func (r *Reader) Entries(n *yaml.Node, what string, read func(key, value *yaml.Node)) {
	if r.shape != nil {
		r.shape.entries(read)
		return
	}
	if n.Kind != yaml.MappingNode {
		r.Problem(n, "%s is %s, want a map", what, Kind(n))
		return
	}
	lines := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode:
			r.Problem(key, "a key of %s is %s, want text", what, Kind(key))
		case lines[key.Value] > 0:
			r.Problem(key, "%s has the key %q twice; it is also on line %d", what, key.Value, lines[key.Value])
		default:
			lines[key.Value] = key.Line
			read(key, value)
		}
	}
}

// List reads the elements of a list.
func (r *Reader) List(n *yaml.Node, what string, read func(*yaml.Node)) {
	switch {
	case r.shape != nil:
		r.shape.list(read)
	case n.Kind != yaml.SequenceNode:
		r.Problem(n, "%s is %s, want a list", what, Kind(n))
	default:
		for _, e := range n.Content {
			read(e)
		}
	}
}
