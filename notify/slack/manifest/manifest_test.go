package manifest_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/notify/slack/manifest"
)

// scopesOf are what Slack's reference asks of a bot that calls a method; none for
// what every app may call, and for what takes an app-level token.
var scopesOf = map[string][]string{
	"apps.connections.open": nil,
	"chat.postEphemeral":    {"chat:write"},
	"chat.postMessage":      {"chat:write"},
	"chat.update":           {"chat:write"},
	"conversations.open":    {"im:write"},
	"usergroups.users.list": {"usergroups:read"},
	"users.info":            {"users:read", "users:read.email"}, // the second one for the mail in it
	"users.lookupByEmail":   {"users:read.email"},
	"views.open":            nil,
	"views.publish":         nil,
	"views.update":          nil,
}

// calls are the methods behind what package slack calls of its library.
var calls = map[string]string{
	"OpenConversationContext": "conversations.open", "OpenViewContext": "views.open", "PostEphemeralContext": "chat.postEphemeral",
	"PostMessageContext": "chat.postMessage", "PublishViewContext": "views.publish", "StartSocketModeContext": "apps.connections.open",
	"UpdateMessageContext": "chat.update", "UpdateViewContext": "views.update",
}

var methodName = regexp.MustCompile(`^(admin|api|apps|auth|bookmarks|bots|chat|conversations|dnd|emoji|files|pins|reactions|reminders|search|stars|team|usergroups|users|views)(\.[a-zA-Z]+)+$`)

// TestTheScopesAreThoseThatTheCodeNeeds reads package slack for the methods that it
// calls, by the library or by name. What it does for a command takes a scope as well.
func TestTheScopesAreThoseThatTheCodeNeeds(t *testing.T) {
	methods := methodsCalled(t)
	need := map[string]bool{"commands": true}
	for m := range methods {
		scopes, known := scopesOf[m]
		if !known {
			t.Errorf("package slack calls %s: say here which scopes it takes, and have the manifest ask for them", m)
		}
		for _, s := range scopes {
			need[s] = true
		}
	}
	for m := range scopesOf {
		if !methods[m] {
			t.Errorf("package slack does not call %s: is this test still looking for it?", m)
		}
	}
	if d := cmp.Diff(slices.Sorted(maps.Keys(need)), manifest.Scopes(manifest.Options{Usergroups: true})); d != "" {
		t.Errorf("scopes (-code +manifest):\n%s", d)
	}
}

func methodsCalled(t *testing.T) map[string]bool {
	t.Helper()
	files, err := filepath.Glob("../*.go")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	out := map[string]bool{}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BasicLit:
				if s, err := strconv.Unquote(n.Value); err == nil && methodName.MatchString(s) {
					out[s] = true
				}
			case *ast.SelectorExpr:
				if in, ok := n.X.(*ast.SelectorExpr); ok && in.Sel.Name == "api" && strings.HasSuffix(n.Sel.Name, "Context") {
					if calls[n.Sel.Name] == "" {
						t.Errorf("%s calls %s of the library: say here which method that is", file, n.Sel.Name)
					}
					out[calls[n.Sel.Name]] = true
				}
			}
			return true
		})
	}
	return out
}

func TestAManifestHasAnAddressOrUsesSocketMode(t *testing.T) {
	for name, o := range map[string]manifest.Options{
		"neither":    {},
		"both":       {Origin: "https://s.example.com", Socket: true},
		"no address": {Origin: "s.example.com"},
		"two lines":  {Origin: "https://s.example.com\nx: y"},
	} {
		if out, err := manifest.Render(o); err == nil {
			t.Errorf("%s: no error, and\n%s", name, out)
		}
	}
}
