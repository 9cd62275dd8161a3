package policies

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// keys says how each key of a map is read.
type keys map[string]func(*yaml.Node)

// object reads a map. It reports unknown and repeated keys and the required
// ones that are missing.
func (s *source) object(n *yaml.Node, what string, known keys, required ...string) {
	if s.shape != nil {
		s.shape.object(known, required)
		return
	}
	if n.Kind != yaml.MappingNode {
		s.problem(n, "%s is %s, want a map", what, kindOf(n))
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		read, ok := known[key.Value]
		switch {
		case key.Kind != yaml.ScalarNode || !ok:
			s.problem(key, "%s has an unknown key %q%s", what, key.Value, suggest(key.Value, slices.Collect(maps.Keys(known))))
		case seen[key.Value] > 0:
			s.problem(key, "%s has the key %q twice; it is also on line %d", what, key.Value, seen[key.Value])
		default:
			seen[key.Value] = key.Line
			read(value)
		}
	}
	for _, k := range required {
		if seen[k] == 0 {
			s.problem(n, "%s has no %q", what, k)
		}
	}
}

// each reads a map whose keys are free.
func (s *source) each(what string, read func(key string, value *yaml.Node)) func(*yaml.Node) {
	return func(n *yaml.Node) {
		known := keys{}
		for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
			key := n.Content[i].Value
			known[key] = func(n *yaml.Node) { read(key, n) }
		}
		s.object(n, what, known)
	}
}

// dictionary reads a map of text by text.
func (s *source) dictionary(what string, dst map[string]string) func(*yaml.Node) {
	return s.each(what, func(key string, n *yaml.Node) {
		var v string
		s.text("an entry of "+what, &v)(n)
		dst[key] = v
	})
}

func (s *source) list(n *yaml.Node, what string, read func(*yaml.Node)) {
	if s.shape != nil {
		s.shape.list(read)
		return
	}
	if n.Kind != yaml.SequenceNode {
		s.problem(n, "%s is %s, want a list", what, kindOf(n))
		return
	}
	for _, c := range n.Content {
		read(c)
	}
}

// text reads a string into dst. It must not be empty.
func (s *source) text(what string, dst *string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		switch {
		case s.shape != nil:
			s.shape.text()
		case n.Kind != yaml.ScalarNode || n.Tag != "!!str":
			s.problem(n, "%s is %s, want text", what, kindOf(n))
		case strings.TrimSpace(n.Value) == "":
			s.problem(n, "%s is empty", what)
		default:
			*dst = n.Value
		}
	}
}

func (s *source) texts(what string, dst *[]string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		*dst = []string{}
		s.list(n, what, func(n *yaml.Node) {
			var t string
			if s.text("an entry of "+what, &t)(n); t != "" {
				*dst = append(*dst, t)
			}
		})
	}
}

// date reads a day as its first moment in UTC.
func (s *source) date(what string, dst *time.Time) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if s.shape != nil {
			s.shape.date()
			return
		}
		t, err := time.Parse(time.DateOnly, n.Value)
		if n.Kind != yaml.ScalarNode || err != nil {
			s.problem(n, "%s is %s, want a date like 2027-03-31", what, shown(n))
			return
		}
		*dst = t
	}
}

// word reads one of a fixed set of words.
func word[T ~string](s *source, what string, dst *T, allowed ...T) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if s.shape != nil {
			s.shape.word(asStrings(allowed))
			return
		}
		if n.Kind == yaml.ScalarNode && slices.Contains(allowed, T(n.Value)) {
			*dst = T(n.Value)
			return
		}
		hint := ""
		if len(allowed) > 1 {
			hint = suggest(n.Value, asStrings(allowed))
		}
		s.problem(n, "%s is %s, want %s%s", what, shown(n), oneOf(allowed), hint)
	}
}

// words reads a list of such words, each at most once.
func words[T ~string](s *source, what string, dst *[]T, allowed ...T) func(*yaml.Node) {
	return func(n *yaml.Node) {
		s.list(n, what, func(n *yaml.Node) {
			var w T
			switch word(s, "an entry of "+what, &w, allowed...)(n); {
			case w == "":
			case slices.Contains(*dst, w):
				s.problem(n, "%s names %q twice", what, w)
			default:
				*dst = append(*dst, w)
			}
		})
	}
}

func oneOf[T ~string](ws []T) string {
	quoted := make([]string, len(ws))
	for i, w := range ws {
		quoted[i] = strconv.Quote(string(w))
	}
	if len(quoted) == 1 {
		return quoted[0]
	}
	last := len(quoted) - 1
	return strings.Join(quoted[:last], ", ") + " or " + quoted[last]
}

func asStrings[T ~string](ws []T) []string {
	out := make([]string, len(ws))
	for i, w := range ws {
		out[i] = string(w)
	}
	return out
}

// shown is the node in a message: its value if it is one, else what it is.
func shown(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode && n.Tag != "!!null" && len(n.Value) <= 80 {
		return strconv.Quote(n.Value)
	}
	return kindOf(n)
}

func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a map"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.Tag {
	case "!!null":
		return "empty"
	case "!!bool":
		return "a boolean"
	case "!!int", "!!float":
		return "a number"
	case "!!timestamp":
		return "a date"
	}
	return fmt.Sprintf("text of %d characters", len([]rune(n.Value)))
}
