package policies

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/strictyaml"
)

// part is a part of the schema, and a file with something else in that part.
type part struct {
	path   string
	schema *strictyaml.Schema
	file   func(inside string) string
}

// parts lists every part of the schema of policy files.
func parts() (out []part) {
	var walk func(p part)
	walk = func(p part) {
		out = append(out, p)
		if p.schema.Items != nil {
			walk(part{p.path + ".[]", p.schema.Items, func(s string) string { return p.file("[" + s + "]") }})
		}
		if s, ok := p.schema.Additional.(*strictyaml.Schema); ok {
			walk(part{p.path + ".*", s, func(s string) string { return p.file("{own: " + s + "}") }})
		}
		for _, key := range slices.Sorted(maps.Keys(p.schema.Properties)) {
			walk(part{p.path + "." + key, p.schema.Properties[key], func(s string) string { return p.file("{" + key + ": " + s + "}") }})
		}
	}
	walk(part{"", fileSchema(), func(s string) string { return s }})
	return out
}

// refusals are the problems of a file.
func refusals(text string) string {
	_, err := Load(File{"p.yaml", []byte(text + "\n")})
	return fmt.Sprint(err)
}

// The schema is made by the parser: this holds the two to it, key by key and
// at every depth. A key that the schema has is none that the parser calls
// unknown, and every other one is; one that is misspelt is found again.
func TestTheSchemaHasTheKeysOfTheParser(t *testing.T) {
	maps := 0
	for _, p := range parts() {
		if len(p.schema.Properties) == 0 {
			continue
		}
		maps++
		if p.schema.Additional != false {
			t.Errorf("%s takes further keys", p.path)
		}
		for key := range p.schema.Properties {
			if got := refusals(p.file("{" + key + ": }")); strings.Contains(got, "unknown key") {
				t.Errorf("%s: %s is in the schema: %s", p.path, key, got)
			}
			got := refusals(p.file("{" + key + "x: }"))
			if !strings.Contains(got, fmt.Sprintf("has an unknown key %q; did you mean ", key+"x")) {
				t.Errorf("%s: %sx: %s", p.path, key, got)
			}
			_, after, _ := strings.Cut(got, "; did you mean \"")
			if meant, _, _ := strings.Cut(after, "\""); p.schema.Properties[meant] == nil {
				t.Errorf("%s: for %sx it suggests %q, which it does not take", p.path, key, meant)
			}
		}
		for _, required := range p.schema.Required {
			if got := refusals(p.file("{frobnicate: }")); !strings.Contains(got, fmt.Sprintf("has no %q", required)) {
				t.Errorf("%s: the schema asks for %s: %s", p.path, required, got)
			}
		}
		if got := refusals(p.file("[]")); !strings.Contains(got, "is a list, want a map") {
			t.Errorf("%s: %s", p.path, got)
		}
	}
	if maps < 11 {
		t.Errorf("%d maps were looked at", maps)
	}
}

// The same for words, one by one, and for lists and text.
func TestTheSchemaHasTheWordsOfTheParser(t *testing.T) {
	words := 0
	for _, p := range parts() {
		wanted := func(value string) bool { return strings.Contains(refusals(p.file(value)), ", want ") }
		for _, w := range p.schema.Enum {
			words++
			got := refusals(p.file(fmt.Sprint(w)))
			if strings.Contains(got, fmt.Sprintf("%q, want ", fmt.Sprint(w))) {
				t.Errorf("%s: %v is in the schema: %s", p.path, w, got)
			}
		}
		switch {
		case len(p.schema.Enum) > 0 && !wanted("frobnicate"):
			t.Errorf("%s takes another word", p.path)
		case p.schema.Type == "array" && !wanted("frobnicate"):
			t.Errorf("%s takes text for a list", p.path)
		case p.schema.Type == "string" && !wanted("[]"):
			t.Errorf("%s takes a list for text", p.path)
		case p.schema.Type == "object" && !wanted("frobnicate"):
			t.Errorf("%s takes text for a map", p.path)
		case p.schema.Type == "" && len(p.schema.Enum) == 0:
			t.Errorf("an editor would take anything for %s", p.path)
		}
	}
	if words < 50 {
		t.Errorf("%d words were looked at", words)
	}
}
