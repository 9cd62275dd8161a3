package policies

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies/catalog"
)

var further = []string{
	"no-act-as-on-default-identity", "no-constraint-weakening", "no-cross-project-identity",
	"no-iam-condition-removed", "no-privileged-invoker-role", "no-public-ingress",
}

// naming is a policy file that names built-in policies, with these keys for each.
func naming(keys string, names ...string) File {
	text := head
	for _, n := range names {
		text += "  - name: " + n + "\n" + keys
	}
	return File{Name: "naming.yaml", Data: []byte(text)}
}

func names(ps []Policy) (out []string) {
	for _, p := range ps {
		out = append(out, p.Name)
	}
	return out
}

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
	if len(ran) != 9 {
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

// Promise: what is not known makes a verdict unknown, or does not matter. For
// every sample of every built-in policy, with any of its facts taken away, the
// verdict stays what it was or becomes unknown, and no enforcement gets stronger.
func TestTakingFactsAwayNeverMakesAVerdictMoreCertain(t *testing.T) {
	s, rnd := load(t, naming("    enforcement: revert\n    overrides: [{scope: folders/4001, enforcement: audit}]\n", append(catalog.Always(), further...)...)), rand.New(rand.NewPCG(3, 4))
	for _, r := range s.rules {
		for _, sample := range r.samples {
			full := Facts{}
			for range 4 {
				for _, q := range verdict(s, r.Name, Input{Change: sample.change, Facts: full, Now: sample.now}).Needs {
					full[q] = sample.facts.answer(q)
				}
			}
			want := verdict(s, r.Name, Input{Change: sample.change, Facts: full, Now: sample.now})
			for range 8 {
				some := Facts{}
				for q, f := range full {
					switch rnd.IntN(3) {
					case 0:
						some[q] = f
					case 1:
						some[q] = Fact{Why: "refused"}
					}
				}
				got := verdict(s, r.Name, Input{Change: sample.change, Facts: some, Now: sample.now})
				if got.Verdict != Unknown && got.Verdict != want.Verdict {
					t.Errorf("%s/%s: %q with %v, %q with %v", r.Name, sample.name, got.Verdict, some, want.Verdict, full)
				}
				if got.Verdict != Compliant && want.Verdict != Compliant && weaker(got.Enforcement, want.Enforcement) != got.Enforcement &&
					!(want.EnforcedBy != "" && got.Enforcement == Approve) {
					t.Errorf("%s/%s: %s with %v, %s with %v", r.Name, sample.name, got.Enforcement, some, want.Enforcement, full)
				}
				if got.Verdict == Unknown && len(got.Reasons) == 0 {
					t.Errorf("%s/%s is unknown without a reason", r.Name, sample.name)
				}
			}
		}
	}
}

func TestEditorsFindingSaysHowToDoWithoutIt(t *testing.T) {
	const email = "264172533001-compute@developer.gserviceaccount.com"
	own, def := cloud.Member("serviceAccount:api@pay.iam.gserviceaccount.com"), cloud.Member("serviceAccount:"+email)
	c := cloud.Change{Resource: cloud.FolderResource("12"), Verb: cloud.SetPolicy, HasDelta: true, Deltas: []cloud.Delta{
		{Action: cloud.Add, Grant: cloud.Grant{Role: "roles/editor", Member: own}},
		{Action: cloud.Add, Grant: cloud.Grant{Role: "roles/owner", Member: def}},
		{Action: cloud.Add, Grant: cloud.Grant{Role: "roles/editor", Member: "user:ada@example.com"}},
	}}
	facts := Facts{
		{Kind: RuntimeIdentity, Name: "api@pay.iam.gserviceaccount.com"}: {Known: true, Value: true, Source: "facts.yaml"},
		{Kind: RuntimeIdentity, Name: email}:                             {Known: true, Value: true, Source: "facts.yaml"},
	}
	r := verdict(load(t), "no-editor-on-runtime-identity", Input{Change: c, Facts: facts})
	want := []string{
		"roles/editor to serviceAccount:api@pay.iam.gserviceaccount.com was added",
		"roles/owner to serviceAccount:" + email + " was added",
		"a Cloud Run workload runs as api@pay.iam.gserviceaccount.com (facts.yaml)",
		"a Cloud Run workload runs as " + email + " (facts.yaml)",
		"grant the account what its workloads use instead, for example roles/secretmanager.secretAccessor, roles/cloudsql.client, " +
			"roles/storage.objectUser, roles/pubsub.publisher, roles/datastore.user, roles/cloudtrace.agent, roles/logging.logWriter or roles/run.invoker",
		"what it used so far: https://console.cloud.google.com/iam-admin/iam?folder=12 " +
			"(role recommendations, https://cloud.google.com/policy-intelligence/docs/review-apply-role-recommendations)",
		email + " is a default account: builds and source deployments that run as it, and workloads that name no account, can break without the role",
	}
	if diff := cmp.Diff(want, r.Reasons); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
}

func TestWhoseProjectAnAccountIsOfIsUnknownWhereItsNameDoesNotSay(t *testing.T) {
	account := func(project, email string) cloud.Change {
		return cloud.Change{
			Resource: cloud.RunResource(cloud.RunService, project, "l", "s"), Verb: cloud.Update,
			Workload: &cloud.Workload{Identity: cloud.KnownIdentity(email), InvokerCheckDisabled: untouchedFlag},
		}
	}
	number := Question{Kind: ProjectNumber, Project: "pay", Value: "12"}
	for _, tt := range []struct {
		name   string
		change cloud.Change
		facts  Facts
		want   Verdict
		asks   []Question
	}{
		{"an account of no project's form", account("pay", "x@example.com"), nil, Unknown, nil},
		{"a workload whose project is not known", account("", "x@example.com"), nil, Unknown, nil},
		{"a number and an id", account("pay", "12-compute@developer.gserviceaccount.com"), nil, Unknown, []Question{number}},
		{"an id and a number", account("12", "api@pay.iam.gserviceaccount.com"), nil, Unknown, []Question{number}},
		{"which are known to be one", account("12", "api@pay.iam.gserviceaccount.com"), Facts{number: {Known: true, Value: true}}, Compliant, nil},
		{"which are known to be two", account("pay", "12-compute@developer.gserviceaccount.com"), Facts{number: {Known: true}}, Violation, nil},
		{"two numbers", account("13", "12-compute@developer.gserviceaccount.com"), nil, Violation, nil},
	} {
		r := verdict(load(t, one("workload.identity.crossProject")), "mine", Input{Change: tt.change, Facts: tt.facts})
		if r.Verdict != tt.want || !slices.Equal(r.Needs, tt.asks) {
			t.Errorf("%s: %q, needs %v", tt.name, r.Verdict, r.Needs)
		}
	}
}

func TestAdviceIsAListOfSentences(t *testing.T) {
	_, err := Load(one("true", "advice: resource.name"))
	want := "mine.yaml:9:13: advice is of type string, want list(string)\n  |     advice: resource.name\n  |             ^"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

func TestAdviceThatGoesWrongIsLeftOut(t *testing.T) {
	s := load(t, one("true", `advice: '["first", workload.labels["none"]]'`))
	if r := verdict(s, "mine", Input{Change: setPolicy(public)}); r.Verdict != Violation || len(r.Reasons) != 0 {
		t.Errorf("%q: %q", r.Verdict, r.Reasons)
	}
}
