package policies

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestLoadRefusesExpressionsAndPointsAtThePlace(t *testing.T) {
	for _, tt := range []struct {
		name string
		when string
		want string
	}{
		{"in a plain scalar", "when: change.aded.size() > 0",
			`f.yaml:7:17: when: undefined field 'aded'; did you mean "added"?` + "\n  |     when: change.aded.size() > 0\n  |                 ^"},
		{"in single quotes", `when: 'resource.id == "it''s" || chang.verb == ""'`,
			`f.yaml:7:38: when: undeclared reference to 'chang'; did you mean "change"?` + "\n" +
				`  |     when: 'resource.id == "it''s" || chang.verb == ""'` + "\n  |                                      ^"},
		{"in double quotes", `when: "resource.id == \"x\" || resource.nam == \"\""`,
			`f.yaml:7:44: when: undefined field 'nam'; did you mean "name"?` + "\n" +
				`  |     when: "resource.id == \"x\" || resource.nam == \"\""` + "\n  |                                            ^"},
		{"in a folded block", "when: >-\n      true &&\n      resource.nam == \"\"",
			`f.yaml:9:15: when: undefined field 'nam'; did you mean "name"?` + "\n  |       resource.nam == \"\"\n  |               ^"},
		{"in a literal block", "when: |\n      true &&\n\n        resource.nam == \"\"",
			`f.yaml:10:17: when: undefined field 'nam'; did you mean "name"?` + "\n  |         resource.nam == \"\"\n  |                 ^"},
		{"a syntax error", `when: "true && "`,
			"f.yaml:7:20: when: Syntax error: mismatched input '<EOF>' expecting {'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}\n" +
				"  |     when: \"true && \"\n  |                    ^"},
		{"a result that is no boolean", "when: resource.name",
			"f.yaml:7:11: when is of type string, want bool\n  |     when: resource.name\n  |           ^"},
		{"a regular expression", `when: resource.name.matches("x")`,
			"f.yaml:7:32: when: undeclared reference to 'matches'; regular expressions are not offered, use glob() or domain()\n" +
				"  |     when: resource.name.matches(\"x\")\n  |                                ^"},
		{"an object made up", `when: 'rescind.Role{name: "x"}.invokes'`,
			"f.yaml:7:12: when constructs an object; it may only read\n  |     when: 'rescind.Role{name: \"x\"}.invokes'\n  |            ^"},
		{"a presence test that is always true", "when: has(workload.identity)",
			"f.yaml:7:11: when uses has() on a field that is always there; has() is for labels\n  |     when: has(workload.identity)\n  |           ^"},
		{"more than it may cost, in a list of its own making", "when: change.added.filter(a, a.member.public).map(a, a.role.name + a.role.name).exists(s, ancestors.all(x, x != s + s + s))",
			"f.yaml:7:11: when could cost 13942525 to evaluate, the limit is 1000000; look for comprehensions within comprehensions\n" +
				"  |     when: change.added.filter(a, a.member.public).map(a, a.role.name + a.role.name).exists(s, ancestors.all(x, x != s + s + s))\n  |           ^"},
		{"more than it may cost", "when: change.added.all(a, change.added.all(b, a == b))",
			"f.yaml:7:11: when could cost 13509003 to evaluate, the limit is 1000000; look for comprehensions within comprehensions\n" +
				"  |     when: change.added.all(a, change.added.all(b, a == b))\n  |           ^"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Load(File{Name: "f.yaml", Data: []byte(head + strings.Replace(good, `when: "true"`, tt.when, 1))})
			if err == nil {
				t.Fatal("loaded")
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}
