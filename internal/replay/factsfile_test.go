package replay

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestFactsThatCannotBeMeantAreWarnedOf(t *testing.T) {
	f, err := ParseFacts("f.yaml", []byte(`constraints:
  run.managed.requireInvokerIAM: {enforced: [projects/pay, projects/Other, projects/gone, folders/1, projects/12]}
  run.alowedIngress: {denies: {all: [projects/pay]}}
  custom.mine: {enforced: []}
projects: [{id: pay, number: "12"}, {id: Web}]
runtime_identities: [api@pay.iam.gserviceaccount.com, web@pay.iam.gserviceaccount.com]
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`f.yaml:2:60: an entry of run.managed.requireInvokerIAM.enforced is "projects/Other": Google writes it in lower case, and so nothing is the same; write "projects/other"`,
		`f.yaml:2:76: an entry of run.managed.requireInvokerIAM.enforced names project "gone", which is not listed below projects: of others nothing is known there`,
		`f.yaml:5:37: the id of a project is "Web": Google writes it in lower case, and so nothing is the same; write "web"`,
		`f.yaml:2:3: constraint "run.managed.requireInvokerIAM" is none of Cloud Run or IAM that rescind knows; did you mean "run.managed.requireInvokerIam"?`,
		`f.yaml:3:3: constraint "run.alowedIngress" is none of Cloud Run or IAM that rescind knows; did you mean "run.allowedIngress"?`,
	}
	if diff := cmp.Diff(want, f.Warnings); diff != "" {
		t.Errorf("warnings (-want +got):\n%s", diff)
	}
}

func TestParseFactsNamesEverythingThatIsWrong(t *testing.T) {
	tests := []struct {
		name string
		text string
		want []string
	}{
		{"an unknown key", "constraint: {}\n", []string{`f.yaml:1:1: the file has an unknown key "constraint"; did you mean "constraints"?`}},
		{"unknown keys within", "constraints:\n  c: {enforce: []}\nprojects:\n  - {id: a, num: 1}\n", []string{
			`f.yaml:2:7: constraint c has an unknown key "enforce"; did you mean "enforced"?`,
			`f.yaml:4:13: a project has an unknown key "num", want ancestors, id, number`}},
		{"several at once", "projects:\n  - {number: x}\n  - {id: a/b}\nruntime_identities: [serviceAccount:x@y.z]\n", []string{
			`f.yaml:2:5: project without an id`,
			`f.yaml:2:14: number is "x", want digits`,
			`f.yaml:3:5: project id "a/b": want it without projects/`,
			`f.yaml:4:22: runtime identity "serviceAccount:x@y.z": want a service account's e-mail alone`}},
		{"projects that are the same", "projects:\n  - {id: a, number: 1}\n  - {id: a}\n  - {id: b, number: 1}\n", []string{
			`f.yaml:3:5: project "a" is listed twice`,
			`f.yaml:4:5: project "b": "a" has the number 1 already`}},
		{"containers that are none", "constraints:\n  c: {enforced: [pay, folders/x, projects/]}\n", []string{
			`f.yaml:2:18: an entry of c.enforced is "pay", want projects/ID, folders/NUMBER or organizations/NUMBER`,
			`f.yaml:2:23: an entry of c.enforced is "folders/x", want projects/ID, folders/NUMBER or organizations/NUMBER`,
			`f.yaml:2:34: an entry of c.enforced is "projects/", want projects/ID, folders/NUMBER or organizations/NUMBER`}},
		{"ancestors in the wrong order", "projects:\n  - {id: a, ancestors: [organizations/1, folders/2, projects/b]}\n", []string{
			`f.yaml:2:42: ancestor "folders/2" comes after an organization: list the nearest first`,
			`f.yaml:2:53: ancestor "projects/b": a project holds no projects`}},
		{"a constraint by its long name", "constraints: {constraints/x: {}}\n", []string{`f.yaml:1:15: constraint "constraints/x": write it without constraints/: x`}},
		{"a key that is there twice", "projects: []\nprojects: []\n", []string{`f.yaml:2:1: the file has the key "projects" twice; it is also on line 1`}},
		{"values of other types", "constraints: []\nprojects: {}\nruntime_identities: [[], ~]\n", []string{
			`f.yaml:1:14: constraints is a list, want a map`,
			`f.yaml:2:11: projects is a map, want a list`,
			`f.yaml:3:22: an entry of runtime_identities is a list, want text`,
			`f.yaml:3:26: an entry of runtime_identities is empty, want text`}},
		{"an alias", "projects: &p []\nruntime_identities: *p\n", []string{
			`f.yaml:1:11: anchors are not allowed; write the value out where it is used`,
			`f.yaml:2:21: aliases are not allowed; write the value out`}},
		{"a list", "- a\n", []string{`f.yaml:1:1: the file is a list, want a map`}},
		{"two documents", "projects: []\n---\nprojects: []\n", []string{`f.yaml:2:1: a second YAML document; want one document a file`}},
		{"no YAML", "a: b: c\n", []string{`f.yaml:1:1: not YAML: mapping values are not allowed in this context`}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := ParseFacts("f.yaml", []byte(tt.text))
			if err == nil {
				t.Fatal("no error")
			}
			if diff := cmp.Diff(tt.want, strings.Split(err.Error(), "\n")); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAFactsFileMayBeEmpty(t *testing.T) {
	for _, text := range []string{"", "# nothing yet\n", "---\n", "~\n"} {
		if _, err := ParseFacts("f.yaml", []byte(text)); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func FuzzParseFacts(f *testing.F) {
	f.Add(sampleFacts)
	f.Add("projects: [{id: a, number: 1, ancestors: [folders/1]}]")
	f.Add("a: &a [*a]")
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseFacts("f.yaml", []byte(text))
		if err == nil && got == nil {
			t.Error("neither facts nor an error")
		}
	})
}
