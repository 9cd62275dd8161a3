package policies

import (
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/policies/catalog"
)

var lintDay = time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)

// sampled makes policies of the expression; each case adds to it. The sample
// keeps no-tests quiet.
func sampled(when, on, more string) File {
	f := oneRule(when, on)
	f.Data = fmt.Appendf(f.Data, "%s    tests:\n      - name: deleted\n        change:\n"+
		"          {resource: %s, verb: delete}\n        want: compliant\n", more, ofKind(on))
	return f
}

// ofKind is a resource of the first of the kinds that are written as a list.
func ofKind(on string) string {
	first, _, _ := strings.Cut(strings.Trim(on, "[]"), ",")
	return map[string]string{
		"run.job": "run.googleapis.com/projects/p/locations/l/jobs/j", "project": "cloudresourcemanager.googleapis.com/projects/p",
		"folder": "cloudresourcemanager.googleapis.com/folders/1", "organization": "cloudresourcemanager.googleapis.com/organizations/1",
		"orgPolicy": "orgpolicy.googleapis.com/projects/p/policies/c", "serviceAccount": "iam.googleapis.com/projects/p/serviceAccounts/a@p.iam.gserviceaccount.com",
	}[strings.TrimSpace(first)] + map[bool]string{true: "run.googleapis.com/projects/p/locations/l/services/s"}[strings.HasPrefix(first, "run.service")]
}

func lintLines(t *testing.T, in LintInput, files ...File) string {
	t.Helper()
	in.Now = lintDay
	problems, err := Lint(files, in)
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	for _, p := range problems {
		fmt.Fprintln(&out, p)
	}
	return out.String()
}

const anyPublic = `change.added.exists(g, g.member.public)`

func TestLintFindsPoliciesThatCannotMatch(t *testing.T) {
	for _, tt := range []struct{ name, when, on, want string }{
		{"a constant", `false`, "run.service", `p.yaml:8:7: policy "mine": when can never be true [never-matches]`},
		{"constants folded", `glob("a", "b") && ` + anyPublic, "run.service", `p.yaml:8:7: policy "mine": when can never be true [never-matches]`},
		{"two kinds at once", `resource.kind == "run.job" && resource.kind == "run.service"`, "run.job, run.service", `p.yaml:8:7: policy "mine": when can never be true [never-matches]`},
		{"a deletion, which is not judged", `change.verb == "delete"`, "run.service", `p.yaml:8:7: policy "mine": when can never be true [never-matches]`},
		{"a workload's setting of a project", `workload.identity.default || ` + anyPublic + ` && workload.ingress == "all"`, "run.service, project",
			`p.yaml:6:23: policy "mine": for a project, when can never be true [never-matches]`},
		{"a grant of an organization policy", anyPublic, "orgPolicy", `p.yaml:8:7: policy "mine": when can never be true [never-matches]`},
		{"an organization policy's change of a service", `change.constraint.name == "c"`, "run.service, orgPolicy",
			`p.yaml:6:10: policy "mine": for a run.service, when can never be true [never-matches]`},
		{"what always goes wrong", `1 / 0 == 1`, "run.service", `p.yaml:8:7: policy "mine": when always goes wrong: division by zero [never-matches]`},
		{"a constraint on a folder", `constraint("c").enforced && ` + anyPublic, "project, folder",
			`p.yaml:6:19: policy "mine": for a folder it can be unknown at best: a constraint is in force by project, and a folder is in none [never-certain]`},
		{"a constraint that is not enforced, on a folder", `!constraint("c").enforced && ` + anyPublic, "project, folder",
			`p.yaml:6:19: policy "mine": for a folder it can be unknown at best: a constraint is in force by project, and a folder is in none [never-certain]`},
		{"a constraint by its long name", `constraint("constraints/c").enforced && ` + anyPublic, "run.service",
			`p.yaml:8:7: policy "mine": constraint("constraints/c") is never known: write "c" [constraint-name]`},

		{"no alarm: a setting that only some kinds have, beside one that all have", `workload.ingress == "all" || ` + anyPublic, "run.service, project", ""},
		{"no alarm: a constraint that only one side needs, on a folder", `constraint("c").enforced && ` + anyPublic + ` || change.hasDelta`, "project, folder", ""},
		{"no alarm: a folder by its ancestors", `"organizations/1" in ancestors && ` + anyPublic, "project, folder", ""},
		{"no alarm: a label that may be missing", `workload.labels["env"] == "prod"`, "run.service", ""},
		{"no alarm: deleting an organization policy", `change.verb == "delete"`, "orgPolicy", ""},
		{"no alarm: an expression that is always true", `true`, "run.service", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := lintLines(t, LintInput{}, sampled(tt.when, tt.on, ""))
			if got != strings.TrimPrefix(tt.want+"\n", "\n") {
				t.Errorf("got:\n%swant:\n%s", got, tt.want)
			}
		})
	}
}

// known answers what lint asks about the organization of these tests:
// organizations/7 holds folders/1, which holds projects/pay.
func known(q Question) Fact {
	above := map[string][]string{"projects/pay": {"folders/1", "organizations/7"}, "folders/1": {"organizations/7"}}
	list, ok := above[q.Name]
	return Fact{Known: q.Kind == Ancestors && ok, List: list}
}

func TestLintFindsOverridesThatDoNothing(t *testing.T) {
	for _, tt := range []struct{ name, on, settings, want string }{
		{"the policy's own enforcement again", "run.service", `{scope: projects/lab, enforcement: audit}`,
			`p.yaml:10:17: policy "mine": the override for projects/lab changes nothing: audit applies there anyway, by the policy itself [shadowed-override]`},
		{"a folder's enforcement again", "run.service", `{scope: folders/1, enforcement: approve}, {scope: projects/pay, enforcement: approve}`,
			`p.yaml:10:59: policy "mine": the override for projects/pay changes nothing: approve applies there anyway, by the override for folders/1 [shadowed-override]`},
		{"an organization's enforcement again, past a folder without one", "run.service",
			`{scope: organizations/7, enforcement: approve}, {scope: projects/pay, enforcement: approve}`,
			`p.yaml:10:65: policy "mine": the override for projects/pay changes nothing: approve applies there anyway, by the override for organizations/7 [shadowed-override]`},
		{"a project of a policy about folders", "folder", `{scope: projects/pay, enforcement: approve}`,
			`p.yaml:10:17: policy "mine": nothing it is about (folder) lies in a project [override-never-applies]`},
		{"a folder of a policy about organizations", "organization", `{scope: folders/1, enforcement: approve}`,
			`p.yaml:10:17: policy "mine": nothing it is about (organization) lies in a folder [override-never-applies]`},
		{"a project by its number", "run.service", `{scope: projects/123, enforcement: approve}`,
			`p.yaml:10:17: warning: policy "mine": projects/123 is a number, and projects are compared by id: write projects/pay [project-number]`},

		{"no alarm: back to the policy's own below a folder", "run.service", `{scope: folders/1, enforcement: approve}, {scope: projects/pay, enforcement: audit}`, ""},
		{"no alarm: a project whose folders are unknown", "run.service", `{scope: folders/1, enforcement: approve}, {scope: projects/lab, enforcement: approve}`, ""},
		{"no alarm: revert also while the folders are unknown", "run.service", `{scope: folders/1, enforcement: revert}, {scope: projects/pay, enforcement: revert}`, ""},
		{"no alarm: another enforcement", "run.service", `{scope: projects/lab, enforcement: approve}`, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := LintInput{Fact: known, ProjectID: func(string) string { return "pay" }}
			when := map[bool]string{true: anyPublic, false: "resource.kind != ''"}[!strings.Contains(tt.on, "folder")]
			got := lintLines(t, in, sampled(when, tt.on, "    remediation: [remove-grants]\n    overrides: ["+tt.settings+"]\n"))
			if got != strings.TrimPrefix(tt.want+"\n", "\n") {
				t.Errorf("got:\n%swant:\n%s", got, tt.want)
			}
		})
	}
	f := sampled(`overridden && `+anyPublic, "run.service", "    overrides: [{scope: projects/lab, enforcement: audit}]\n")
	if got := lintLines(t, LintInput{}, f); got != "" {
		t.Errorf("that there is an override is what the policy asks for:\n%s", got)
	}
}

func TestLintFindsWhatElseDoesNothing(t *testing.T) {
	for _, tt := range []struct{ name, on, settings, want string }{
		{"a remediation that no kind has", "run.service", "remediation: [remove-grants, restore-constraint]",
			`p.yaml:9:34: policy "mine": restore-constraint does nothing for a run.service [remediation-never-applies]`},
		{"a revert without a remediation", "run.service", "enforcement: revert",
			`p.yaml:9:18: policy "mine": it cannot revert anything without a remediation [reverts-nothing]`},
		{"an override that reverts, without a remediation", "run.service", "overrides: [{scope: projects/p, enforcement: revert}]",
			`p.yaml:9:17: policy "mine": it cannot revert anything without a remediation [reverts-nothing]`},
		{"no alarm: a remediation that one kind has", "run.service, project", "remediation: [require-invoker-iam]", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := lintLines(t, LintInput{}, sampled(anyPublic, tt.on, "    "+tt.settings+"\n"))
			if got != strings.TrimPrefix(tt.want+"\n", "\n") {
				t.Errorf("got:\n%swant:\n%s", got, tt.want)
			}
		})
	}
}

func TestLintFindsOneExpressionTwice(t *testing.T) {
	first := sampled(anyPublic, "run.service, run.job", "")
	second := sampled("change.added.exists(g,\n        g.member.public) // as above", "run.job", "")
	second.Data = []byte(strings.Replace(string(second.Data), "name: mine", "name: theirs", 1))
	second.Name = "q.yaml"
	want := `q.yaml:7:11: policy "theirs": when is that of policy "mine", so every violation is found twice [duplicate-when]` + "\n"
	if got := lintLines(t, LintInput{}, first, second); got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
	elsewhere := sampled("change.added.exists(g,\n        g.member.public) // as above", "project", "")
	elsewhere.Data = []byte(strings.Replace(string(elsewhere.Data), "name: mine", "name: theirs", 1))
	if got := lintLines(t, LintInput{}, first, elsewhere); got != "" {
		t.Errorf("of another kind:\n%s", got)
	}
}

func exempting(fields string) File {
	return sampled(anyPublic, "run.service", "    exemptions:\n      - {"+fields+", owner: a@example.com, reason: r}\n")
}

func TestLintFindsExemptionsThatDoNothing(t *testing.T) {
	const api = "resource: run.googleapis.com/projects/pay/locations/l/services/api"
	for _, tt := range []struct{ name, exemption, want string }{
		{"one that has ended", api + ", expires: 2026-11-22",
			`policy "mine": exemption by a@example.com expired on 2026-11-22 [exemption-expired]`},
		{"one that ends within two weeks", api + ", expires: 2026-12-06",
			`warning: policy "mine": exemption by a@example.com ends on 2026-12-06, in 14 days [exemption-ending]`},
		{"another kind", "resource: cloudresourcemanager.googleapis.com/projects/pay, expires: 2027-12-06",
			`policy "mine": exemption by a@example.com covers nothing: the policy is not about a project [exemption-never-applies]`},
		{"a member that is none", api + ", members: [ada@example.com], expires: 2027-12-06",
			`policy "mine": exemption by a@example.com covers nothing: "ada@example.com" is no member; want one like "user:ada@example.com" [exemption-never-applies]`},
		{"a role that is none", api + ", roles: [run.invoker], expires: 2027-12-06",
			`policy "mine": exemption by a@example.com covers nothing: "run.invoker" is no role; want one like "roles/run.invoker" [exemption-never-applies]`},
		{"nothing happened to what it covers", "resource: run.googleapis.com/projects/pay-prod/locations/l/services/api, expires: 2027-12-06",
			`policy "mine": exemption by a@example.com covers nothing in the history (1 change) [exemption-unused]`},
		{"what happened was granted to others", api + ", members: [allAuthenticatedUsers], expires: 2027-12-06",
			`policy "mine": exemption by a@example.com covers nothing in the history (1 change) [exemption-unused]`},

		{"no alarm: it covers what happened", api + ", expires: 2027-12-06", ""},
		{"no alarm: it covers the member", api + ", members: [allUsers], expires: 2027-12-06", ""},
		{"no alarm: it ends in fifteen days", api + ", expires: 2026-12-07", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			in := LintInput{History: []Event{{Change: opened(), At: lintDay, Fact: func(Question) Fact { return Fact{} }}}}
			want := tt.want
			if want != "" {
				want = "p.yaml:10:9: " + want + "\n"
			}
			if got := lintLines(t, in, exempting(tt.exemption)); got != want {
				t.Errorf("got:\n%swant:\n%s", got, want)
			}
		})
	}
	if got := lintLines(t, LintInput{}, exempting("resource: run.googleapis.com/projects/none/locations/l/services/api, expires: 2027-12-06")); got != "" {
		t.Errorf("without a history nothing is unused:\n%s", got)
	}
}

func TestLintReportsWhatDoesNotLoad(t *testing.T) {
	want := `p.yaml:2:10: policies is empty, want a list [invalid]` + "\n"
	if got := lintLines(t, LintInput{}, File{"p.yaml", []byte("apiVersion: rescind/v1\npolicies:\n")}); got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
}

func TestLintWarnsOfPoliciesWithoutTests(t *testing.T) {
	want := `p.yaml:3:11: warning: policy "mine" has no tests [no-tests]` + "\n"
	if got := lintLines(t, LintInput{}, oneRule(anyPublic, "run.service")); got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
	own := File{"p.yaml", []byte("apiVersion: rescind/v1\npolicies:\n  - {name: no-public-invoker, enforcement: revert}\n")}
	if got := lintLines(t, LintInput{}, own); got != "" {
		t.Errorf("a built-in policy has its own:\n%s", got)
	}
}

func TestTheCatalogAndTheGuideAreClean(t *testing.T) {
	whole := newSet(shippedRules())
	for _, r := range shippedRules() {
		_, data, err := catalog.Read(r.Name)
		if err != nil {
			t.Fatal(err)
		}
		problems, err := lint(whole, []File{{r.Source, data}}, LintInput{Now: lintDay})
		if diff := cmp.Diff([]LintProblem(nil), problems); diff != "" || err != nil {
			t.Errorf("%s: %v\n%s", r.Source, err, diff)
		}
	}
	for i, f := range guideExamples(t) {
		for _, p := range mustLint(t, f) {
			if !p.Warning {
				t.Errorf("example %d: %s", i+1, p)
			}
		}
	}
}

func mustLint(t *testing.T, f File) []LintProblem {
	t.Helper()
	problems, err := Lint([]File{f}, LintInput{Now: lintDay})
	if err != nil {
		t.Fatal(err)
	}
	return problems
}

// guideExamples are the policy files in docs/policies.md.
func guideExamples(t *testing.T) []File {
	t.Helper()
	b, err := os.ReadFile("../docs/policies.md")
	if err != nil {
		t.Fatal(err)
	}
	var out []File
	for _, m := range regexp.MustCompile("(?s)```yaml\n(apiVersion.*?)```").FindAllStringSubmatch(string(b), -1) {
		out = append(out, File{"example", []byte(m[1])})
	}
	if len(out) == 0 {
		t.Fatal("no examples")
	}
	return out
}
