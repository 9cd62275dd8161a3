package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestTheOperationsDocsNameEveryReasonForDoingLess reads the reasons out of the
// code: whatever returns a lower decision returns the sentence that stands on the
// card, and somebody at night looks for its words in docs/operations.md.
func TestTheOperationsDocsNameEveryReasonForDoingLess(t *testing.T) {
	doc, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	reasons := reasonsInCode(t, "../../remediate")
	if len(reasons) < 10 {
		t.Fatalf("found %d reasons, want at least 10: %q", len(reasons), reasons)
	}
	for _, r := range reasons {
		if !strings.Contains(string(doc), r) {
			t.Errorf("docs/operations.md does not say what to do about %q", r)
		}
	}
}

func TestTheAuditDocsExplainEveryClassOfRefusal(t *testing.T) {
	doc, err := os.ReadFile("../../docs/audit.md")
	if err != nil {
		t.Fatal(err)
	}
	var code []byte
	for _, name := range sources(t, "../../remediate") {
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		code = append(code, b...)
	}
	classes := regexp.MustCompile(`RefusedClass = "([a-z-]+)"`).FindAllStringSubmatch(string(code), -1)
	if len(classes) < 10 {
		t.Fatalf("found %d classes, want at least 10", len(classes))
	}
	for _, c := range classes {
		if !strings.Contains(string(doc), "`"+c[1]+"`") {
			t.Errorf("docs/audit.md does not explain `%s`", c[1])
		}
	}
}

// reasonsInCode lists how the sentences begin that are returned beside a
// decision, up to what differs from finding to finding.
func reasonsInCode(t *testing.T, dir string) []string {
	t.Helper()
	files := sources(t, dir)
	var out []string
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ReturnStmt: // return Ask, "why"
				if len(n.Results) >= 2 && decides(n.Results[0]) {
					out = append(out, beginning(n.Results[1])...)
				}
			case *ast.CallExpr: // g.lower(Ask, "why")
				if len(n.Args) == 2 && decides(n.Args[0]) {
					out = append(out, beginning(n.Args[1])...)
				}
			case *ast.BasicLit: // "rate: ..."
				if m := reasonWord.FindStringSubmatch(n.Value); m != nil {
					out = append(out, m[1])
				}
			}
			return true
		})
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// sources are the Go files in and below the directory, but for tests.
func sources(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, ".go") && !strings.HasSuffix(path, "_test.go") {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// reasonWord are the words that begin a reason wherever it is made up.
var reasonWord = regexp.MustCompile(`^"(stale|rate|fight|paused|held up|Cloud Logging has [a-z ]+|the entry [a-z ]+ in Cloud Logging): ?`)

func decides(e ast.Expr) bool {
	if sel, ok := e.(*ast.SelectorExpr); ok { // judge.Ask
		e = sel.Sel
	}
	id, ok := e.(*ast.Ident)
	return ok && slices.Contains([]string{"Ask", "Report", "DoNothing", "Waiting"}, id.Name)
}

// beginning is the first text of an expression, before its first verb or colon.
func beginning(e ast.Expr) (out []string) {
	ast.Inspect(e, func(n ast.Node) bool {
		l, ok := n.(*ast.BasicLit)
		if !ok || l.Kind != token.STRING || len(out) > 0 {
			return true
		}
		s, _ := strconv.Unquote(l.Value)
		s, _, _ = strings.Cut(s, "%")
		if word, _, ok := strings.Cut(s, ":"); ok {
			s = word
		}
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
		return true
	})
	return out
}
