package policies

import (
	"slices"
	"strings"
	"testing"

	"cel.dev/cel-go/cel"
	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies/catalog"
)

func TestAFurtherBuiltInPolicyIsLoadedWhenAFileNamesIt(t *testing.T) {
	if diff := cmp.Diff(catalog.Always(), names(load(t).Policies())); diff != "" {
		t.Errorf("without a file (-want +got):\n%s", diff)
	}
	all := slices.Sorted(slices.Values(append(catalog.Always(), further...)))
	if diff := cmp.Diff(all, names(policiesOf(shippedRules()))); diff != "" {
		t.Errorf("the catalog (-want +got):\n%s", diff)
	}
	for _, name := range further {
		s := load(t, naming("", name))
		if diff := cmp.Diff(slices.Sorted(slices.Values(append([]string{name}, catalog.Always()...))), names(s.Policies())); diff != "" {
			t.Errorf("named (-want +got):\n%s", diff)
		}
		for _, p := range load(t, naming("    enforcement: approve\n", name)).Policies() {
			if want := map[bool]Enforcement{true: Approve, false: Audit}[p.Name == name]; p.Enforcement != want || !p.BuiltIn {
				t.Errorf("%s: %s, built in %t", p.Name, p.Enforcement, p.BuiltIn)
			}
		}
		_, err := Load(naming("    title: Mine\n", name))
		want := "naming.yaml:4:5: policy \"" + name + "\" is built in; only its enforcement, overrides and exemptions can be changed, not its title"
		if err == nil || err.Error() != want {
			t.Errorf("with another key: %v", err)
		}
	}
}

func TestSamplesOfAllBuiltInPoliciesRunWhateverIsLoaded(t *testing.T) {
	count := map[string]map[Verdict]int{}
	shapes := map[string]bool{}
	for _, r := range shippedRules() {
		count[r.Name] = map[Verdict]int{}
		for _, s := range r.samples {
			count[r.Name][s.want]++
			for _, shape := range []string{".v1.", ".v2.", "SetIamPolicy", "SetOrgPolicy"} {
				shapes[r.Name+shape] = shapes[r.Name+shape] || strings.Contains(s.change.Method, shape)
			}
		}
	}
	for _, name := range append(catalog.Always(), further...) {
		if n := count[name]; n[Violation] < 3 || n[Compliant] < 3 || n[Unknown] < 1 {
			t.Errorf("%s has %d violating, %d compliant and %d unknown samples", name, n[Violation], n[Compliant], n[Unknown])
		}
		if !shapes[name+".v2."] && !shapes[name+"SetIamPolicy"] {
			t.Errorf("%s has no sample in the newer shape", name)
		}
	}
	ran := map[string]bool{}
	for _, r := range load(t, naming("    enforcement: approve\n", "no-public-ingress")).Test(nil) {
		ran[strings.Split(r.Name, "/")[0]] = true
	}
	if len(ran) != 11 {
		t.Errorf("samples of %d policies ran: %v", len(ran), ran)
	}
}

// An override says where a policy forbids something by itself, whatever the
// organization's constraint allows.
func TestAnOverrideForbidsWhereTheConstraintDoesNot(t *testing.T) {
	open := cloud.Change{Resource: service, Verb: cloud.Update, Workload: &cloud.Workload{
		Ingress: "all", Identity: cloud.KnownIdentity("api@shared.iam.gserviceaccount.com"), InvokerCheckDisabled: untouchedFlag,
	}}
	facts := Facts{
		{Kind: ConstraintAllows, Name: "run.allowedIngress", Project: "pay", Value: "all"}:                {Known: true, Value: true},
		{Kind: ConstraintEnforced, Name: "iam.disableCrossProjectServiceAccountUsage", Project: "shared"}: {Known: true},
		payAncestors: {Known: true, List: []string{"folders/12", "organizations/7"}},
	}
	for _, name := range []string{"no-public-ingress", "no-cross-project-identity"} {
		for scope, want := range map[string]Verdict{"folders/12": Violation, "projects/pay": Violation, "folders/123": Compliant, "projects/pa": Compliant} {
			s := load(t, naming("    overrides: [{scope: "+scope+", enforcement: approve}]\n", name))
			if r := verdict(s, name, Input{Change: open, Facts: facts}); r.Verdict != want || want == Violation && r.Enforcement != Approve {
				t.Errorf("%s with an override for %s: %q, %s", name, scope, r.Verdict, r.Enforcement)
			}
		}
		s := load(t, naming("    overrides: [{scope: folders/12, enforcement: revert}]\n", name))
		known := Facts{}
		for q, f := range facts {
			if q != payAncestors {
				known[q] = f
			}
		}
		if r := verdict(s, name, Input{Change: open, Facts: known}); r.Verdict != Unknown || !slices.Contains(r.Needs, payAncestors) || r.Enforcement == Revert {
			t.Errorf("%s with ancestors unknown: %q, %s, needs %v", name, r.Verdict, r.Enforcement, r.Needs)
		}
	}
}

// They are compiled when they are first evaluated, so that loading them says nothing.
func TestEveryBuiltInPolicyCompiles(t *testing.T) {
	for _, r := range shippedRules() {
		for part, p := range map[string]*program{"when": r.when, "message": r.message, "advice": r.advice} {
			if p == nil && part != "when" {
				continue
			}
			_, plain := p.of(false)
			_, counted := p.of(true)
			if plain != nil || counted != nil {
				t.Errorf("%s: %s: %v, %v", r.Name, part, plain, counted)
			}
		}
	}
}

func TestABuiltInExpressionThatDoesNotCompileIsAnErrorEachTime(t *testing.T) {
	s, root := openFile(File{Name: "x.yaml", Data: []byte("a: change.nothing")})
	p := whenWanted(s, root.Content[1], "when", cel.BoolType)
	for range 2 {
		if _, err := p.run(newEvaluation(Input{})); err == nil || !strings.Contains(err.Error(), "undefined field 'nothing'") {
			t.Errorf("error is %v, want that there is no such field", err)
		}
	}
}
