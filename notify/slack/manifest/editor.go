package manifest

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// editor changes a template by its keys. It keeps the first thing that the template
// lacks, and does nothing from then on.
type editor struct{ err error }

func (e *editor) lacks(format string, args ...any) *yaml.Node {
	if e.err == nil {
		e.err = fmt.Errorf(format, args...)
	}
	return &yaml.Node{}
}

// begin returns the top of the document, below a comment in place of its own.
func (e *editor) begin(doc *yaml.Node, comment string) *yaml.Node {
	if doc.Kind != yaml.DocumentNode || len(doc.Content) != 1 || len(doc.Content[0].Content) == 0 {
		return e.lacks("is no document of keys")
	}
	root := doc.Content[0]
	doc.HeadComment, root.HeadComment, root.Content[0].HeadComment = "", "", comment
	return root
}

// at is the value below the keys.
func (e *editor) at(n *yaml.Node, keys ...string) *yaml.Node {
	for _, k := range keys {
		i := index(n, k)
		if i < 0 {
			return e.lacks("has no %s of %v", k, keys)
		}
		n = n.Content[i+1]
	}
	return n
}

func (e *editor) first(list *yaml.Node) *yaml.Node {
	if len(list.Content) == 0 {
		return e.lacks("has an empty list")
	}
	return list.Content[0]
}

func (e *editor) set(n *yaml.Node, key, value string) { e.at(n, key).Value = value }

func (e *editor) drop(n *yaml.Node, key string) {
	i := index(n, key)
	if i < 0 {
		e.lacks("has no %s", key)
		return
	}
	n.Content = slices.Delete(n.Content, i, i+2)
}

// keep leaves those elements of a list that are wanted, and misses none of them.
func (e *editor) keep(list *yaml.Node, want []string) {
	list.Content = slices.DeleteFunc(list.Content, func(n *yaml.Node) bool { return !slices.Contains(want, n.Value) })
	if len(list.Content) != len(want) {
		e.lacks("does not have each of %v", want)
	}
}

// index is where a key stands in a mapping, or -1.
func index(n *yaml.Node, key string) int {
	if n.Kind != yaml.MappingNode {
		return -1
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return i
		}
	}
	return -1
}
