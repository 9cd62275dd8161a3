package strictyaml

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// The readers of scalars, and of lists of them, put what they read into dst
// and leave it as it is where that is a problem. Problems call the value what.

// Text reads text that is not blank. A number or a date is none: it takes quotes.
func (r *Reader) Text(what string, dst *string) func(*yaml.Node) {
	return r.textIf(what, dst, func(n *yaml.Node) bool { return n.Tag == "!!str" })
}

// AnyText reads whatever stands there as text, since project numbers are often
// written without quotes. A schema asks for the quotes.
func (r *Reader) AnyText(what string, dst *string) func(*yaml.Node) {
	return r.textIf(what, dst, func(n *yaml.Node) bool { return !empty(n) })
}

func (r *Reader) textIf(what string, dst *string, is func(*yaml.Node) bool) func(*yaml.Node) {
	return func(n *yaml.Node) {
		switch {
		case r.shape != nil:
			r.shape.text()
		case n.Kind != yaml.ScalarNode || !is(n):
			r.Problem(n, "%s is %s, want text", what, Kind(n))
		case strings.TrimSpace(n.Value) == "":
			r.Problem(n, "%s is empty", what)
		default:
			*dst = n.Value
		}
	}
}

// Texts reads a list of Text. One that is there is not nil, even if it is empty.
func (r *Reader) Texts(what string, dst *[]string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		*dst = []string{}
		r.List(n, what, func(n *yaml.Node) {
			var t string
			if r.Text("an entry of "+what, &t)(n); t != "" {
				*dst = append(*dst, t)
			}
		})
	}
}

// Dictionary reads a map of Text under keys of the author's own.
func (r *Reader) Dictionary(what string, dst map[string]string) func(*yaml.Node) {
	return func(n *yaml.Node) {
		r.Entries(n, what, func(key, n *yaml.Node) {
			var v string
			r.Text("an entry of "+what, &v)(n)
			dst[key.Value] = v
		})
	}
}

// Date reads a day as its first moment in UTC.
func (r *Reader) Date(what string, dst *time.Time) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if r.shape != nil {
			r.shape.date()
			return
		}
		t, err := time.Parse(time.DateOnly, n.Value)
		if n.Kind != yaml.ScalarNode || err != nil {
			r.Problem(n, "%s is %s, want a date like 2027-03-31", what, Describe(n))
			return
		}
		*dst = t
	}
}

// Word reads one of a fixed set of words.
func Word[T ~string](r *Reader, what string, dst *T, allowed ...T) func(*yaml.Node) {
	return func(n *yaml.Node) {
		if r.shape != nil {
			for _, w := range allowed {
				r.shape.word(string(w))
			}
			return
		}
		if n.Kind == yaml.ScalarNode && slices.Contains(allowed, T(n.Value)) {
			*dst = T(n.Value)
			return
		}
		hint := ""
		if len(allowed) > 1 {
			hint = Suggest(n.Value, allowed)
		}
		r.Problem(n, "%s is %s, want %s%s", what, Describe(n), OneOf(allowed), hint)
	}
}

// Words reads a list of such words, each at most once.
func Words[T ~string](r *Reader, what string, dst *[]T, allowed ...T) func(*yaml.Node) {
	return func(n *yaml.Node) {
		r.List(n, what, func(n *yaml.Node) {
			var w T
			switch Word(r, "an entry of "+what, &w, allowed...)(n); {
			case w == "":
			case slices.Contains(*dst, w):
				r.Problem(n, "%s names %q twice", what, w)
			default:
				*dst = append(*dst, w)
			}
		})
	}
}

// OneOf lists words for a sentence: `"a", "b" or "c"`.
func OneOf[T ~string](words []T) string {
	quoted := make([]string, len(words))
	for i, w := range words {
		quoted[i] = strconv.Quote(string(w))
	}
	last := max(len(quoted)-1, 0)
	return strings.TrimPrefix(strings.Join(quoted[:last], ", ")+" or "+strings.Join(quoted[last:], ""), " or ")
}

// Describe says what stands there: a scalar by its value, all else by its Kind.
func Describe(n *yaml.Node) string {
	if n.Kind == yaml.ScalarNode && !empty(n) && len(n.Value) <= 80 {
		return strconv.Quote(n.Value)
	}
	return Kind(n)
}

// Kind says of what kind a node is. It repeats no text: where a map or a list
// should be there may be a secret.
func Kind(n *yaml.Node) string {
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
	if length := len([]rune(n.Value)); length != 1 {
		return fmt.Sprintf("text of %d characters", length)
	}
	return "text of 1 character"
}
