package policies

import (
	"fmt"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// A reason that rests on a fact says which, from where and when; one that lacks
// a fact says which and why.
func TestEveryFactIsToldWithItsOriginOrWhatKeptItFromUs(t *testing.T) {
	const invoker, ingress = "run.managed.requireInvokerIam", "run.allowedIngress"
	for _, tt := range []struct {
		q                Question
		list             []string
		yes, no, unknown string
	}{
		{Question{Kind: ConstraintEnforced, Name: invoker, Project: "pay"}, nil,
			invoker + " is enforced for pay", invoker + " is not enforced for pay", "whether " + invoker + " is enforced for pay"},
		{Question{Kind: ConstraintAllows, Name: ingress, Project: "pay", Value: "all"}, nil,
			ingress + " allows all for pay", ingress + " does not allow all for pay", "whether " + ingress + " allows all for pay"},
		{Question{Kind: RuntimeIdentity, Name: "a@p.example"}, nil,
			"a Cloud Run workload runs as a@p.example", "no Cloud Run workload runs as a@p.example", "whether a Cloud Run workload runs as a@p.example"},
		{Question{Kind: RoleInvokes, Name: "roles/x"}, nil, "roles/x can invoke Cloud Run", "roles/x cannot invoke Cloud Run", "whether roles/x can invoke Cloud Run"},
		{Question{Kind: Ancestors, Name: "projects/pay"}, []string{"folders/1", "organizations/7"},
			"projects/pay is in folders/1, organizations/7", "projects/pay is in folders/1, organizations/7", "what the ancestors of projects/pay are"},
		{Question{Kind: ProjectNumber, Project: "pay", Value: "12"}, nil,
			"12 is the number of pay", "12 is not the number of pay", "whether 12 is the number of pay"},
		{Question{Kind: OrganizationDomain, Name: "organizations/7", Value: "example.com"}, nil,
			"accounts of example.com belong to organizations/7", "accounts of example.com do not belong to organizations/7", "whether accounts of example.com belong to organizations/7"},
	} {
		for value, want := range map[bool]string{true: tt.yes, false: tt.no} {
			f := Fact{Known: true, Value: value, List: tt.list, Source: "somewhere", At: noon}
			if got := f.Sentence(tt.q); got != want+" (somewhere, 2026-11-20T12:00:00Z)" {
				t.Errorf("%s", got)
			}
		}
		if got := (doubt{tt.q, tt.q.What(), "refused"}).String(); got != tt.unknown+" is unknown: refused" {
			t.Errorf("%s", got)
		}
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

// Whoever answers without saying why leaves that to be read as well.
func TestAFactThatIsUnknownForNoReasonSaysSo(t *testing.T) {
	for why, want := range map[string]string{"": "no reason given", "refused": "refused"} {
		r := verdict(load(t, one(`constraint("c").enforced`)), "mine", Input{Change: setPolicy(), Facts: Facts{{Kind: ConstraintEnforced, Name: "c", Project: "pay"}: {Why: why}}})
		if want = "whether c is enforced for pay is unknown: " + want; len(r.Reasons) != 1 || r.Reasons[0] != want {
			t.Errorf("%q, want %q", r.Reasons, want)
		}
	}
}
