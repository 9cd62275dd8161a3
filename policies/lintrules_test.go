package policies

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// lintCase is a policy in which the rule finds something, and the least change
// after which it does not.
type lintCase struct{ policy, mended string }

var lintCases = map[string]lintCase{
	"invalid":                   {"when: chang.hasDelta", "when: change.hasDelta"},
	"never-matches":             {`when: change.hasDelta && resource.kind == "run.job"`, `when: change.hasDelta && resource.kind == "run.service"`},
	"never-certain":             {"on: [folder]\n    when: constraint(\"c\").enforced", "on: [project]\n    when: constraint(\"c\").enforced"},
	"constraint-name":           {`when: constraint("constraints/c").enforced`, `when: constraint("c").enforced`},
	"duplicate-when":            {"on: [run.job]\n    when: workload.identity.default || workload.serving.exists(s, s.default)", "on: [project]\n    when: change.hasDelta"},
	"remediation-never-applies": {"when: change.hasDelta\n    remediation: [restore-constraint]", "when: change.hasDelta\n    remediation: [remove-grants]"},
	"reverts-nothing":           {"when: change.hasDelta\n    enforcement: revert", "when: change.hasDelta\n    enforcement: approve"},
	"override-never-applies": {"on: [organization]\n    when: change.hasDelta\n    overrides: [{scope: projects/p, enforcement: approve}]",
		"on: [project]\n    when: change.hasDelta\n    overrides: [{scope: projects/p, enforcement: approve}]"},
	"shadowed-override": {"when: change.hasDelta\n    overrides: [{scope: projects/p, enforcement: audit}]", "when: change.hasDelta\n    overrides: [{scope: projects/p, enforcement: approve}]"},
	"project-number":    {"when: change.hasDelta\n    overrides: [{scope: projects/12, enforcement: approve}]", "when: change.hasDelta\n    overrides: [{scope: projects/p12, enforcement: approve}]"},
	"exemption-expired": {exemptingAll("expires: 2026-11-22"), exemptingAll("expires: 2026-12-07")},
	"exemption-ending":  {exemptingAll("expires: 2026-11-23"), exemptingAll("expires: 2026-12-07")},
	"exemption-never-applies": {exemptingAll("members: [ada@example.com], expires: 2027-11-22"),
		exemptingAll("members: ['allUsers'], expires: 2027-11-22")},
	"exemption-unused": {exemptingAll("members: ['user:none@example.com'], expires: 2027-11-22"), exemptingAll("members: ['allUsers'], expires: 2027-11-22")},
	"nearly-a-name":    {`when: change.added.exists(g, g.role.name == "roles/run.invokr")`, `when: change.added.exists(g, g.role.name == "roles/run.invoker")`},
	"no-such-word":     {`when: change.added.exists(g, g.member.value == "allusers")`, `when: change.added.exists(g, g.member.value == "allUsers")`},
	"test-not-judged":  {"when: change.hasDelta\n    tests: [{name: n, change: {resource: run.googleapis.com/projects/p/locations/l/jobs/j, verb: delete}, want: compliant}]", "when: change.hasDelta"},
	"no-tests":         {"when: change.hasDelta\n    tests: []", "when: change.hasDelta"},
}

func exemptingAll(fields string) string {
	return "when: " + anyPublic + "\n    exemptions: [{resource: run.googleapis.com/projects/*/locations/*/services/*, owner: o, reason: r, " + fields + "}]"
}

// lintOf lints one policy with the keys, on a history of one change.
func lintOf(t *testing.T, keys string) []LintProblem {
	t.Helper()
	text := head + "  - name: mine\n    title: Mine\n    severity: low\n    " + keys + "\n"
	on := "[run.service]"
	if own, ok := strings.CutPrefix(keys, "on: "); ok {
		on, _, _ = strings.Cut(own, "\n")
	} else {
		text += "    on: " + on + "\n"
	}
	if !strings.Contains(keys, "tests: ") {
		text += "    tests: [{name: deleted, change: {resource: " + ofKind(on) + ", verb: delete}, want: compliant}]\n"
	}
	in := LintInput{Now: lintDay, History: []Event{{Change: opened(), At: lintDay, Fact: func(Question) Fact { return Fact{} }}}}
	problems, err := Lint([]File{{"p.yaml", []byte(text)}}, in)
	if err != nil {
		t.Fatal(err)
	}
	return problems
}

func TestEachRuleFindsItsCaseAndNotTheMendedOne(t *testing.T) {
	for rule, c := range lintCases {
		t.Run(rule, func(t *testing.T) {
			found := lintOf(t, c.policy)
			if len(found) != 1 || found[0].Rule != rule {
				t.Errorf("found %v", found)
			}
			if left := lintOf(t, c.mended); len(left) > 0 {
				t.Errorf("mended it still finds %v", left)
			}
		})
	}
}

// docs/policy-commands.md states every rule, and none that there is not; which
// are warnings it states as well.
func TestTheDocsStateEveryRule(t *testing.T) {
	b, err := os.ReadFile("../docs/policy-commands.md")
	if err != nil {
		t.Fatal(err)
	}
	_, list, _ := strings.Cut(string(b), "| `invalid` |")
	stated := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z-]+)` \\| (.*) \\|$").FindAllStringSubmatch("| `invalid` |"+list, -1) {
		stated[m[1]] = m[2]
	}
	for rule, c := range lintCases {
		text, ok := stated[rule]
		if !ok {
			t.Errorf("the docs do not state %s", rule)
			continue
		}
		for _, p := range lintOf(t, c.policy) {
			if p.Warning != strings.HasPrefix(text, "warning: ") {
				t.Errorf("%s: warning %t, and the docs say %q", rule, p.Warning, text)
			}
		}
	}
	for rule := range stated {
		if _, ok := lintCases[rule]; !ok {
			t.Errorf("%s has no case", rule)
		}
	}
}
