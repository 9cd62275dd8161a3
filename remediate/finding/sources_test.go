package finding

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

const module = "../.." // from here

// A finding's state and what it owes are one write, and who may make which move is
// in one table. That holds as long as all moves are made in three files, and the
// outbox is changed in one.
func TestMovesAndTheOutboxAreMadeInTheirFilesAlone(t *testing.T) {
	moves, sets := 0, 0
	eachSource(t, func(name string, file *ast.File) {
		for _, line := range breaches(file, name, &moves, &sets) {
			t.Error(line)
		}
	})
	if moves < 15 || sets < 3 {
		t.Errorf("%d moves and %d changes of an outbox were seen: the test cannot fail", moves, sets)
	}
}

// TestABreachIsSeen shows the check what it has to find.
func TestABreachIsSeen(t *testing.T) {
	for source, want := range map[string]string{
		`func f(f Finding) Finding { return f.to(kept) }`:                    "makes a move",
		`func f(f Finding) func() { return f.to }`:                           "makes a move",
		`func f(f Finding) { f.Outbox = nil }`:                               "changes an outbox",
		`func f(f Finding) { f.State, f.Outbox = "", nil }`:                  "changes an outbox",
		`func f(f Finding) { f.Outbox[0] = "" }`:                             "changes an outbox",
		`func f() { _ = Finding{ID: "f", Outbox: nil} }`:                     "changes an outbox",
		`func f(f Finding) { f.State = "kept" }`:                             "sets a state",
		`func f(f Finding) { if f.State == "kept" { println(f.Outbox[0]) }}`: "",
	} {
		file, err := parser.ParseFile(token.NewFileSet(), "x.go", "package finding\n"+source, 0)
		if err != nil {
			t.Fatal(err)
		}
		var moves, sets int
		got := strings.Join(breaches(file, "remediate/finding/finding.go", &moves, &sets), "\n")
		if want == "" && got != "" || !strings.Contains(got, want) {
			t.Errorf("%s\nis said to: %q, want %q", source, got, want)
		}
	}
}

// eachSource goes through what the module is built of. Tests are left out, and the
// suite that every store passes, which makes findings up.
func eachSource(t *testing.T, do func(name string, file *ast.File)) {
	t.Helper()
	tree := os.DirFS(module)
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "storetest" || d.Name() == "bin"):
			return fs.SkipDir
		case d.IsDir(), !strings.HasSuffix(name, ".go"), strings.HasSuffix(name, "_test.go"):
			return nil
		}
		source, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.SkipObjectResolution)
		if err == nil {
			do(name, file)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// breaches are the moves, and the changes of an outbox or of a finding's state,
// that the file may not make; all that it makes are counted.
func breaches(file *ast.File, name string, moves, sets *int) (out []string) {
	in := func(files ...string) bool {
		return slices.ContainsFunc(files, func(f string) bool { return name == "remediate/finding/"+f })
	}
	inside := path.Dir(name) == "remediate/finding"
	set := func(e ast.Expr) {
		if i, ok := e.(*ast.IndexExpr); ok {
			e = i.X
		}
		switch s, _ := e.(*ast.SelectorExpr); {
		case s == nil:
		case s.Sel.Name == "Outbox":
			if *sets++; !in("outbox.go") {
				out = append(out, name+" changes an outbox, which is for remediate/finding/outbox.go")
			}
		case s.Sel.Name == "State" && inside && !in("to.go"):
			out = append(out, name+" sets a state, which is for remediate/finding/to.go")
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if n.Sel.Name != "to" || !inside {
				break
			}
			if *moves++; !in("begun.go", "answered.go", "applied.go") {
				out = append(out, name+" makes a move, which is for begun.go, answered.go and applied.go of remediate/finding")
			}
		case *ast.AssignStmt:
			for _, e := range n.Lhs {
				set(e)
			}
		case *ast.KeyValueExpr:
			if k, ok := n.Key.(*ast.Ident); ok && k.Name == "Outbox" {
				out = append(out, name+" changes an outbox, which is for remediate/finding/outbox.go")
			}
		}
		return true
	})
	return out
}
