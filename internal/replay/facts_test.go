package replay

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

const (
	invokerIAM  = "run.managed.requireInvokerIam"
	sampleFacts = `
constraints:
  run.managed.requireInvokerIam:
    enforced: [projects/264172533001, folders/12, projects/unlisted]
  iam.disableServiceAccountCreation: {}
  run.allowedVPCEgress:
    denies: {all-traffic: [folders/12]}
projects:
  - {id: pay-prod, number: "264172533001", ancestors: [folders/4001, organizations/77]}
  - {id: pay, ancestors: [folders/123, organizations/77]}
  - {id: deep, ancestors: [folders/5, folders/12, organizations/77]}
  - {id: bare}
  - {id: top, ancestors: []}
organizations:
  - {id: "77", domains: [Example.com]}
runtime_identities: [api@pay-prod.iam.gserviceaccount.com]
`
)

func sample(t *testing.T) *FactsFile {
	t.Helper()
	f, err := ParseFacts("f.yaml", []byte(sampleFacts))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFactsFromTheFile(t *testing.T) {
	constraint := func(name, project string) policies.Question {
		return policies.Question{Kind: policies.ConstraintEnforced, Name: name, Project: project}
	}
	ancestors := func(of string) policies.Question { return policies.Question{Kind: policies.Ancestors, Name: of} }
	identity := func(email string) policies.Question {
		return policies.Question{Kind: policies.RuntimeIdentity, Name: email}
	}
	allows := func(name, value, project string) policies.Question {
		return policies.Question{Kind: policies.ConstraintAllows, Name: name, Project: project, Value: value}
	}
	number := func(project, n string) policies.Question {
		return policies.Question{Kind: policies.ProjectNumber, Project: project, Value: n}
	}
	domain := func(organization, d string) policies.Question {
		return policies.Question{Kind: policies.OrganizationDomain, Name: organization, Value: d}
	}
	const source = "facts file f.yaml"
	tests := []struct {
		name string
		q    policies.Question
		want policies.Fact
	}{
		{"enforced at the project, listed by number", constraint(invokerIAM, "pay-prod"), policies.Fact{Known: true, Value: true, Source: source + ": projects/pay-prod"}},
		{"a project asked about by its number", constraint(invokerIAM, "264172533001"), policies.Fact{Known: true, Value: true, Source: source + ": projects/pay-prod"}},
		{"enforced at a folder above", constraint(invokerIAM, "deep"), policies.Fact{Known: true, Value: true, Source: source + ": folders/12"}},
		{"folders/12 is not folders/123", constraint(invokerIAM, "pay"), policies.Fact{Known: true, Source: source}},
		{"enforced at a project that is not listed", constraint(invokerIAM, "unlisted"), policies.Fact{Known: true, Value: true, Source: source + ": projects/unlisted"}},
		{"any other listed project is not", constraint(invokerIAM, "pay"), policies.Fact{Known: true, Source: source}},
		{"one without ancestors may lie where it is", constraint(invokerIAM, "bare"), policies.Fact{Why: "f.yaml gives no ancestors of the project, which may lie in folders/12: add `ancestors` to it"}},
		{"so may its values", allows("run.allowedVPCEgress", "all-traffic", "bare"), policies.Fact{Why: "f.yaml gives no ancestors of the project, which may lie in folders/12: add `ancestors` to it"}},
		{"one that is in nothing does not", constraint(invokerIAM, "top"), policies.Fact{Known: true, Source: source}},
		{"a constraint that is enforced nowhere", constraint("iam.disableServiceAccountCreation", "pay"), policies.Fact{Known: true, Source: source}},
		{"a project that is not listed", constraint(invokerIAM, "pay-prod-2"), policies.Fact{Why: "f.yaml does not list the project"}},
		{"a constraint that is not listed", constraint("run.allowedIngress", "pay"), policies.Fact{Why: "f.yaml does not list the constraint"}},
		{"ancestors of a project", ancestors("projects/pay-prod"), policies.Fact{Known: true, List: []string{"folders/4001", "organizations/77"}, Source: source}},
		{"a project without any", ancestors("projects/top"), policies.Fact{Known: true, Source: source}},
		{"a project whose ancestors are not given", ancestors("projects/bare"), policies.Fact{Why: "f.yaml gives no ancestors of the project"}},
		{"ancestors of a project that is not listed", ancestors("projects/other"), policies.Fact{Why: "f.yaml does not list the project"}},
		{"ancestors of a project by its number", ancestors("projects/264172533001"), policies.Fact{Known: true, List: []string{"folders/4001", "organizations/77"}, Source: source}},
		{"ancestors of a number that nobody has", ancestors("projects/404"), policies.Fact{Why: "f.yaml lists no project of that number"}},
		{"ancestors of a folder between", ancestors("folders/5"), policies.Fact{Known: true, List: []string{"folders/12", "organizations/77"}, Source: source}},
		{"ancestors of a folder that is not there", ancestors("folders/6"), policies.Fact{Why: "f.yaml lists no project below it"}},
		{"ancestors of an organization", ancestors("organizations/77"), policies.Fact{Known: true, Source: "an organization is at the top"}},
		{"ancestors of something else", ancestors("buckets/1"), policies.Fact{Why: "it is no project, folder or organization"}},
		{"a listed runtime identity", identity("api@pay-prod.iam.gserviceaccount.com"), policies.Fact{Known: true, Value: true, Source: source}},
		{"an account that nobody knows is none", identity("x@pay-prod.iam.gserviceaccount.com"),
			policies.Fact{Known: true, Source: "neither the history nor a facts file shows one"}},
		{"a role", policies.Question{Kind: policies.RoleInvokes, Name: "projects/p/roles/r"}, policies.Fact{Why: "custom roles are not in the facts file, and the history does not show it defined"}},
		{"a value that a folder above denies", allows("run.allowedVPCEgress", "all-traffic", "deep"), policies.Fact{Known: true, Source: source + ": folders/12"}},
		{"any other listed project allows it", allows("run.allowedVPCEgress", "all-traffic", "pay"), policies.Fact{Known: true, Value: true, Source: source}},
		{"a value that nothing denies", allows("run.allowedVPCEgress", "private-ranges-only", "deep"), policies.Fact{Known: true, Value: true, Source: source}},
		{"a value for a project that is not listed", allows("run.allowedVPCEgress", "all-traffic", "other"), policies.Fact{Why: "f.yaml does not list the project"}},
		{"a value of a boolean constraint", allows(invokerIAM, "all", "pay"), policies.Fact{Why: "f.yaml does not list what the constraint denies"}},
		{"whether a list constraint is enforced", constraint("run.allowedVPCEgress", "pay"), policies.Fact{Why: "f.yaml does not list the constraint"}},
		{"a project's number", number("pay-prod", "264172533001"), policies.Fact{Known: true, Value: true, Source: source}},
		{"another number", number("pay-prod", "26417253300"), policies.Fact{Known: true, Source: source}},
		{"a number that nobody gave", number("pay", "1"), policies.Fact{Why: "neither the history nor a facts file shows the number of pay"}},
		{"a domain of the organization", domain("organizations/77", "example.com"), policies.Fact{Known: true, Value: true, Source: source}},
		{"a domain of another", domain("organizations/77", "notexample.com"), policies.Fact{Known: true, Source: source}},
		{"an organization that is not listed", domain("organizations/7", "example.com"), policies.Fact{Why: "f.yaml does not list the domains of organizations/7"}},
		{"a question of tomorrow", policies.Question{Kind: "weather"}, policies.Fact{Why: "replay knows nothing of weather"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := sample(t)
			f := factsAt{file, learn(nil, numbers{}.with(file)), time.Time{}}
			if diff := cmp.Diff(tt.want, f.Fact(t.Context(), tt.q), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("fact (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWithoutAFileOnlyTheHistoryIsKnown(t *testing.T) {
	f := factsAt{nil, learn(nil, projects{}), time.Time{}}
	for q, want := range map[policies.Question]policies.Fact{
		{Kind: policies.ConstraintEnforced, Name: invokerIAM, Project: "p"}: {Why: "there is no facts file, and the history shows no earlier change of it"},
		{Kind: policies.Ancestors, Name: "projects/p"}:                      {Why: "there is no facts file"},
		{Kind: policies.Ancestors, Name: "folders/1"}:                       {Why: "there is no facts file"},
		{Kind: policies.RuntimeIdentity, Name: "a@b"}:                       {Known: true, Source: "neither the history nor a facts file shows one"},
	} {
		if diff := cmp.Diff(want, f.Fact(t.Context(), q)); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", q.Kind, q.Name, diff)
		}
	}
}

func at(minute int) time.Time { return time.Date(2026, 11, 20, 10, minute, 0, 0, time.UTC) }

func orgPolicy(parent string, minute int, enforced cloud.Flag) cloud.Change {
	return cloud.Change{
		Time: at(minute), Verb: cloud.SetOrg,
		Resource:   cloud.Resource{Kind: cloud.OrgPolicy, Parent: parent, Name: invokerIAM},
		Constraint: &cloud.ConstraintChange{Name: invokerIAM, Enforced: enforced},
	}
}

func TestAConstraintHoldsFromItsChangeOn(t *testing.T) {
	on, off := cloud.KnownFlag(true), cloud.KnownFlag(false)
	tests := []struct {
		name    string
		changes []cloud.Change
		project string
		minute  int
		want    string // "on", "off" or "unknown"
	}{
		{"before it, the file counts", []cloud.Change{orgPolicy("projects/pay-prod", 5, off)}, "pay-prod", 4, "on"},
		{"at its time, it counts", []cloud.Change{orgPolicy("projects/pay-prod", 5, off)}, "pay-prod", 5, "off"},
		{"the latest counts", []cloud.Change{orgPolicy("projects/pay", 5, on), orgPolicy("projects/pay", 6, off)}, "pay", 7, "off"},
		{"a project that the file does not list", []cloud.Change{orgPolicy("projects/new", 5, on)}, "new", 6, "on"},
		{"and before it", []cloud.Change{orgPolicy("projects/new", 5, on)}, "new", 4, "unknown"},
		{"what cannot be told from the entry is unknown", []cloud.Change{orgPolicy("projects/pay", 5, cloud.Flag{})}, "pay", 6, "unknown"},
		{"an untouched rule says nothing", []cloud.Change{orgPolicy("projects/pay-prod", 5, cloud.Flag{Knowledge: cloud.Unchanged})}, "pay-prod", 6, "on"},
		{"a folder's holds below it", []cloud.Change{orgPolicy("folders/123", 5, on)}, "pay", 6, "on"},
		{"a project's own goes before its folder's", []cloud.Change{orgPolicy("projects/pay", 4, off), orgPolicy("folders/123", 5, on)}, "pay", 6, "off"},
		{"the nearer folder's goes first", []cloud.Change{orgPolicy("organizations/77", 5, off)}, "deep", 6, "on"},
		{"the organization's reaches all", []cloud.Change{orgPolicy("organizations/77", 5, on)}, "pay", 6, "on"},
		{"another constraint is another", nil, "pay", 6, "off"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			file := sample(t)
			f := factsAt{file, learn(tt.changes, numbers{}.with(file)), at(tt.minute)}
			fact := f.constraint(invokerIAM, tt.project)
			got := map[bool]string{true: "on", false: "off"}[fact.Value]
			if !fact.Known {
				got = "unknown"
			}
			if got != tt.want {
				t.Errorf("it is %s, want %s: %+v", got, tt.want, fact)
			}
		})
	}
}

func TestWhatAListConstraintAllowsHoldsFromItsChangeOn(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change cloud.ConstraintChange
		want   policies.Fact
	}{
		{"every value", cloud.ConstraintChange{Became: cloud.PolicyAllowsAll}, policies.Fact{Known: true, Value: true, Source: "learned: projects/new set it", At: at(5)}},
		{"no value", cloud.ConstraintChange{Became: cloud.PolicyDeniesAll}, policies.Fact{Known: true, Source: "learned: projects/new set it", At: at(5)}},
		{"other values", cloud.ConstraintChange{Became: cloud.PolicyHoldsValues, Allowed: []string{"internal"}}, policies.Fact{Known: true, Source: "learned: projects/new set it", At: at(5)}},
		{"values on top of what is inherited", cloud.ConstraintChange{Became: cloud.PolicyHoldsValues},
			policies.Fact{Why: "projects/new changed it at 2026-11-20T10:05:00Z, and what is in force since cannot be told from the entry"}},
		{"what was deleted", cloud.ConstraintChange{Became: cloud.PolicyDeleted},
			policies.Fact{Why: "projects/new changed it at 2026-11-20T10:05:00Z, and what is in force since cannot be told from the entry"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := orgPolicy("projects/new", 5, cloud.Flag{})
			tt.change.Name = invokerIAM
			c.Constraint = &tt.change
			f := factsAt{nil, learn([]cloud.Change{c}, projects{}), at(6)}
			got := f.Fact(t.Context(), policies.Question{Kind: policies.ConstraintAllows, Name: invokerIAM, Project: "new", Value: "all"})
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("fact (-want +got):\n%s", diff)
			}
		})
	}
}
