package slips_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/auditlog"
	"github.com/rescind-dev/rescind/policies"
)

// linted is what a lint says of a policy with that expression, on services and projects.
func linted(t *testing.T, when string) []string {
	t.Helper()
	data := "apiVersion: rescind/v1\npolicies:\n  - name: mine\n    title: t\n    severity: low\n    on: [run.service, project]\n    when: |-\n      " + when + "\n" +
		"    tests: [{name: n, change: {resource: run.googleapis.com/projects/p/locations/l/services/s, verb: create}, want: compliant}]\n"
	found, err := policies.Lint([]policies.File{{Name: "p.yaml", Data: []byte(data)}}, policies.LintInput{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, p := range found {
		if p.Rule == "no-such-word" || p.Rule == "nearly-a-name" || p.Rule == "invalid" {
			_, said, _ := strings.Cut(p.String(), " ")
			out = append(out, strings.TrimPrefix(said, `policy "mine": `))
		}
	}
	return out
}

func TestAWordThatNoChangeHasIsFound(t *testing.T) {
	for when, want := range map[string]string{
		`change.added.exists(g, g.member.value == "allusers")`:                                          `"allusers" is no member; did you mean "allUsers"? [no-such-word]`,
		`change.added.exists(g, g.member.value in ["user:a@b.c", "AllAuthenticatedUsers"])`:             `"AllAuthenticatedUsers" is no member; did you mean "allAuthenticatedUsers"? [no-such-word]`,
		`change.added.exists(g, g.member.value == "ada@example.com")`:                                   `"ada@example.com" is no member, want one like "user:ada@example.com", or allUsers [no-such-word]`,
		`change.added.exists(g, g.member.type == "serviceaccount")`:                                     `"serviceaccount" is no type of member; did you mean "serviceAccount"? [no-such-word]`,
		`change.added.exists(g, "roles/run.Invoker" == g.role.name)`:                                    `"roles/run.Invoker" is no role; did you mean "roles/run.invoker"? [no-such-word]`,
		`change.added.exists(g, g.role.name != "roles/editr")`:                                          `warning: policy "mine": "roles/editr" is nearly the role "roles/editor": did you mean that? [nearly-a-name]`,
		`workload.ingress == "internal-and-load-balancing"`:                                             `"internal-and-load-balancing" is no ingress; did you mean "internal-and-cloud-load-balancing"? [no-such-word]`,
		`workload.ingress in ["all", "public"]`:                                                         `"public" is no ingress, want all, internal, internal-and-cloud-load-balancing [no-such-word]`,
		`resource.kind == "service"`:                                                                    `"service" is no kind, want run.service, run.job,`,
		`change.verb == "SetIamPolicy"`:                                                                 `"SetIamPolicy" is no verb; did you mean "setIamPolicy"? [no-such-word]`,
		`change.service == "run"`:                                                                       `"run" is no service whose changes are read`,
		`change.method == "google.cloud.run.v1.Services.SetIAMPolicy"`:                                  `warning: policy "mine": "google.cloud.run.v1.Services.SetIAMPolicy" is no method; did you mean "google.cloud.run.v1.Services.SetIamPolicy"? [nearly-a-name]`,
		`constraint("run.managed.requireInvokerIAM").enforced && workload.ingress == "all"`:             `"run.managed.requireInvokerIAM" is no constraint; did you mean "run.managed.requireInvokerIam"? [no-such-word]`,
		`constraint("run.allowedIngres").enforced && workload.ingress == "all"`:                         `warning: policy "mine": "run.allowedIngres" is nearly the constraint "run.allowedIngress": did you mean that? [nearly-a-name]`,
		`change.added.exists(g, g.role == "roles/x")`:                                                   `a role is compared by its name: g.role.name [invalid]`,
		`change.added.exists(g, g.member == "allUsers")`:                                                `a member is compared by its value`,
		`change.added.exists(g, g.member.value = "allUsers")`:                                           `two values are compared with == [invalid]`,
		`change.hasDelta and workload.ingress == "all"`:                                                 `conditions are joined with && [invalid]`,
		`change.hasDelta == True`:                                                                       `write true and false in small letters [invalid]`,
		`actor == "user:a@example.com"`:                                                                 `an actor is compared by its principal or its e-mail: actor.email [invalid]`,
		`constraint("run.allowedIngress") == true`:                                                      `a constraint is asked whether it is enforced: constraint(NAME).enforced [invalid]`,
		`change.added.exists(g, g.role in ["roles/owner"])`:                                             `a role is looked for by its name: g.role.name in [...] [invalid]`,
		`workload.identity == "a@p.iam.gserviceaccount.com" || change.added.exists(g, g.member.public)`: `an identity is compared by its e-mail: workload.identity.email [invalid]`,
	} {
		if got := linted(t, when); len(got) != 1 || !strings.Contains(got[0], want) {
			t.Errorf("%s:\n got  %q\n want %q", when, got, want)
		}
	}
}

func TestWhatMayBeMeantIsNoSlip(t *testing.T) {
	for _, when := range []string{
		`change.added.exists(g, g.member.value == "allUsers" || g.member.value == "group:all@example.com" && g.role.name == "roles/run.invoker")`,
		`change.added.exists(g, g.role.name == "roles/spanner.databaseAdmin" || g.role.name == "organizations/7/roles/runner")`,
		`workload.ingress != "" && workload.ingress != "internal"`,
		`change.method == "google.cloud.run.v3.Services.PatchService"`,
		`constraint("custom.noPublicBuckets").enforced && workload.ingress == "all"`,
		`workload.labels["role.name"] == "allusers"`,
		`resource.name == "allusers" || resource.location == "intrnal"`,
	} {
		if got := linted(t, when); len(got) != 0 {
			t.Errorf("%s: %q", when, got)
		}
	}
}

// The place is that of the word, also after tabs, and in a text of several lines.
func TestAProblemStandsWhereTheWordIs(t *testing.T) {
	data := "apiVersion: rescind/v1\npolicies:\n  - name: mine\n    title: t\n    severity: low\n    on: [run.service]\n    when: |\n      workload.ingress == \"all\" ||\n      \t workload.ingress == \"interna\" ||\n      \t\tchange.hasDlta\n"
	for from, want := range map[string][2]int{"change.hasDlta": {10, 15}, "change.hasDelta": {9, 29}} {
		_, err := policies.Lint(nil, policies.LintInput{})
		if err != nil {
			t.Fatal(err)
		}
		found, err := policies.Lint([]policies.File{{Name: "p.yaml", Data: []byte(strings.Replace(data, "change.hasDlta", from, 1))}}, policies.LintInput{})
		if err != nil || len(found) == 0 {
			t.Fatalf("%v, %v", found, err)
		}
		i := slices.IndexFunc(found, func(p policies.LintProblem) bool { return p.Rule == "no-such-word" || p.Rule == "invalid" })
		if d := cmp.Diff(want, [2]int{found[i].Line, found[i].Column}); d != "" {
			t.Errorf("%s (-want +got):\n%s", found[i], d)
		}
		lines := strings.Split(found[i].Excerpt, "\n")
		if found[i].Rule == "invalid" && (len(lines) != 2 || !strings.HasSuffix(lines[1], "\t\t      ^")) {
			t.Errorf("the caret stands elsewhere:\n%q", found[i].Excerpt)
		}
	}
}

// Every service whose entries are read is a word for change.service.
func TestTheServicesAreThoseThatAreRead(t *testing.T) {
	read, _ := auditlog.Sources(nil)
	for _, s := range read {
		if got := linted(t, `change.service == "`+s+`"`); len(got) != 0 {
			t.Errorf("%s: %q", s, got)
		}
	}
}
