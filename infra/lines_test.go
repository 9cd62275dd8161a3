package infra_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"log/slog"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// logged is one call that logs a message.
type logged struct {
	level string   // as Cloud Logging has it
	keys  []string // of its attributes
}

// levels are those of the methods that log, by how their names begin.
var levels = map[string]string{"Error": "ERROR", "Warn": "WARNING", "Info": "INFO"}

// everyLine is what the program logs, by the message.
func everyLine(t *testing.T) map[string][]logged {
	t.Helper()
	out := map[string][]logged{}
	tree := os.DirFS("..")
	err := fs.WalkDir(tree, ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (name != "." && strings.HasPrefix(d.Name(), ".") || name == "tools" || name == "internal/sim"):
			return fs.SkipDir
		case d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		f, err := parser.ParseFile(token.NewFileSet(), "../"+name, nil, 0)
		if err != nil {
			return err
		}
		ast.Inspect(f, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if message, line, ok := lineOf(call); ok {
					out[message] = append(out[message], line)
				}
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// lineOf reads a call such as log.ErrorContext(ctx, "alarm", "said", text).
func lineOf(call *ast.CallExpr) (message string, line logged, ok bool) {
	method, ok := call.Fun.(*ast.SelectorExpr)
	if !ok {
		return "", logged{}, false
	}
	for name, level := range levels {
		if method.Sel.Name == name || method.Sel.Name == name+"Context" {
			line.level = level
		}
	}
	for _, arg := range call.Args {
		l, isLiteral := arg.(*ast.BasicLit)
		if !isLiteral || l.Kind != token.STRING {
			continue
		}
		s, err := strconv.Unquote(l.Value)
		switch {
		case err != nil:
		case message == "":
			message = s
		default:
			line.keys = append(line.keys, s)
		}
	}
	return message, line, line.level != "" && message != ""
}

var (
	messages = regexp.MustCompile(`jsonPayload\.message=(?:\(([^)]*)\)|("[^"]*"))`)
	severity = regexp.MustCompile(`severity="([A-Z]+)"`)
	keys     = regexp.MustCompile(`jsonPayload\.(\w+)`)
	inQuotes = regexp.MustCompile(`"([^"]*)"`)
)

// filters are those of the log-based metrics, but for the part that says whose lines
// they are.
func filters(t *testing.T) (out []string) {
	t.Helper()
	for _, b := range module(t, ".") {
		if b.file != "alerts.tf" {
			continue
		}
		for _, s := range literals(b.Body) {
			if strings.Contains(s, "jsonPayload.message=") {
				out = append(out, s)
			}
		}
	}
	if len(out) < 5 {
		t.Fatalf("%d filters: is this test still looking for them?", len(out))
	}
	return out
}

// An alert on words that nobody logs is silent, and looks like peace.
func TestEveryFilterOfAnAlertMatchesLinesThatAreLogged(t *testing.T) {
	lines := everyLine(t)
	for _, filter := range filters(t) {
		var said []string
		for _, m := range messages.FindAllStringSubmatch(filter, -1) {
			for _, q := range inQuotes.FindAllStringSubmatch(m[1]+m[2], -1) {
				said = append(said, q[1])
			}
		}
		if len(said) == 0 {
			t.Errorf("%s names no message", filter)
		}
		for _, message := range said {
			if message == "audit" { // made by notify.LogTo, see below
				continue
			}
			if !slices.ContainsFunc(lines[message], func(l logged) bool { return matches(filter, l) }) {
				t.Errorf("%s\nno line %q is logged so, but %v", filter, message, lines[message])
			}
		}
	}
}

// matches reports whether a line has the severity and the keys that the filter asks for.
func matches(filter string, l logged) bool {
	if m := severity.FindStringSubmatch(filter); m != nil && m[1] != l.level {
		return false
	}
	for _, m := range keys.FindAllStringSubmatch(filter, -1) {
		if m[1] != "message" && !slices.Contains(l.keys, m[1]) {
			return false
		}
	}
	return true
}

func TestTheAlertOnRevertsMatchesTheAuditTrail(t *testing.T) {
	var filter string
	for _, f := range filters(t) {
		if strings.Contains(f, `message="audit"`) {
			filter = f
		}
	}
	for _, s := range []state.State{state.Failed, state.Blocked} {
		var out bytes.Buffer
		log := slog.New(slog.NewJSONHandler(&out, nil))
		if err := notify.LogTo(log)(t.Context(), []trail.Line{{Chain: "finding/f1", N: 4, Kind: string(s), Finding: "f1", What: "the plan"}}); err != nil {
			t.Fatal(err)
		}
		var line map[string]any
		if err := json.Unmarshal(out.Bytes(), &line); err != nil {
			t.Fatal(err)
		}
		if line["msg"] != "audit" || line["kind"] != string(s) || !strings.Contains(filter, strconv.Quote(string(s))) {
			t.Errorf("%s does not match %s", filter, out.String())
		}
	}
}
