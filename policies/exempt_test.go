package policies

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// publicOrCustom is violated by whatever is public and can invoke.
const publicOrCustom = `change.added.exists(g, g.member.public && g.role.invokes)`

func exemptionOf(lines ...string) string {
	return "exemptions:\n      - " + strings.Join(append(lines, "owner: team@example.com", "reason: signed webhook", "expires: 2027-03-31"), "\n        ")
}

const (
	whole     = "resource: run.googleapis.com/projects/pay/locations/*/services/api"
	toAll     = `members: [allUsers]`
	asInvoker = `roles: [roles/run.invoker]`
)

func TestExemptions(t *testing.T) {
	both := setPolicy(public, anyone)
	for _, tt := range []struct {
		name      string
		exemption string
		change    cloud.Change
		now       time.Time
		want      Verdict
		grants    []cloud.Grant
		reason    string
	}{
		{"one for the resource covers the finding whole", exemptionOf(whole), both, noon, Exempt, []cloud.Grant{anyone, public},
			"exempt: signed webhook (owner team@example.com, until 2027-03-31)"},
		{"the leading slashes do not matter", exemptionOf(strings.Replace(whole, "run.", "//run.", 1)), both, noon, Exempt, []cloud.Grant{anyone, public}, ""},
		{"it covers an unknown finding too", exemptionOf(whole), setPolicy(custom), noon, Exempt, []cloud.Grant{custom}, "is unknown: it was not looked up"},
		{"it ends with the day before it expires", exemptionOf(whole), both, time.Date(2027, 3, 30, 23, 59, 59, 0, time.UTC), Exempt, []cloud.Grant{anyone, public}, ""},
		{"expired, it says so", exemptionOf(whole), both, time.Date(2027, 3, 31, 0, 0, 0, 0, time.UTC), Violation, []cloud.Grant{anyone, public},
			"exemption by team@example.com expired on 2027-03-31"},
		{"near its end, it says so", exemptionOf(whole), both, time.Date(2027, 3, 17, 0, 0, 0, 0, time.UTC), Exempt, []cloud.Grant{anyone, public},
			"(owner team@example.com, until 2027-03-31)\nexemption by team@example.com ends on 2027-03-31, in 14 days"},
		{"narrowed, it says so too", exemptionOf(whole, asInvoker), both, time.Date(2027, 3, 30, 12, 0, 0, 0, time.UTC), Violation, []cloud.Grant{anyone},
			"exemption by team@example.com ends on 2027-03-31, in 1 day"},
		{"another service is not covered", exemptionOf(strings.Replace(whole, "/api", "/apis", 1)), both, noon, Violation, []cloud.Grant{anyone, public}, ""},
		{"another project of a longer name is not covered", exemptionOf(strings.Replace(whole, "/pay/", "/pa/", 1)), both, noon, Violation, []cloud.Grant{anyone, public}, ""},
		{"a job of the same name is not covered", exemptionOf(strings.Replace(whole, "services", "jobs", 1)), both, noon, Violation, []cloud.Grant{anyone, public}, ""},
		{"narrowed to a member it leaves the others", exemptionOf(whole, toAll), both, noon, Violation, []cloud.Grant{anyone}, "1 grant exempt: signed webhook"},
		{"narrowed to a role it leaves the others", exemptionOf(whole, asInvoker), both, noon, Violation, []cloud.Grant{anyone}, ""},
		{"narrowed, it covers a finding of just that", exemptionOf(whole, toAll, asInvoker), setPolicy(public, private), noon, Exempt, []cloud.Grant{public}, ""},
		{"narrowed to what does not violate it changes nothing", exemptionOf(whole, "members: ['user:ada@example.com']"), setPolicy(public, private), noon, Violation, []cloud.Grant{public}, ""},
		{"what is left may be unknown", exemptionOf(whole, asInvoker), setPolicy(public, custom), noon, Unknown, []cloud.Grant{custom}, "1 grant exempt"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := verdict(load(t, one(publicOrCustom, tt.exemption)), "mine", Input{Change: tt.change, Now: tt.now})
			if r.Verdict != tt.want || !cmp.Equal(r.Grants, tt.grants) {
				t.Errorf("%q by %v, want %q by %v", r.Verdict, r.Grants, tt.want, tt.grants)
			}
			if reasons := strings.Join(r.Reasons, "\n"); !strings.Contains(reasons, tt.reason) {
				t.Errorf("no %q in the reasons:\n%s", tt.reason, reasons)
			}
			if (r.Exemption != nil) != (tt.want == Exempt) {
				t.Errorf("exemption %+v", r.Exemption)
			}
		})
	}
}

func TestANarrowedExemptionDoesNotCoverTheInvokerCheck(t *testing.T) {
	c := cloud.Change{Resource: service, Verb: cloud.Update, Workload: &cloud.Workload{
		InvokerCheckDisabled: cloud.KnownFlag(true), Identity: cloud.Identity{Knowledge: cloud.Unchanged},
	}}
	r := verdict(load(t, one("change.invokerCheckDisabled", exemptionOf(whole, toAll))), "mine", Input{Change: c})
	if r.Verdict != Violation || !r.InvokerCheck {
		t.Errorf("%q, invoker check %t", r.Verdict, r.InvokerCheck)
	}
}

// An exemption for the resource ends whatever the finding is about, also what no
// grant is to blame for; until the day it expires.
func TestAnExemptionForTheResourceEndsAFindingWithoutGrants(t *testing.T) {
	c := setPolicy(public)
	c.Verb, c.Workload = cloud.Update, &cloud.Workload{Ingress: "all", InvokerCheckDisabled: cloud.KnownFlag(true), Identity: cloud.KnownIdentity("1-compute@developer.gserviceaccount.com")}
	for _, when := range []string{`workload.ingress == "all"`, "change.invokerCheckDisabled", "workload.identity.default", `constraint("c").enforced`} {
		s := load(t, one(when, exemptionOf(whole)))
		before, after := verdict(s, "mine", Input{Change: c}), verdict(s, "mine", Input{Change: c, Now: time.Date(2027, 3, 31, 0, 0, 0, 0, time.UTC)})
		if before.Verdict != Exempt || before.Exemption == nil || after.Verdict == Exempt || after.Verdict == Compliant {
			t.Errorf("%s: %q, and %q once it expired", when, before.Verdict, after.Verdict)
		}
	}
}

func TestExemptionsOfABuiltInPolicyAreSetByName(t *testing.T) {
	f := File{Name: "x.yaml", Data: []byte("apiVersion: rescind/v1\npolicies:\n  - name: no-public-invoker\n    enforcement: revert\n    " + exemptionOf(whole) + "\n")}
	r := verdict(load(t, f), "no-public-invoker", Input{Change: setPolicy(public), Facts: enforced})
	if r.Verdict != Exempt || r.Enforcement != Revert || r.Exemption.Owner != "team@example.com" {
		t.Errorf("got %+v", r)
	}
	if again := verdict(load(t), "no-public-invoker", Input{Change: setPolicy(public), Facts: enforced}); again.Verdict != Violation || again.Enforcement != Audit {
		t.Errorf("another set changed with it: %+v", again)
	}
}

func TestAnExemptionFarFromItsEndSaysNothingOfIt(t *testing.T) {
	r := verdict(load(t, one(publicOrCustom, exemptionOf(whole))), "mine", Input{Change: setPolicy(public), Now: time.Date(2027, 3, 16, 23, 59, 59, 0, time.UTC)})
	if reasons := strings.Join(r.Reasons, "\n"); r.Verdict != Exempt || strings.Contains(reasons, "ends on") {
		t.Errorf("%q: %s", r.Verdict, reasons)
	}
}

func TestWarningsNameTheExemptionsThatEnd(t *testing.T) {
	s := load(t, one("true", exemptionOf(whole)), naming("    "+exemptionOf(whole, toAll)+"\n", "no-public-invoker"))
	const about = " (signed webhook): run.googleapis.com/projects/pay/locations/*/services/api"
	for now, want := range map[string][]string{
		"2027-03-16": nil,
		"2027-03-17": {
			"policy no-public-invoker: exemption by team@example.com ends on 2027-03-31, in 14 days" + about,
			"policy mine: exemption by team@example.com ends on 2027-03-31, in 14 days" + about,
		},
		"2027-03-31": {
			"policy no-public-invoker: exemption by team@example.com expired on 2027-03-31" + about,
			"policy mine: exemption by team@example.com expired on 2027-03-31" + about,
		},
	} {
		at, err := time.Parse(time.DateOnly, now)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, s.Warnings(at)); diff != "" {
			t.Errorf("on %s (-want +got):\n%s", now, diff)
		}
	}
}

// Names are compared part by part, as written: a part that only begins alike,
// or differs in case, is another thing.
func TestAnExemptionCoversWhatItNamesAndNothingElse(t *testing.T) {
	const run = "run.googleapis.com/projects/pay/locations/europe-west1/services/api"
	for _, tt := range []struct {
		name, pattern, resource string
		want                    bool
	}{
		{"itself", run, run, true},
		{"its leading slashes", "//" + run, run, true},
		{"every service of the project", "run.googleapis.com/projects/pay/locations/*/services/*", run, true},
		{"the project of a longer name", "run.googleapis.com/projects/pay/locations/*/services/*", strings.Replace(run, "/pay/", "/pay-prod/", 1), false},
		{"the project of a shorter name", "run.googleapis.com/projects/pay-prod/locations/*/services/*", run, false},
		{"a star within one part", "run.googleapis.com/projects/pay*/locations/*/services/*", strings.Replace(run, "/pay/", "/pay-prod/", 1), true},
		{"another case of a name", strings.Replace(run, "/api", "/API", 1), run, false},
		{"a job for a star among services", "run.googleapis.com/projects/pay/locations/*/services/*", strings.Replace(run, "services", "jobs", 1), false},
		{"a project for its services", "cloudresourcemanager.googleapis.com/projects/pay", run, false},
		{"a service for its project", run, "cloudresourcemanager.googleapis.com/projects/pay", false},
		{"a folder of a longer number", "cloudresourcemanager.googleapis.com/folders/12", "cloudresourcemanager.googleapis.com/folders/123", false},
		{"a folder for every project", "cloudresourcemanager.googleapis.com/projects/*", "cloudresourcemanager.googleapis.com/folders/12", false},
		{"an org policy of one container", "orgpolicy.googleapis.com/folders/12/policies/*", "orgpolicy.googleapis.com/folders/12/policies/c", true},
		{"an org policy of another", "orgpolicy.googleapis.com/folders/12/policies/*", "orgpolicy.googleapis.com/folders/123/policies/c", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			pattern, err := cloud.ParseResource(tt.pattern)
			if err != nil {
				t.Fatal(err)
			}
			r, err := cloud.ParseResource(tt.resource)
			if err != nil {
				t.Fatal(err)
			}
			if got := (exemption{pattern: pattern}).matches(r); got != tt.want {
				t.Errorf("%s covers %s: %t", tt.pattern, tt.resource, got)
			}
		})
	}
}

func TestAnExemptionNamesAMemberInAnyCase(t *testing.T) {
	granted := cloud.Grant{Role: "roles/run.admin", Member: "user:Jane.Doe@example.com"}
	for member, want := range map[string]bool{
		"user:jane.doe@example.com": true, "user:JANE.DOE@EXAMPLE.COM": true, "group:jane.doe@example.com": false, "user:jane@example.com": false,
	} {
		if got := (Exemption{Members: []string{member}}).names(granted); got != want {
			t.Errorf("%s: %t, want %t", member, got, want)
		}
	}
}
