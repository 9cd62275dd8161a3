package policies

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Problem is one thing wrong in a policy file, and where.
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

// source is one file being read, and the problems found in it so far.
type source struct {
	name     string
	lines    []string
	problems []*Problem
	// shape, when set, takes down what a file may hold in place of reading
	// one: the schema is made by the parser itself.
	shape *shape
}

func newSource(f File) *source {
	return &source{name: f.Name, lines: strings.Split(string(f.Data), "\n")}
}

// problem records what is wrong at a node.
func (s *source) problem(n *yaml.Node, format string, args ...any) {
	s.problemAt(max(n.Line, 1), max(n.Column, 1), "", format, args...)
}

func (s *source) problemAt(line, column int, excerpt, format string, args ...any) {
	s.problems = append(s.problems, &Problem{s.name, line, column, fmt.Sprintf(format, args...), excerpt})
}

// errors lists the problems in the order of the file.
func (s *source) errors() []error {
	slices.SortStableFunc(s.problems, func(a, b *Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	var out []error
	for i, p := range s.problems {
		if i == maxProblems {
			rest := fmt.Sprintf("and %d more problems from here on", len(s.problems)-maxProblems)
			return append(out, &Problem{s.name, p.Line, p.Column, rest, ""})
		}
		out = append(out, p)
	}
	return out
}

// excerpt shows a line of the file with a caret under a column.
func (s *source) excerpt(line, column int) string {
	if line < 1 || line > len(s.lines) {
		return ""
	}
	text := []rune(strings.TrimRight(s.lines[line-1], "\r"))
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

// suggest returns `; did you mean "x"?` for the candidate nearest to a
// misspelt word, empty when none is near.
func suggest(word string, candidates []string) string {
	best, bestDistance := "", len([]rune(word))/3+1
	slices.Sort(candidates)
	for _, c := range candidates {
		if d := distance(strings.ToLower(word), strings.ToLower(c)); d <= bestDistance && (best == "" || d < bestDistance) {
			best, bestDistance = c, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", best)
}

// distance is the number of single-character edits between two short words.
func distance(a, b string) int {
	const long = 64 // no name is so long that a suggestion would help
	ra, rb := []rune(a), []rune(b)
	if len(ra) > long || len(rb) > long {
		return long
	}
	row := make([]int, len(rb)+1)
	for j := range row {
		row[j] = j
	}
	for i := range ra {
		previous := row[0]
		row[0] = i + 1
		for j := range rb {
			cost := previous
			if ra[i] != rb[j] {
				cost++
			}
			previous = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(rb)]
}
