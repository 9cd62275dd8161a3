package policies

import (
	"strings"
	"unicode"

	"cel.dev/cel-go/common"
	"go.yaml.in/yaml/v3"
)

// expressionProblem records a problem inside the text of a scalar at the place
// in the file where that text stands, whatever style it is written in.
func (s *source) expressionProblem(n *yaml.Node, at common.Location, format string, args ...any) {
	line, column := s.place(n, offset(n.Value, at))
	s.problemAt(line, column, s.excerpt(line, column), format, args...)
}

// offset is the number of characters of text before a place in it.
func offset(text string, at common.Location) int {
	chars := 0
	lines := strings.SplitAfter(text, "\n")
	for i := 0; i < at.Line()-1 && i < len(lines); i++ {
		chars += len([]rune(lines[i]))
	}
	return chars + max(at.Column(), 0)
}

// place finds where a character of a scalar's value stands in the file. YAML
// folds, indents and quotes, but drops and invents nothing except white space
// and escapes, so the nth printed character of the value is the nth printed
// character of the text in the file.
func (s *source) place(n *yaml.Node, offset int) (line, column int) {
	skip := 0
	for i, r := range []rune(n.Value) {
		if i == offset {
			break
		}
		if !unicode.IsSpace(r) {
			skip++
		}
	}
	line, column = n.Line, n.Column
	switch {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		line, column = n.Line+1, 1
	case n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		column++
	}
	for ; line >= 1 && line <= len(s.lines); line, column = line+1, 1 {
		text := []rune(s.lines[line-1])
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
