package policies

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
)

var (
	service = cloud.RunResource(cloud.RunService, "pay", "europe-west1", "api")
	noon    = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

	public  = cloud.Grant{Role: "roles/run.invoker", Member: "allUsers"}
	anyone  = cloud.Grant{Role: "roles/run.developer", Member: "allAuthenticatedUsers"}
	custom  = cloud.Grant{Role: "projects/pay/roles/caller", Member: "allUsers"}
	private = cloud.Grant{Role: "roles/run.invoker", Member: "user:ada@example.com"}

	requireInvoker = Question{Kind: ConstraintEnforced, Name: "run.managed.requireInvokerIam", Project: "pay"}
	callerInvokes  = Question{Kind: RoleInvokes, Name: "projects/pay/roles/caller"}
	payAncestors   = Question{Kind: Ancestors, Name: "projects/pay"}
	enforced       = Facts{requireInvoker: {Known: true, Value: true, Source: "facts.yaml"}}
)

func load(t testing.TB, files ...File) *Set {
	t.Helper()
	s, err := Load(files...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// one is a policy of the test's own, with more keys after `when`.
func one(when string, more ...string) File {
	text := "apiVersion: rescind/v1\npolicies:\n  - name: mine\n    title: Mine\n    severity: low\n" +
		"    on: [run.service, project, folder, organization]\n    when: |\n      " + when + "\n"
	for _, m := range more {
		text += "    " + m + "\n"
	}
	return File{Name: "mine.yaml", Data: []byte(text)}
}

// verdict is the result of one policy, the zero Result when it is compliant.
func verdict(s *Set, policy string, in Input) Result {
	if in.Now.IsZero() {
		in.Now = noon
	}
	for _, r := range s.Evaluate(in) {
		if r.Policy == policy {
			return r
		}
	}
	return Result{}
}

func setPolicy(gs ...cloud.Grant) cloud.Change {
	c := cloud.Change{Resource: service, Verb: cloud.SetPolicy, Policy: &cloud.AllowPolicy{}, Actor: cloud.Actor{Principal: "user:a@example.com"}}
	c.Policy.Bindings = bindings(gs)
	return c
}

func bindings(gs []cloud.Grant) (out []cloud.Binding) {
	for _, g := range gs {
		out = append(out, cloud.Binding{Role: g.Role, Members: []cloud.Member{g.Member}, Condition: g.Condition})
	}
	return out
}

func TestTheBuiltInPoliciesPassTheirSamples(t *testing.T) {
	s := load(t)
	if n := len(shippedRules()); n != 9 {
		t.Errorf("%d built-in policies", n)
	}
	for _, r := range s.Test(nil) {
		if !r.OK {
			t.Errorf("%s (%s:%d): got %s, want %s\n%s", r.Name, r.File, r.Line, r.Got, r.Want, strings.Join(r.Reasons, "\n"))
		}
	}
	for _, p := range policiesOf(shippedRules()) {
		if !p.BuiltIn || p.Enforcement != Audit || p.Title == "" || p.Severity == "" || !strings.Contains(p.Rationale, "https://") || len(p.Remediation) == 0 {
			t.Errorf("built-in policy %s is not complete: %+v", p.Name, p)
		}
	}
}

// Every expression is judged on a service whose policy makes it public, whose
// workload the entry does not show, and about which no fact is known.
func TestUnknownsFlowThroughEveryExpression(t *testing.T) {
	for when, want := range map[string]Verdict{
		`change.added.exists(g, g.member.public)`:                                           Violation,
		`change.added.exists(g, g.role.name == "x" || g.member.public && g.role.invokes)`:   Violation,
		`change.added.exists(g, g.member.public) && constraint("c").enforced`:               Unknown,
		`constraint("c").enforced && change.added.exists(g, g.member.email == "a@b.c")`:     Compliant,
		`constraint("c").enforced || change.added.exists(g, g.member.public)`:               Violation,
		`!constraint("c").enforced`:                                                         Unknown,
		`constraint("c").enforced == constraint("c").enforced`:                              Unknown,
		`constraint("c").enforced ? true : false`:                                           Unknown,
		`[constraint("c").enforced, true].exists(x, x)`:                                     Unknown,
		`{"k": constraint("c").enforced}["k"]`:                                              Unknown,
		`constraint("c").name == "c"`:                                                       Violation,
		`runtimeIdentity("api@pay.iam.gserviceaccount.com")`:                                Unknown,
		`runtimeIdentity("serviceAccount:api@pay.iam.gserviceaccount.com")`:                 Unknown,
		`runtimeIdentity("user:a@example.com")`:                                             Compliant,
		`runtimeIdentity("service-1@gcf-admin-robot.iam.gserviceaccount.com")`:              Compliant,
		`change.added.exists(g, runtimeIdentity(g.member))`:                                 Compliant,
		`"folders/1" in ancestors`:                                                          Unknown,
		`ancestors.exists(a, a == "folders/1")`:                                             Unknown,
		`ancestors.size() > 0`:                                                              Unknown,
		`workload.identity.default`:                                                         Unknown,
		`workload.identity.email.startsWith("a")`:                                           Unknown,
		`workload.identity.changed && false`:                                                Compliant,
		`change.invokerCheckDisabled`:                                                       Unknown,
		`workload.ingress == "all"`:                                                         Unknown,
		`workload.labels["env"] == "prod"`:                                                  Unknown, // an error
		`"env" in workload.labels`:                                                          Compliant,
		`has(workload.labels.env)`:                                                          Compliant,
		`1 / change.added.size() == 1 / 0`:                                                  Unknown, // an error
		`1 / 0 == 1 || change.added.exists(g, g.member.public)`:                             Violation,
		`glob(resource.full, "//run.googleapis.com/projects/*/locations/*/services/*")`:     Violation,
		`glob(resource.name, "projects/*/services/*")`:                                      Compliant,
		`domain(actor.principal) == "example.com" && actor.email == "a@example.com"`:        Violation,
		`now == timestamp("2026-11-20T12:00:00Z") && change.time < now`:                     Violation,
		`resource.kind == "run.service" && resource.id == "api"`:                            Violation,
		`resource.project + "/" + resource.location == "pay/europe-west1"`:                  Violation,
		`change.added.all(g, g.condition.expression == "" && g.condition.title == "")`:      Violation,
		`change.verb == "update" && !change.hasDelta && change.removed.size() == 0`:         Violation,
		`change.added.exists(g, g.member.type == "allUsers" && g.member.value != "x")`:      Violation,
		`change.added.exists(g, g.member.deleted || g.member.serviceAccount)`:               Compliant,
		`change.added.exists(g, g.member == g.member && g.role != change.added[0].role)`:    Compliant,
		`change.added.exists(g, type(g.member) == type(g.member))`:                          Violation,
		`change.constraint.enforced`:                                                        Compliant,
		`change.added.map(g, g.role.invokes).exists(i, i) && workload.controller == "none"`: Compliant,
	} {
		t.Run(when, func(t *testing.T) {
			c := setPolicy(public)
			c.Verb = cloud.Update
			got := verdict(load(t, one(when)), "mine", Input{Change: c})
			if got.Verdict != want {
				t.Errorf("got %q, want %q: %q", got.Verdict, want, got.Reasons)
			}
			if want == Unknown && len(got.Reasons) == 0 {
				t.Error("unknown without a reason")
			}
		})
	}
}

func TestWhatAPolicyNeedsIsAskedForUntilItIsAnswered(t *testing.T) {
	s, in := load(t), Input{Change: setPolicy(custom), Facts: Facts{}, Now: noon}

	r := verdict(s, "no-public-invoker", in)
	if diff := cmp.Diff([]Question{requireInvoker, callerInvokes}, r.Needs); r.Verdict != Unknown || diff != "" {
		t.Fatalf("%s, needs:\n%s", r.Verdict, diff)
	}
	in.Facts[callerInvokes] = Fact{Known: true, Value: true, Source: "IAM roles API", At: noon}
	if r = verdict(s, "no-public-invoker", in); r.Verdict != Unknown {
		t.Fatalf("with the constraint unknown: %s", r.Verdict)
	}
	in.Facts[requireInvoker] = Fact{Why: "the look-up was refused"}
	r = verdict(s, "no-public-invoker", in)
	want := []string{
		"whether run.managed.requireInvokerIam is enforced for pay is unknown: the look-up was refused",
		"projects/pay/roles/caller to allUsers is in the policy after the change",
		"projects/pay/roles/caller can invoke Cloud Run (IAM roles API, 2026-11-20T12:00:00Z)",
	}
	if diff := cmp.Diff(want, r.Reasons); diff != "" {
		t.Errorf("reasons (-want +got):\n%s", diff)
	}
	in.Facts[requireInvoker] = enforced[requireInvoker]
	if r = verdict(s, "no-public-invoker", in); r.Verdict != Violation || len(r.Needs) != 0 {
		t.Errorf("with everything known: %s, needs %v", r.Verdict, r.Needs)
	}
}

func TestAFactThatDoesNotMatterIsNotAskedFor(t *testing.T) {
	if got := load(t).Evaluate(Input{Change: setPolicy(private)}); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestAnUnknownGrantNeverHidesAViolation(t *testing.T) {
	r := verdict(load(t), "no-public-invoker", Input{Change: setPolicy(private, custom, public), Facts: enforced})
	if r.Verdict != Violation || !cmp.Equal(r.Grants, []cloud.Grant{public}) {
		t.Errorf("%s by %v", r.Verdict, r.Grants)
	}
	if !cmp.Equal(r.Needs, []Question{callerInvokes}) {
		t.Errorf("the list of grants stays incomplete: needs %v", r.Needs)
	}
}

func TestWhatWasReadOfAHalfReadPolicyCounts(t *testing.T) {
	c := setPolicy(public)
	c.Unread = []cloud.Unread{{Field: "grants", Why: "the entry is split"}}
	if r := verdict(load(t), "no-public-invoker", Input{Change: c, Facts: enforced}); r.Verdict != Violation {
		t.Errorf("a public grant that was read: %q", r.Verdict)
	}
	c.Policy.Bindings = bindings([]cloud.Grant{private})
	r := verdict(load(t), "no-public-invoker", Input{Change: c, Facts: enforced})
	if r.Verdict != Unknown || len(r.Grants) != 0 || !strings.Contains(strings.Join(r.Reasons, "\n"), "the entry is split") {
		t.Errorf("%q by %v: %q", r.Verdict, r.Grants, r.Reasons)
	}
}

func TestAContainersPolicyWithoutADeltaClaimsNothing(t *testing.T) {
	sa := cloud.Grant{Role: "roles/editor", Member: "serviceAccount:api@pay.iam.gserviceaccount.com"}
	c := setPolicy(sa, private)
	c.Resource, c.Unread = cloud.ProjectResource("pay"), []cloud.Unread{{Field: "grants", Why: "the entry has no delta"}}
	identity := Question{Kind: RuntimeIdentity, Name: "api@pay.iam.gserviceaccount.com", Project: "pay"}
	r := verdict(load(t), "no-editor-on-runtime-identity", Input{Change: c, Facts: Facts{identity: {Known: true, Value: true}}})
	if r.Verdict != Unknown || !cmp.Equal(r.Grants, []cloud.Grant{sa}) {
		t.Errorf("%s, may be violated by %v", r.Verdict, r.Grants)
	}
}

func TestAConstraintIsAskedForByProjectOnly(t *testing.T) {
	c := cloud.Change{Resource: cloud.FolderResource("1"), Verb: cloud.SetPolicy, HasDelta: true}
	r := verdict(load(t, one(`constraint("c").enforced`)), "mine", Input{Change: c})
	if want := []string{"whether c is enforced is unknown: folders/1 is in no project, and a constraint is in force by project"}; r.Verdict != Unknown || len(r.Needs) != 0 || !cmp.Equal(r.Reasons, want) {
		t.Errorf("%q: %q, needs %v", r.Verdict, r.Reasons, r.Needs)
	}
}

// An entry may leave out a region, or name a service account by a number: what
// compares the name must not take that for another name.
func TestANameThatIsKnownInPartIsUnknown(t *testing.T) {
	c := setPolicy(public)
	c.Resource.Location = "-"
	c.Unread = []cloud.Unread{{Field: "resource", Why: "no part of the entry names the region"}}
	for when, want := range map[string]Verdict{
		`resource.location == "europe-west1"`:                                 Unknown,
		`glob(resource.full, "//run.googleapis.com/projects/pay/**")`:         Unknown,
		`resource.name.startsWith("projects/pay/")`:                           Unknown,
		`resource.id == "api" && resource.project == "pay"`:                   Violation,
		`resource.location == "x" || change.added.exists(g, g.member.public)`: Violation,
	} {
		r := verdict(load(t, one(when, `message: '"at " + resource.name'`)), "mine", Input{Change: c})
		if r.Verdict != want || !strings.HasSuffix(r.Message, "at projects/pay/locations/-/services/api") {
			t.Errorf("%s: %q, %q", when, r.Verdict, r.Message)
		}
	}
}

func TestADeletedMemberHasNoAddress(t *testing.T) {
	g := cloud.Grant{Role: "roles/run.invoker", Member: "deleted:user:ada@example.com?uid=1"}
	s := load(t, one(`change.added.exists(g, g.member.deleted && g.member.email == "" && g.member.type == "deleted")`))
	if r := verdict(s, "mine", Input{Change: setPolicy(g)}); r.Verdict != Violation {
		t.Errorf("%q: %q", r.Verdict, r.Reasons)
	}
}

func TestALongFindingIsCutShortInWordsOnly(t *testing.T) {
	var gs []cloud.Grant
	for i := range 40 {
		gs = append(gs, cloud.Grant{Role: "roles/run.invoker", Member: "allUsers", Condition: cloud.Condition{Title: fmt.Sprint(i), Expression: "true"}})
	}
	r := verdict(load(t), "no-public-invoker", Input{Change: setPolicy(gs...), Facts: enforced})
	if len(r.Grants) != 40 || len(r.Reasons) != maxReasons+2 || r.Reasons[maxReasons] != "and 28 more like these" {
		t.Errorf("%d grants, reasons %q", len(r.Grants), r.Reasons)
	}
}

func TestWhatWasDeletedViolatesNothing(t *testing.T) {
	c := setPolicy(public)
	c.Verb = cloud.Delete
	if got := load(t, one("true")).Evaluate(Input{Change: c, Facts: enforced}); len(got) != 0 {
		t.Errorf("got %+v", got)
	}
}

func TestAViolationNamesThePartsToBlame(t *testing.T) {
	off := setPolicy(private)
	off.Verb, off.Policy = cloud.Update, nil
	off.Workload = &cloud.Workload{InvokerCheckDisabled: cloud.KnownFlag(true), Identity: cloud.KnownIdentity("1-compute@developer.gserviceaccount.com")}
	for _, tt := range []struct {
		name   string
		policy string
		change cloud.Change
		want   Result
	}{
		{"each grant that violates alone", "no-public-invoker", setPolicy(private, public, anyone), Result{Grants: []cloud.Grant{anyone, public}}},
		{"the invoker check", "no-public-invoker", off, Result{InvokerCheck: true}},
		{"the identity", "no-default-service-account", off, Result{Identity: true}},
		{"nothing, when the whole is at fault", "mine", setPolicy(private, public), Result{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := verdict(load(t, one(`resource.location == "europe-west1"`)), tt.policy, Input{Change: tt.change, Facts: enforced})
			got := Result{Grants: r.Grants, InvokerCheck: r.InvokerCheck, Identity: r.Identity}
			if diff := cmp.Diff(tt.want, got); r.Verdict != Violation || diff != "" {
				t.Errorf("%s (-want +got):\n%s", r.Verdict, diff)
			}
		})
	}
}

func TestAnEntryThatShowsNothingIsUnknown(t *testing.T) {
	for _, verb := range []cloud.Verb{cloud.Create, cloud.Replace, cloud.Update} {
		r := verdict(load(t), "no-default-service-account", Input{Change: cloud.Change{Resource: service, Verb: verb}})
		if r.Verdict != Unknown || !r.Identity {
			t.Errorf("%s without a workload: %q", verb, r.Verdict)
		}
	}
	r := verdict(load(t), "no-public-invoker", Input{Change: cloud.Change{Resource: service, Verb: cloud.SetPolicy}, Facts: enforced})
	if r.Verdict != Unknown {
		t.Errorf("setIamPolicy without a policy: %q", r.Verdict)
	}
}

func TestTheMessageIsTheRenderedOne(t *testing.T) {
	in := Input{Change: setPolicy(public), Facts: enforced}
	if got, want := verdict(load(t), "no-public-invoker", in).Message, "anyone on the internet can invoke projects/pay/locations/europe-west1/services/api"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	in.Facts = nil
	if got := verdict(load(t), "no-public-invoker", in).Message; !strings.HasPrefix(got, "it is unknown whether this holds: anyone") {
		t.Errorf("unknown: %q", got)
	}
	s := load(t, one("true", `message: workload.labels["missing"]`))
	if got, want := verdict(s, "mine", in).Message, "Mine: projects/pay/locations/europe-west1/services/api"; got != want {
		t.Errorf("a message that goes wrong: got %q, want %q", got, want)
	}
}

func TestAHugeChangeIsUnknownAndNotExpensive(t *testing.T) {
	labelled := cloud.Change{Resource: service, Verb: cloud.Update, Workload: &cloud.Workload{Labels: map[string]string{}}}
	var gs []cloud.Grant
	for i := range 100_000 {
		labelled.Workload.Labels[fmt.Sprintf("label-%d", i)] = "x"
		gs = append(gs, cloud.Grant{Role: fmt.Sprintf("projects/p/roles/r%d", i), Member: "allUsers"})
	}
	for _, tt := range []struct {
		when   string
		change cloud.Change
		want   string
	}{
		{`change.added.exists(g, g.role.invokes)`, setPolicy(gs...), "100000 are more than an allow policy can hold"},
		{`workload.labels.exists(k, k.endsWith("evil") || glob(k, "*evil*") || domain(k) == "evil" || k == "evil")`, labelled, "cost limit exceeded"},
	} {
		r := verdict(load(t, one(tt.when)), "mine", Input{Change: tt.change})
		if r.Verdict != Unknown || !strings.Contains(strings.Join(r.Reasons, "\n"), tt.want) {
			t.Errorf("%s: %q: %q", tt.when, r.Verdict, r.Reasons)
		}
	}
}

// Soundness of partial evaluation: a verdict given with some facts missing is
// the verdict with all of them there, whatever they are.
func TestACertainVerdictSurvivesEveryFurtherFact(t *testing.T) {
	s, rnd := load(t, one(`change.added.exists(g, g.member.public) != ("folders/1" in ancestors) || constraint("c").enforced`)), rand.New(rand.NewPCG(1, 2))
	questions := []Question{requireInvoker, callerInvokes, payAncestors, {Kind: ConstraintEnforced, Name: "c", Project: "pay"}}
	for range 400 {
		var gs []cloud.Grant
		for _, g := range []cloud.Grant{public, anyone, custom, private} {
			if rnd.IntN(2) == 0 {
				gs = append(gs, g)
			}
		}
		all, some := Facts{}, Facts{}
		for _, q := range questions {
			all[q] = Fact{Known: true, Value: rnd.IntN(2) == 0, List: []string{"folders/1", "organizations/2"}[rnd.IntN(2):]}
			switch rnd.IntN(3) {
			case 0:
				some[q] = all[q]
			case 1:
				some[q] = Fact{Why: "refused"}
			}
		}
		for _, p := range []string{"no-public-invoker", "mine"} {
			partial, full := verdict(s, p, Input{Change: setPolicy(gs...), Facts: some}), verdict(s, p, Input{Change: setPolicy(gs...), Facts: all})
			if full.Verdict == Unknown {
				t.Fatalf("%s is unknown with every fact known: %q", p, full.Reasons)
			}
			if partial.Verdict != Unknown && partial.Verdict != full.Verdict {
				t.Fatalf("%s of %v: %q with %v, %q with %v", p, gs, partial.Verdict, some, full.Verdict, all)
			}
		}
	}
}

func TestOneSetServesManyAtOnce(t *testing.T) {
	s := load(t)
	want := verdict(s, "no-public-invoker", Input{Change: setPolicy(public), Facts: enforced})
	done := make(chan string)
	for range 8 {
		go func() {
			diff := ""
			for range 50 {
				diff += cmp.Diff(want, verdict(s, "no-public-invoker", Input{Change: setPolicy(public), Facts: enforced}))
			}
			done <- diff
		}()
	}
	for range 8 {
		if diff := <-done; diff != "" {
			t.Error(diff)
		}
	}
}
