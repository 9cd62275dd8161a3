package policies

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/rescind-dev/rescind/policies/catalog"
	"github.com/rescind-dev/rescind/policies/schema"
)

// jsonSchema is the schema as an editor reads it: of JSON, not of Go.
func jsonSchema(t *testing.T) map[string]any {
	t.Helper()
	data, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	var out map[string]any
	if err := json.Unmarshal(data, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// validate is as much of JSON Schema as the schema uses; a keyword it does not
// know is an error, lest a rule be written that nothing checks.
func validate(s map[string]any, v any, at string) (problems []string) {
	report := func(format string, args ...any) { problems = append(problems, at+": "+fmt.Sprintf(format, args...)) }
	object, isObject := v.(map[string]any)
	list, isList := v.([]any)
	text, isText := v.(string)
	for keyword, want := range s {
		switch keyword {
		case "$schema", "title", "description", "format", "then", "else":
		case "type":
			if is := map[any]bool{"object": isObject, "array": isList, "string": isText}; !is[want] {
				report("want %s, have %T", want, v)
			}
		case "enum":
			if !slices.ContainsFunc(want.([]any), func(w any) bool { return reflect.DeepEqual(w, v) }) {
				report("%v is not one of %v", v, want)
			}
		case "pattern":
			if isText && !regexp.MustCompile(want.(string)).MatchString(text) {
				report("%q does not match %s", text, want)
			}
		case "minItems":
			if isList && len(list) < int(want.(float64)) {
				report("%d elements", len(list))
			}
		case "uniqueItems":
			for i, e := range list {
				if slices.ContainsFunc(list[:i], func(f any) bool { return reflect.DeepEqual(e, f) }) {
					report("%v is there twice", e)
				}
			}
		case "items":
			for i, e := range list {
				problems = append(problems, validate(want.(map[string]any), e, fmt.Sprintf("%s[%d]", at, i))...)
			}
		case "properties":
			for key, p := range want.(map[string]any) {
				if e, ok := object[key]; ok {
					problems = append(problems, validate(p.(map[string]any), e, at+"."+key)...)
				}
			}
		case "additionalProperties":
			known, _ := s["properties"].(map[string]any)
			for key, e := range object {
				_, isKnown := known[key]
				switch p, isSchema := want.(map[string]any); {
				case isKnown:
				case isSchema:
					problems = append(problems, validate(p, e, at+"."+key)...)
				default:
					report("unknown key %q", key)
				}
			}
		case "propertyNames":
			for key := range object {
				problems = append(problems, validate(want.(map[string]any), key, at+" (key)")...)
			}
		case "required":
			for _, key := range want.([]any) {
				if _, ok := object[key.(string)]; isObject && !ok {
					report("no %q", key)
				}
			}
		case "if":
			then := "else"
			if len(validate(want.(map[string]any), v, at)) == 0 {
				then = "then"
			}
			problems = append(problems, validate(s[then].(map[string]any), v, at)...)
		default:
			report("the test knows no keyword %q", keyword)
		}
	}
	slices.Sort(problems)
	return problems
}

// plainOf is a YAML node as an editor sees it, for which dates are text.
func plainOf(n *yaml.Node) any {
	switch n.Kind {
	case yaml.DocumentNode:
		return plainOf(n.Content[0])
	case yaml.MappingNode:
		out := map[string]any{}
		for i := 0; i+1 < len(n.Content); i += 2 {
			out[n.Content[i].Value] = plainOf(n.Content[i+1])
		}
		return out
	case yaml.SequenceNode:
		out := []any{}
		for _, c := range n.Content {
			out = append(out, plainOf(c))
		}
		return out
	}
	switch n.Tag {
	case "!!bool":
		return n.Value == "true"
	case "!!int", "!!float":
		return json.Number(n.Value)
	case "!!null":
		return nil
	}
	return n.Value
}

func validateYAML(t *testing.T, s map[string]any, data []byte) []string {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	return validate(s, plainOf(&doc), "file")
}

func TestTheSchemaTakesTheCatalogAndTheGuide(t *testing.T) {
	s := jsonSchema(t)
	for _, r := range shippedRules() {
		_, data, err := catalog.Read(r.Name)
		if err != nil {
			t.Fatal(err)
		}
		own := bytes.Replace(data, []byte("- name: "), []byte("- name: my-"), 1) // not as a change of a built-in one
		for _, p := range validateYAML(t, s, own) {
			t.Errorf("%s: %s", r.Source, p)
		}
	}
	for i, f := range guideExamples(t) {
		for _, p := range validateYAML(t, s, f.Data) {
			t.Errorf("example %d: %s", i+1, p)
		}
	}
}

// Each row is refused by Load, and so by the schema.
func TestTheSchemaRefusesWhatLoadRefuses(t *testing.T) {
	s := jsonSchema(t)
	const fine = `apiVersion: rescind/v1
policies:
  - name: mine
    title: Mine
    severity: low
    on: [run.service]
    when: "true"
    remediation: [remove-grants]
    overrides:
      - {scope: folders/1, enforcement: approve}
    exemptions:
      - {resource: run.googleapis.com/projects/p/locations/*/services/s, members: [allUsers], owner: o, reason: r, expires: 2027-01-01}
    tests:
      - name: one
        change: {resource: run.googleapis.com/projects/p/locations/l/services/s, verb: update, identity: unset, invokerCheckDisabled: true, labels: {a: b}, unread: [grants]}
        facts: {constraints: {c: {enforced: [projects/p]}}, runtime_identities: [a@b]}
        want: violation
  - {name: no-public-invoker, enforcement: approve}
`
	if _, err := Load(File{"p.yaml", []byte(fine)}); err != nil {
		t.Fatal(err)
	}
	if got := validateYAML(t, s, []byte(fine)); len(got) > 0 {
		t.Fatal(got)
	}
	for _, tt := range []struct{ name, old, with string }{
		{"another version", "rescind/v1", "rescind/v2"},
		{"an unknown key of the file", "apiVersion:", "kind: x\napiVersion:"},
		{"an unknown key of a policy", "severity: low", "severity: low\n    nots: x"},
		{"an unknown key of a change", "verb: update", "verb: update, nots: x"},
		{"an unknown fact", "runtime_identities", "runtime_identity"},
		{"an unknown key of a constraint", "enforced: [projects/p]", "enforce: [projects/p]"},
		{"a policy without a title", "    title: Mine\n", ""},
		{"a policy without a name", "name: mine\n    title", "title"},
		{"an empty title", "title: Mine", `title: " "`},
		{"a number for a title", "title: Mine", "title: 7"},
		{"a name that is none", "name: mine", "name: My Policy"},
		{"another severity", "severity: low", "severity: lowest"},
		{"another kind", "[run.service]", "[run.function]"},
		{"no kind", "[run.service]", "[]"},
		{"a kind twice", "[run.service]", "[run.service, run.service]"},
		{"text for a list", "[run.service]", "run.service"},
		{"another remediation", "[remove-grants]", "[remove-all]"},
		{"a scope with a star", "folders/1", "projects/*"},
		{"a folder by its name", "folders/1", "folders/pay"},
		{"a scope of another sort", "folders/1", "domains/1"},
		{"an override without enforcement", ", enforcement: approve}\n    ex", "}\n    ex"},
		{"an exemption without an owner", "owner: o, ", ""},
		{"an exemption without an end", ", expires: 2027-01-01", ""},
		{"a month for a day", "2027-01-01", "2027-01"},
		{"an empty list of members", "[allUsers]", "[]"},
		{"a resource that is none", "resource: run.googleapis.com/projects/p/locations/*", "resource: projects/p/locations/*"},
		{"an identity that is none", "identity: unset", "identity: none"},
		{"another word for a switch", "invokerCheckDisabled: true", "invokerCheckDisabled: maybe"},
		{"another verdict", "want: violation", "want: bad"},
		{"a field that cannot be unread", "unread: [grants]", "unread: [name]"},
		{"another expression for a built-in policy", "no-public-invoker, ", `no-public-invoker, when: "true", `},
		{"a title for a built-in policy", "no-public-invoker, ", "no-public-invoker, title: x, "},
	} {
		t.Run(tt.name, func(t *testing.T) {
			bad := strings.Replace(fine, tt.old, tt.with, 1)
			if bad == fine {
				t.Fatal("the row changes nothing")
			}
			if _, err := Load(File{"p.yaml", []byte(bad)}); err == nil {
				t.Error("Load takes it")
			}
			if got := validateYAML(t, s, []byte(bad)); len(got) == 0 {
				t.Error("the schema takes it")
			}
		})
	}
}

func TestEverySchemaNoteIsAboutAKey(t *testing.T) {
	root := fileSchema()
	for _, path := range schema.Noted() {
		if root.At(path) == nil {
			t.Errorf("there is no %s", path)
		}
	}
	for key, s := range root.Properties["policies"].Items.Properties {
		if s.Description == "" {
			t.Errorf("an editor says nothing of %q", key)
		}
	}
}
