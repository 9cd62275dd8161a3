package strictyaml

import (
	"strings"
	"unicode"

	"go.yaml.in/yaml/v3"
)

// Within finds where the character at offset of a scalar's value stands in the
// file, whatever style it is written in. YAML folds, indents and quotes, but
// drops and invents nothing except white space and escapes, so the nth printed
// character of the value is the nth printed character of the text in the file.
func (r *Reader) Within(n *yaml.Node, offset int) (line, column int) {
	skip := 0
	for i, c := range []rune(n.Value) {
		if i == offset {
			break
		}
		if !unicode.IsSpace(c) {
			skip++
		}
	}
	lines := r.text()
	for line, column = begin(n); line >= 1 && line <= len(lines); line, column = line+1, 1 {
		text := []rune(lines[line-1])
		for i := column - 1; i >= 0 && i < len(text); i++ {
			if unicode.IsSpace(text[i]) {
				continue
			}
			if escapes(n, text, i) {
				i++
			}
			if skip == 0 {
				return line, i + 1
			}
			skip--
		}
	}
	return max(n.Line, 1), max(n.Column, 1)
}

// begin is where the text of a scalar begins, after what introduces it.
func begin(n *yaml.Node) (line, column int) {
	switch {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		return n.Line + 1, 1
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		return n.Line, n.Column + 1
	}
	return n.Line, n.Column
}

// escapes reports whether the character at i only announces the next one.
func escapes(n *yaml.Node, text []rune, i int) bool {
	switch {
	case i+1 >= len(text):
		return false
	case n.Style&yaml.DoubleQuotedStyle != 0:
		return text[i] == '\\'
	case n.Style&yaml.SingleQuotedStyle != 0:
		return text[i] == '\'' && text[i+1] == '\''
	}
	return false
}

// text is the file's lines.
func (r *Reader) text() []string {
	if r.lines == nil {
		r.lines = strings.Split(string(r.data), "\n")
	}
	return r.lines
}
