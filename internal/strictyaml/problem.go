package strictyaml

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Problem is one thing wrong in a file, and where.
type Problem struct {
	File    string
	Line    int // from 1
	Column  int // from 1, in characters
	Message string
	// Excerpt is the line of the file and a caret below the place; empty
	// where it would say nothing.
	Excerpt string
}

// Error is "file:line:column: message", with the excerpt on the lines after it.
func (p *Problem) Error() string {
	s := fmt.Sprintf("%s:%d:%d: %s", p.File, p.Line, p.Column, p.Message)
	if p.Excerpt != "" {
		s += "\n" + p.Excerpt
	}
	return s
}

// maxProblems bounds what one file can make us print.
const maxProblems = 100

// Problem notes something that is wrong with the node.
func (r *Reader) Problem(at *yaml.Node, format string, args ...any) {
	r.problemAt(max(at.Line, 1), max(at.Column, 1), "", format, args...)
}

// ProblemWithin notes something that is wrong with the text of a scalar, from
// its character at offset on, and shows the line.
func (r *Reader) ProblemWithin(n *yaml.Node, offset int, format string, args ...any) {
	line, column := r.Within(n, offset)
	r.problemAt(line, column, r.excerpt(line, column), format, args...)
}

func (r *Reader) problemAt(line, column int, excerpt, format string, args ...any) {
	r.problems = append(r.problems, &Problem{r.name, line, column, fmt.Sprintf(format, args...), excerpt})
}

// Problems lists all problems in the order of the file. Of very many the last
// one says how many more there are.
func (r *Reader) Problems() []*Problem {
	slices.SortStableFunc(r.problems, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	if len(r.problems) <= maxProblems {
		return r.problems
	}
	next := r.problems[maxProblems]
	rest := fmt.Sprintf("and %d more problems from here on", len(r.problems)-maxProblems)
	return append(r.problems[:maxProblems:maxProblems], &Problem{r.name, next.Line, next.Column, rest, ""})
}

// Err is all Problems, a line each, joined together; nil for none.
func (r *Reader) Err() error {
	var errs []error
	for _, p := range r.Problems() {
		errs = append(errs, p)
	}
	return errors.Join(errs...)
}

// excerpt shows a line of the file with a caret under a column.
func (r *Reader) excerpt(line, column int) string {
	lines := r.text()
	if line < 1 || line > len(lines) {
		return ""
	}
	text := []rune(strings.TrimRight(lines[line-1], "\r"))
	const width = 200 // a longer line is no help
	if column > len(text)+1 || len(text) > width {
		return ""
	}
	indent := strings.Map(func(r rune) rune {
		if r == '\t' {
			return r
		}
		return ' '
	}, string(text[:column-1]))
	return "  | " + string(text) + "\n  | " + indent + "^"
}
