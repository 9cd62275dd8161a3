package policies

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/strictyaml"
)

func TestLoadRefusesAndSaysWhere(t *testing.T) {
	exemption := func(s string) string { return head + good + "    exemptions:\n      - " + s + "\n" }
	test := func(s string) string { return head + good + "    tests:\n      - " + s + "\n" }
	for _, tt := range []struct {
		name string
		text string
		want string // all of the error
	}{
		{"an empty file", "", "f.yaml:1:1: the file is empty; want `apiVersion: rescind/v1` and `policies:`"},
		{"a file of comments", "# nothing\n", "f.yaml:1:1: the file is empty; want `apiVersion: rescind/v1` and `policies:`"},
		{"what is not YAML", "a: [\n", "f.yaml:1:1: not YAML: did not find expected node content"},
		{"a list at the top", "- a\n", "f.yaml:1:1: the file is a list, want a map"},
		{"two documents", head + good + "---\na: b\n", "f.yaml:8:1: a second YAML document; want one document a file"},
		{"another version", "apiVersion: rescind/v2\npolicies: []\n", `f.yaml:1:13: apiVersion is "rescind/v2", want "rescind/v1"`},
		{"a missing version", "policies: []\n", `f.yaml:1:1: the file has no "apiVersion"`},
		{"policies that are no list", "apiVersion: rescind/v1\npolicies: {}\n", "f.yaml:2:11: policies is a map, want a list"},
		{"an anchor", head + "  - &a {name: x}\n", "f.yaml:3:5: anchors are not allowed; write the value out where it is used"},
		{"an alias", head + "  - &a {name: x}\n  - *a\n",
			"f.yaml:3:5: anchors are not allowed; write the value out where it is used\nf.yaml:4:5: aliases are not allowed; write the value out"},
		{"a tag", head + "  - !!map {name: x}\n", "f.yaml:3:5: tags like !!map are not allowed"},
		{"a merge key", head + "  - {<<: {name: x}}\n",
			"f.yaml:3:5: a policy has no \"name\"\nf.yaml:3:6: a policy has an unknown key \"<<\", want advice, enforcement, exemptions, message, " +
				"name, on, overrides, rationale, remediation, severity, step_up, tests, title, when"},
		{"too deep nesting", head + "  - " + strings.Repeat("[", 40) + strings.Repeat("]", 40) + "\n", "f.yaml:3:35: nested more than 32 levels deep"},
		{"an unknown key", head + good + "    enforcment: audit\n", `f.yaml:8:5: a policy has an unknown key "enforcment"; did you mean "enforcement"?`},
		{"a key twice", head + good + "    title: Again\n", `f.yaml:8:5: a policy has the key "title" twice; it is also on line 4`},
		{"missing keys", head + "  - name: x\n", "f.yaml:3:11: policy \"x\" has no \"title\"\nf.yaml:3:11: policy \"x\" has no \"severity\"\n" +
			"f.yaml:3:11: policy \"x\" has no \"on\"\nf.yaml:3:11: policy \"x\" has no \"when\""},
		{"a number for a name", head + strings.Replace(good, "mine", "12", 1), "f.yaml:3:11: name is a number, want text"},
		{"a name of other letters", head + strings.Replace(good, "mine", "Mine_1", 1), `f.yaml:3:11: name is "Mine_1", want at most 63 lower-case letters, digits and dashes`},
		{"a name twice", head + good + good, `f.yaml:8:11: policy "mine" is also at f.yaml:3`},
		{"an empty title", head + strings.Replace(good, "Mine", `""`, 1), "f.yaml:4:12: title is empty"},
		{"a severity that is none", head + strings.Replace(good, "low", "lwo", 1), `f.yaml:5:15: severity is "lwo", want "low", "medium", "high" or "critical"; did you mean "low"?`},
		{"a step up that is none", head + good + "    step_up: mfa\n", `f.yaml:8:14: step_up is "mfa", want "iap"`},
		{"a step up for a built-in policy", head + "  - {name: no-public-invoker, step_up: iap}\n",
			`f.yaml:3:31: policy "no-public-invoker" is built in; only its enforcement, overrides and exemptions can be changed, not its step_up`},
		{"a kind that is none", head + strings.Replace(good, "run.service", "service", 1), `f.yaml:6:10: an entry of on is "service", want "run.service", "run.job", "run.workerPool", "run.instance", ` +
			`"project", "folder", "organization", "serviceAccount" or "orgPolicy"`},
		{"a kind twice", head + strings.Replace(good, "[run.service]", "[project, project]", 1), `f.yaml:6:19: on names "project" twice`},
		{"no kind", head + strings.Replace(good, "[run.service]", "[]", 1), `f.yaml:6:9: on is an empty list, want at least one of "run.service", "run.job", "run.workerPool", "run.instance", ` +
			`"project", "folder", "organization", "serviceAccount" or "orgPolicy"`},
		{"an enforcement that is none", head + good + "    enforcement: enforce\n", `f.yaml:8:18: enforcement is "enforce", want "audit", "approve" or "revert"`},
		{"a remediation that is none", head + good + "    remediation: [remove-grant]\n", `f.yaml:8:19: an entry of remediation is "remove-grant", want "remove-grants", ` +
			`"require-invoker-iam", "restore-identity", "restore-revision", "restore-ingress", "restore-constraint" or "restore-condition"; did you mean "remove-grants"?`},
		{"a scope with a star", head + good + "    overrides: [{scope: folders/*, enforcement: audit}]\n", `f.yaml:8:25: scope is "folders/*", want projects/ID, folders/NUMBER or organizations/NUMBER`},
		{"a scope with a slash at its end", head + good + "    overrides: [{scope: folders/12/, enforcement: audit}]\n", `f.yaml:8:25: scope is "folders/12/", want projects/ID, folders/NUMBER or organizations/NUMBER`},
		{"a folder by its name", head + good + "    overrides: [{scope: folders/prod, enforcement: audit}]\n", `f.yaml:8:25: scope is "folders/prod", want projects/ID, folders/NUMBER or organizations/NUMBER`},
		{"a scope in capitals", head + good + "    overrides: [{scope: Folders/12, enforcement: audit}]\n", `f.yaml:8:25: scope is "Folders/12", want projects/ID, folders/NUMBER or organizations/NUMBER`},
		{"an exemption with a slash at its end", exemption("{resource: run.googleapis.com/projects/p/locations/l/services/s/, owner: o, reason: r, expires: 2027-02-20}"),
			`f.yaml:9:20: resource name "run.googleapis.com/projects/p/locations/l/services/s/": want run.googleapis.com/projects/P/locations/L/{services,jobs,workerPools,instances}/N, ` +
				"cloudresourcemanager.googleapis.com/{projects/P,folders/N,organizations/N}, iam.googleapis.com/projects/P/serviceAccounts/E " +
				"or orgpolicy.googleapis.com/{projects/P,folders/N,organizations/N}/policies/C"},
		{"a scope twice", head + good + "    overrides: [{scope: folders/1, enforcement: audit}, {scope: folders/1, enforcement: revert}]\n", "f.yaml:8:57: a second override for folders/1"},
		{"an exemption without the keys it needs", exemption("{resource: run.googleapis.com/projects/p/locations/l/services/s}"),
			"f.yaml:9:9: an exemption has no \"owner\"\nf.yaml:9:9: an exemption has no \"reason\"\nf.yaml:9:9: an exemption has no \"expires\""},
		{"an exemption until a day that is none", exemption("{resource: run.googleapis.com/projects/p/locations/l/services/s, owner: o, reason: r, expires: 2027-02-30}"),
			`f.yaml:9:104: expires is "2027-02-30", want a date like 2027-03-31`},
		{"an exemption for a name that is none", exemption("{resource: projects/p, owner: [o], reason: true, expires: 2027-02-20}"),
			`f.yaml:9:20: resource name "projects/p": want run.googleapis.com/projects/P/locations/L/{services,jobs,workerPools,instances}/N, ` +
				"cloudresourcemanager.googleapis.com/{projects/P,folders/N,organizations/N}, iam.googleapis.com/projects/P/serviceAccounts/E " +
				"or orgpolicy.googleapis.com/{projects/P,folders/N,organizations/N}/policies/C\n" +
				"f.yaml:9:39: owner is a list, want text\nf.yaml:9:52: reason is a boolean, want text"},
		{"an exemption narrowed to nothing", exemption("{resource: run.googleapis.com/projects/p/locations/l/services/s, owner: o, reason: r, expires: 2027-02-20, members: []}"),
			"f.yaml:9:9: members or roles is an empty list; leave it out to cover the resource whole"},
		{"a test without the keys it needs", test("{name: x}"), "f.yaml:9:9: a test has no \"change\"\nf.yaml:9:9: a test has no \"want\""},
		{"a test of a change that is none", test("{name: x, want: violation, change: {resource: x, verb: delet, added: [{rol: x}], identity: me}}"),
			`f.yaml:9:55: resource is "x", want a full resource name like run.googleapis.com/projects/P/locations/L/services/S` + "\n" +
				`f.yaml:9:64: verb is "delet", want "create", "replace", "update", "delete", "setIamPolicy", "setOrgPolicy", "createKey", "move" or "tag"; did you mean "delete"?` + "\n" +
				`f.yaml:9:79: a grant has no "role"` + "\n" + `f.yaml:9:79: a grant has no "member"` + "\n" +
				`f.yaml:9:80: a grant has an unknown key "rol"; did you mean "role"?` + "\n" +
				`f.yaml:9:100: identity is "me", want an e-mail address, unset, unchanged or unknown`},
		{"a test of facts that are none", test("{name: x, want: compliant, change: {resource: run.googleapis.com/projects/p/locations/l/services/s, verb: create}, facts: {constrains: {}}}"),
			`f.yaml:9:132: facts has an unknown key "constrains"; did you mean "constraints"?`},
		{"a built-in policy's meaning changed", head + "  - name: no-public-invoker\n    severity: low\n    when: \"false\"\n",
			"f.yaml:4:5: policy \"no-public-invoker\" is built in; only its enforcement, overrides and exemptions can be changed, not its severity\n" +
				"f.yaml:5:5: policy \"no-public-invoker\" is built in; only its enforcement, overrides and exemptions can be changed, not its when"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Load(File{Name: "f.yaml", Data: []byte(tt.text)})
			if err == nil {
				t.Fatal("loaded")
			}
			if diff := cmp.Diff(tt.want, err.Error()); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestLoadReportsEveryFileAtOnce(t *testing.T) {
	_, err := Load(File{Name: "a.yaml", Data: []byte("x: 1\n")}, File{Name: "b.yaml"}, File{Name: "c.yaml", Data: []byte(head + good)})
	for _, want := range []string{"a.yaml:1:1:", "b.yaml:1:1:"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("no %s in %v", want, err)
		}
	}
	problem := new(strictyaml.Problem)
	if !errors.As(err, &problem) || problem.File != "a.yaml" {
		t.Errorf("the first problem is %+v", problem)
	}
}

func TestLoadHasLimits(t *testing.T) {
	many := func(n int) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, "  - {name: p%d, enforcement: audit}\n", i)
		}
		return b.String()
	}
	for _, tt := range []struct {
		name  string
		files []File
		want  string
	}{
		{"the size of a file", []File{{"f.yaml", make([]byte, 10<<20)}}, "f.yaml:1:1: the file has 10485760 bytes, the limit is 1048576"},
		{"the policies of a file", []File{{"f.yaml", []byte(head + many(10_000))}}, "f.yaml:3:3: 10000 policies, the limit is 2000"},
		{"what one file makes us say", []File{{"f.yaml", []byte(head + many(60))}}, "f.yaml:28:12: and 140 more problems from here on"},
		{"the policies of all files", []File{{"f.yaml", []byte(head + many(1999))}, {"g.yaml", []byte(head + strings.ReplaceAll(many(2), "name: p", "name: q"))}},
			"g.yaml:4:12: more than 2000 policies in all files"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Load(tt.files...)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("no %q in:\n%.400v", tt.want, err)
			}
		})
	}
}

// What a file may make us hold is bounded by its size, whatever is in it.
func TestABadFileIsRefusedInBoundedMemory(t *testing.T) {
	const mib = 1 << 20
	laughs := "a: &a [x,x,x,x,x,x,x,x,x]\n"
	for i := 'b'; i < 'k'; i++ {
		laughs += fmt.Sprintf("%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n", i, i, i-1, i-1, i-1, i-1, i-1, i-1, i-1, i-1, i-1)
	}
	for _, tt := range []struct {
		name string
		text string
		want string
	}{
		{"10 MB", head + strings.Repeat("# x\n", 10*mib/4), "f.yaml:1:1: the file has 10485793 bytes, the limit is 1048576"},
		{"10,000 policies", head + strings.Repeat("  - {name: p, enforcement: audit}\n", 10_000), "f.yaml:3:3: 10000 policies, the limit is 2000"},
		{"lists in lists", strings.Repeat("[", mib/2) + strings.Repeat("]", mib/2), "f.yaml:1:1: not YAML: exceeded max depth of 10000"},
		{"maps in maps", strings.Repeat("{a: ", 9_000) + strings.Repeat("}", 9_000), "f.yaml:1:126: nested more than 32 levels deep"},
		{"blocks in blocks", strings.Repeat("- ", mib/2), "f.yaml:1:1: not YAML: exceeded max depth of 10000"},
		{"aliases of aliases", laughs, "f.yaml:1:4: anchors are not allowed; write the value out where it is used"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Load(File{Name: "f.yaml", Data: []byte(tt.text)})
			runtime.ReadMemStats(&after)
			if err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("not %q:\n%.300v", tt.want, err)
			}
			if spent := after.TotalAlloc - before.TotalAlloc; spent > 300*mib {
				t.Errorf("%d MiB were allocated", spent/mib)
			}
		})
	}
}

func TestPoliciesShowsWhatWasLoaded(t *testing.T) {
	s := load(t, File{Name: "f.yaml", Data: []byte(head + good + "    overrides: [{scope: folders/1, enforcement: revert}]\n")})
	ps := s.Policies()
	var names []string
	for _, p := range ps {
		names = append(names, p.Name)
	}
	if diff := cmp.Diff([]string{"no-constraint-weakening", "no-default-service-account", "no-editor-on-runtime-identity", "no-public-invoker", "mine"}, names); diff != "" {
		t.Error(diff)
	}
	mine := ps[4]
	if mine.Source != "f.yaml" || mine.BuiltIn || mine.When != "true" || mine.Overrides[0].Scope.Path() != "folders/1" {
		t.Errorf("got %+v", mine)
	}
	mine.On[0], mine.Overrides[0].Enforcement = "x", "y"
	if again := s.Policies()[4]; again.On[0] == "x" || again.Overrides[0].Enforcement == "y" {
		t.Error("the caller changed the set")
	}
}
