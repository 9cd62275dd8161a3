package arch_test

import (
	"bytes"
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// mostTied is how many files of one package may lean on each other in a circle: a
// record and what it is made of. Where more do, what any of them is about can be
// told only with all the others.
const mostTied = 5

// tied are the packages in which more files do, with how many. They may only get
// fewer: each is one model, of which the parts know each other.
var tied = map[string]int{
	"cmd/rescind":                  7,  // the policy commands, which share their options
	"cmd/rescind/internal/process": 11, // an App and what it is put together from
	"internal/sim":                 21, // one model of Google Cloud behind all its faces
	"internal/sim/slack":           8,  // likewise
	"policies":                     21, // the language: an expression's objects hold objects
	"remediate/finding":            8,  // one record, of which each file is a side
	"remediate/judge":              10, // a judgement holds a plan, a plan is judged
}

func TestFilesOfDifferentConcernsDoNotLeanOnEachOther(t *testing.T) {
	packages := map[string][]string{}
	for name := range sources(t) {
		if !strings.HasSuffix(name, "_test.go") {
			packages[path.Dir(name)] = append(packages[path.Dir(name)], name)
		}
	}
	for _, pkg := range slices.Sorted(maps.Keys(packages)) {
		largest := []string{}
		for _, c := range circles(leanings(t, packages[pkg])) {
			if len(c) > len(largest) {
				largest = c
			}
		}
		most, known := tied[pkg]
		switch {
		case known && len(largest) < most:
			t.Errorf("%s: the largest circle has %d files by now, and %d are noted: note that", pkg, len(largest), most)
		case len(largest) > max(most, mostTied):
			t.Errorf("%s: %d files lean on each other in a circle, and %d may: %s", pkg, len(largest), max(most, mostTied), strings.Join(largest, " "))
		}
	}
}

// leanings says which file of a package names what others declare; a method counts
// for nothing, as it stands wherever its type's files are.
func leanings(t *testing.T, names []string) map[string][]string {
	t.Helper()
	fset := token.NewFileSet()
	var files []*ast.File
	for _, name := range names {
		f, err := parser.ParseFile(fset, root+"/"+name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	// What other packages hold is of no matter here, so errors about it are none.
	check := types.Config{Error: func(error) {}, Importer: unread{}}
	pkg, _ := check.Check("p", fset, files, info)
	out := map[string][]string{}
	for id, o := range info.Uses {
		if o.Pkg() != pkg || o.Parent() != pkg.Scope() {
			continue
		}
		from, to := path.Base(fset.Position(id.Pos()).Filename), path.Base(fset.Position(o.Pos()).Filename)
		if from != to && !slices.Contains(out[from], to) {
			out[from] = append(out[from], to)
		}
	}
	return out
}

// unread is an importer for which every package is empty.
type unread struct{}

func (unread) Import(name string) (*types.Package, error) {
	p := types.NewPackage(name, path.Base(name))
	p.MarkComplete()
	return p, nil
}

// circles are the sets of two and more from each of which all the others can be
// reached, each sorted.
func circles(to map[string][]string) [][]string {
	reach := map[string]map[string]bool{}
	for from := range to {
		reach[from] = map[string]bool{}
		for next := slices.Clone(to[from]); len(next) > 0; next = next[1:] {
			if !reach[from][next[0]] {
				reach[from][next[0]] = true
				next = append(next, to[next[0]]...)
			}
		}
	}
	var out [][]string
	for _, a := range slices.Sorted(maps.Keys(to)) {
		var with []string
		for b := range reach[a] {
			if reach[b][a] {
				with = append(with, b)
			}
		}
		slices.Sort(with)
		if len(with) > 1 && with[0] == a {
			out = append(out, with)
		}
	}
	slices.SortFunc(out, func(a, b []string) int { return cmp.Compare(len(b), len(a)) })
	return out
}

func TestACircleIsFound(t *testing.T) {
	got := circles(map[string][]string{"a": {"b"}, "b": {"c"}, "c": {"a", "d"}, "d": {"e"}, "e": {"d"}, "f": {"a"}})
	if len(got) != 2 || strings.Join(got[0], " ") != "a b c" || strings.Join(got[1], " ") != "d e" {
		t.Errorf("circles %q, want a b c, and d e", got)
	}
}

// sources are the module's files of Go, from its root, with how many lines each has.
func sources(t *testing.T) map[string]int {
	t.Helper()
	out := map[string]int{}
	tree := os.DirFS(root)
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name != "." && strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go"):
			return nil
		}
		b, err := fs.ReadFile(tree, name)
		out[name] = bytes.Count(b, []byte("\n"))
		return err
	})
	if err != nil {
		t.Fatalf("read the sources: %v", err)
	}
	return out
}
