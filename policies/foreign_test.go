package policies

import (
	"slices"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
)

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
