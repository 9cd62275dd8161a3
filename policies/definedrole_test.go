package policies

import (
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// gains is a role that everybody who holds it can invoke with from now on.
func gains(flag cloud.Flag) Input {
	return Input{Change: cloud.Change{
		Service: "iam.googleapis.com", Verb: cloud.DefineRole, Resource: cloud.ProjectResource("pay"),
		Role: &cloud.RoleChange{Name: "projects/pay/roles/caller", Invokes: flag, Gained: true},
	}, Facts: Facts{{Kind: ConstraintEnforced, Name: "run.managed.requireInvokerIam", Project: "pay"}: {Known: true, Value: true}}}
}

func TestARoleThatGainsSomethingIsNeverSilent(t *testing.T) {
	set, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	got := set.Evaluate(gains(cloud.KnownFlag(true)))
	if len(got) != 1 || got[0].Policy != "no-public-invoker" || got[0].Verdict != Unknown || len(got[0].Grants) > 0 {
		t.Fatalf("%+v", got)
	}
	if all := strings.Join(got[0].Reasons, "; "); !strings.Contains(all, "who holds projects/pay/roles/caller is unknown") {
		t.Errorf("the reasons are %s", all)
	}
	in := gains(cloud.Flag{})
	in.Facts[Question{Kind: RoleInvokes, Name: "projects/pay/roles/caller"}] = Fact{Known: true}
	if got := set.Evaluate(in); len(got) > 0 {
		t.Errorf("a role that cannot invoke: %+v", got)
	}
	in = gains(cloud.KnownFlag(true))
	in.Change.Role.Gained = false
	if got := set.Evaluate(in); len(got) > 0 {
		t.Errorf("a role that gained nothing: %+v", got)
	}
}

func TestOfAGrantWhoseHolderIsNotKnownNothingIsCertain(t *testing.T) {
	for expression, want := range map[string]Verdict{
		"g.member.public": Unknown, "!g.member.public": Unknown, `g.member.email == ""`: Unknown, "g.member.external": Unknown,
		"runtimeIdentity(g.member)": Unknown, "defaultAccount(g.member)": Unknown, `g.condition.expression == ""`: Unknown,
		`g.role.name == "roles/owner"`: Compliant, "g.role.invokes": Violation, "g.conditionRemoved": Compliant,
	} {
		set, err := Load(File{Name: "mine.yaml", Data: []byte(`apiVersion: rescind/v1
policies: [{name: mine, title: T, severity: low, on: [run.service], when: '` + "change.added.exists(g, " + expression + `)'}]`)})
		if err != nil {
			t.Fatal(err)
		}
		got := Compliant
		for _, r := range set.Evaluate(gains(cloud.KnownFlag(true))) {
			if r.Policy == "mine" {
				got = r.Verdict
			}
		}
		if got != want {
			t.Errorf("%s: %q, want %q", expression, got, want)
		}
	}
}
