package policies

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies/catalog"
)

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
					full[q] = sample.facts.Answer(q)
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

// The project that is not known is the account's: the workload is in one.
func TestAConstraintOfAnAccountsProjectIsUnknownWhereItsNameSaysNone(t *testing.T) {
	api := cloud.RunResource(cloud.RunService, "pay", "europe-west1", "api")
	c := cloud.Change{Resource: api, Verb: cloud.Update, Workload: &cloud.Workload{Resource: api, Identity: cloud.KnownIdentity("264172533001@cloudbuild.gserviceaccount.com")}}
	r := verdict(load(t, one(`constraint("c", "").enforced`)), "mine", Input{Change: c})
	if said := strings.Join(r.Reasons, "\n"); r.Verdict != Unknown || strings.Contains(said, "is in no project") || !strings.Contains(said, "that of the account it is asked for is not known") {
		t.Errorf("%s: %q", r.Verdict, r.Reasons)
	}
}

// A unique id may be the default account's.
func TestAnIdentityThatIsNoEMailIsUnknownAndSaysSo(t *testing.T) {
	api := cloud.RunResource(cloud.RunService, "pay", "europe-west1", "api")
	c := cloud.Change{Resource: api, Verb: cloud.Update, Workload: &cloud.Workload{Resource: api, Identity: cloud.KnownIdentity("104785126512345678901")}}
	r := verdict(load(t), "no-default-service-account", Input{Change: c})
	if said := strings.Join(r.Reasons, "\n"); r.Verdict != Unknown || !strings.Contains(said, `"104785126512345678901" is no e-mail`) {
		t.Errorf("%s: %q", r.Verdict, r.Reasons)
	}
}
