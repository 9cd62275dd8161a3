// Package mutate rewrites Go source so that one program holds many mutants of
// itself, of which an environment variable brings one to life: each guard
// inverted, each arrow of a table taken out. They are compiled once, with the
// overlay of the go command, so that no file of the tree is touched.
//
// It promises that a program without a live mutant does what the source says, and
// that a mutant has the same name as long as its file, function and text stay. It
// knows guards by their syntax: the conditions of if, of a case without a tag, and
// what a function returns that returns one bool.
package mutate

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strings"
)

// Variable names the environment variable that holds the number of the live mutant.
const Variable = "RESCIND_MUTANT"

// Mutant is one change to a program.
type Mutant struct {
	ID   int    // its number, from 1
	Name string // "remediate/desk/undo.go: Desk.undo: if err == nil"
	Line int
}

// File rewrites the source of one file, named by its path within the module, so
// that it holds a mutant of each of its guards, numbered from first on.
func File(name string, src []byte, first int) ([]byte, []Mutant, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, name, src, parser.ParseComments)
	if err != nil {
		return nil, nil, fmt.Errorf("mutate %s: %w", name, err)
	}
	m := mutation{name: name, src: src, fset: fset, next: first, named: map[string]int{}}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			m.function(d)
		case *ast.GenDecl:
			m.tables(d)
		}
	}
	return m.rewritten(), m.mutants, nil
}

// Support is a file for the package of that import path: what the rewritten files
// of the package call.
func Support(pkg string) []byte {
	return fmt.Appendf(nil, `package %s

import (
	"os"
	"strconv"
)

var mutantLive, _ = strconv.Atoi(os.Getenv(%q))

func mutantGuard(id int, is bool) bool { return is != (id == mutantLive) }

func mutantTable[T any](first int, all []T) []T {
	if i := mutantLive - first; i >= 0 && i < len(all) {
		return append(all[:i:i], all[i+1:]...)
	}
	return all
}
`, path.Base(pkg), Variable)
}

// mutation is the rewriting of one file.
type mutation struct {
	name    string
	src     []byte
	fset    *token.FileSet
	next    int
	named   map[string]int // how often a name was given
	edits   []edit
	mutants []Mutant
}

// edit puts text in front of a place of the source.
type edit struct {
	at   int
	text string
}

func (m *mutation) offset(p token.Pos) int { return m.fset.Position(p).Offset }

// text is the source of a node, in one line.
func (m *mutation) text(n ast.Node) string {
	return strings.Join(strings.Fields(string(m.src[m.offset(n.Pos()):m.offset(n.End())])), " ")
}

// add makes a mutant and returns its number. Of several with the same text in one
// function the later ones have a number in their names.
func (m *mutation) add(n ast.Node, where, what string) int {
	name := fmt.Sprintf("%s: %s: %s", m.name, where, what)
	if m.named[name]++; m.named[name] > 1 {
		name += fmt.Sprintf(" (%d)", m.named[name])
	}
	id := m.next
	m.next++
	m.mutants = append(m.mutants, Mutant{id, name, m.fset.Position(n.Pos()).Line})
	return id
}

// wrap puts the node into a call.
func (m *mutation) wrap(n ast.Node, call string) {
	m.edits = append(m.edits, edit{m.offset(n.Pos()), call}, edit{m.offset(n.End()), ")"})
}

// rewritten is the source with all edits. Of two at one place the one that was made
// first is the outer one where they open, and the inner one where they close.
func (m *mutation) rewritten() []byte {
	slices.SortStableFunc(m.edits, func(a, b edit) int { return a.at - b.at })
	var out []byte
	at := 0
	for _, e := range m.edits {
		out = append(append(out, m.src[at:e.at]...), e.text...)
		at = e.at
	}
	return append(out, m.src[at:]...)
}
