package strictyaml

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestOpenTakesOnePlainDocument(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		want       []string // the problems
	}{
		{"a map", "a: 1\n", nil},
		{"a list", "- a\n", nil},
		{"nothing", "", nil},
		{"comments", "# a\n\n# b\n", nil},
		{"an empty document", "---\n", nil},
		{"null", "~\n", nil},
		{"what is not YAML, on its line", "a: 1\nb: [\n", []string{"f.yaml:2:1: not YAML: did not find expected node content"}},
		{"what is not YAML in a second document", "a: 1\n---\nb: c: d\n", []string{"f.yaml:3:1: not YAML: mapping values are not allowed in this context"}},
		{"a second document", "a: 1\n---\nb: 2\n", []string{"f.yaml:2:1: a second YAML document; want one document a file"}},
		{"a second document after none", "---\n---\nb: 2\n", []string{"f.yaml:2:1: a second YAML document; want one document a file"}},
		{"bytes that are no text", "a: \xff\xfe\n", []string{"f.yaml:1:4: not UTF-8: the byte 0xff"}},
		{"UTF-16", "\xff\xfea\x00:\x00 \x001\x00", []string{"f.yaml:1:1: not UTF-8: the byte 0xff"}},
		{"lines as Windows ends them", "a: 1\r\nb: 2\r\n", nil},
		{"a comment that ends before its line", "# b\n# a\u2028a: 1\n", []string{"f.yaml:2:4: the character U+2028 ends a line; want LF or CR LF there, or an escape in double quotes"}},
		{"a return without a line feed", "a: 1\rb: 2\n", []string{"f.yaml:1:5: the character U+000D ends a line; want LF or CR LF there, or an escape in double quotes"}},
		{"text in another order", "a: 1 # \u202eb\n", []string{"f.yaml:1:8: the character U+202E changes the direction of text; want none, or an escape in double quotes"}},
		{"escapes of such", `a: "\u2028\u202e\N\r"` + "\n", nil},
		{"anchors, aliases and tags, each at its place", "a: &a [x]\nb: *a\nc: !!str 1\nd: !own {}\n", []string{
			"f.yaml:1:4: anchors are not allowed; write the value out where it is used", "f.yaml:2:4: aliases are not allowed; write the value out",
			"f.yaml:3:4: tags like !!str are not allowed", "f.yaml:4:4: tags like !own are not allowed"}},
		{"an anchored key", "&k a: 1\n", []string{"f.yaml:1:1: anchors are not allowed; write the value out where it is used"}},
		{"as deep as it may be", strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth), nil},
		{"one level too deep", strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1), []string{"f.yaml:1:33: nested more than 32 levels deep"}},
		{"as many bytes as there may be", "a: " + strings.Repeat("x", 97), nil},
		{"one byte more", "a: " + strings.Repeat("x", 98), []string{"f.yaml:1:1: the file has 101 bytes, the limit is 100"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r, root := Open("f.yaml", []byte(tt.text), 100)
			var got []string
			for _, p := range r.Problems() {
				got = append(got, p.Error())
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
			if root != nil && r.Err() != nil {
				t.Error("a root, and problems with it")
			}
		})
	}
}

func TestVeryManyProblemsAreCounted(t *testing.T) {
	r, root := Open("f.yaml", []byte(strings.Repeat("a: 1\n", 250)), MaxBytes)
	r.Fields(root, "the file", Keys{"b": nil})
	got := r.Problems()
	if len(got) != 101 || got[99].Line != 100 || got[100].Error() != "f.yaml:101:1: and 150 more problems from here on" {
		t.Errorf("%d problems, the last is %v", len(got), got[len(got)-1])
	}
	if again := r.Problems(); len(again) != 101 {
		t.Errorf("%d when asked again", len(again))
	}
	if lines := strings.Count(r.Err().Error(), "\n"); lines != 100 {
		t.Errorf("%d lines", lines)
	}
}

// Whatever opens has the lines that YAML counts: no node stands on a line that
// the file, read as an editor reads it, does not have.
func TestEveryLineEndIsOneThatAnEditorShows(t *testing.T) {
	for _, end := range []string{"\n", "\r\n", "\r", "\u0085", "\u2028", "\u2029", "\v", "\f", "\u2067", "\x00"} {
		for _, text := range []string{"# c" + end + "a: 1", end + end + "a: 1", "a:" + end + " 1", "a: 'x" + end + "y'", "a: 1" + end} {
			r, root := Open("f.yaml", []byte(text), MaxBytes)
			if root == nil {
				if r.Err() == nil {
					t.Errorf("%q: neither a root nor a problem", text)
				}
				continue
			}
			value := root.Content[len(root.Content)-1]
			if lines := 1 + strings.Count(text, "\n"); value.Line > lines {
				t.Errorf("%q: a value on line %d of %d", text, value.Line, lines)
			}
		}
	}
}

// A character of a scalar is found again in the file, in whatever style the
// scalar is written.
func TestWithinFindsEveryCharacterAgain(t *testing.T) {
	const value = `say "it's" \ é & more`
	for name, text := range map[string]string{
		"plain":         "a: say \"it's\" \\ é & more\n",
		"single quotes": "a:   'say \"it''s\" \\ é & more'\n",
		"double quotes": `a: "say \"it's\" \\ é & more"` + "\n",
		"folded":        "a: >-\n  say \"it's\"\n  \\ é\n  & more\n",
		"literal":       "a: |-\n    say \"it's\" \\ é & more\n",
		"in flow":       "{a: 'say \"it''s\" \\ é & more', b: c}\n",
		"over lines":    "a: say \"it's\" \\\n   é\n   & more\n",
	} {
		r, root := Open("f.yaml", []byte(text), MaxBytes)
		n := root.Content[1]
		if n.Value != value {
			t.Fatalf("%s is read as %q", name, n.Value)
		}
		lines := strings.Split(text, "\n")
		for i, c := range []rune(value) {
			line, column := r.Within(n, i)
			there := []rune(lines[line-1])[column-1]
			if c != ' ' && there != c {
				t.Errorf("%s: character %d is %q, and %d:%d is %q", name, i, c, line, column, there)
			}
		}
	}
}

func TestAProblemWithinTextShowsTheLine(t *testing.T) {
	r, root := Open("f.yaml", []byte("a:\n\n  b: x == y\r\n"), MaxBytes)
	n := root.Content[1].Content[1]
	r.ProblemWithin(n, 5, "no %s", "y")
	if want := "f.yaml:3:11: no y\n  |   b: x == y\n  |           ^"; r.Err().Error() != want {
		t.Errorf("%q, want %q", r.Err(), want)
	}
	r, root = Open("f.yaml", fmt.Appendf(nil, "b: %s\n", strings.Repeat("x", 300)), MaxBytes)
	r.ProblemWithin(root.Content[1], 5, "wrong")
	if want := "f.yaml:1:9: wrong"; r.Err().Error() != want {
		t.Errorf("a long line is shown: %q", r.Err())
	}
}
