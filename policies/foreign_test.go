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

// Who is from outside is told by the organization that holds the resource,
// never by how alike a name is.
func TestWhoIsFromOutside(t *testing.T) {
	inside := Question{Kind: OrganizationDomain, Name: "organizations/7", Value: "example.com"}
	other := Question{Kind: Ancestors, Name: "projects/other"}
	scoped := Question{Kind: Ancestors, Name: "projects/example.com:other"}
	facts := Facts{
		payAncestors: {Known: true, List: []string{"folders/1", "organizations/7"}}, inside: {Known: true, Value: true},
		other: {Known: true, List: []string{"organizations/8"}}, scoped: {Known: true, List: []string{"organizations/7"}},
		{Kind: OrganizationDomain, Name: "organizations/7", Value: "evil.net"}: {Known: true},
	}
	for _, tt := range []struct {
		name   string
		member cloud.Member
		facts  Facts
		want   Verdict
		asks   []Question
	}{
		{"everybody", "allUsers", nil, Violation, nil},
		{"everybody with an account", "allAuthenticatedUsers", nil, Violation, nil},
		{"a consumer's address, whatever the organization", "user:ada@gmail.com", nil, Violation, nil},
		{"the same in capitals", "user:ada@GMAIL.com", nil, Violation, nil},
		{"a consumer's group", "group:all@googlegroups.com", nil, Violation, nil},
		{"one of the organization", "user:ada@example.com", facts, Compliant, nil},
		{"one of a domain that is not its", "user:ada@evil.net", facts, Violation, nil},
		{"one whose domain ends alike", "user:ada@evilexample.com", facts, Unknown, []Question{{Kind: OrganizationDomain, Name: "organizations/7", Value: "evilexample.com"}}},
		{"a domain", "domain:example.com", facts, Compliant, nil},
		{"an account of the same project", "serviceAccount:api@pay.iam.gserviceaccount.com", nil, Compliant, nil},
		{"an account of another organization", "serviceAccount:api@other.iam.gserviceaccount.com", facts, Violation, nil},
		{"an account of a project scoped by a domain", "serviceAccount:api@other.example.com.iam.gserviceaccount.com", facts, Compliant, nil},
		{"an account of a project nobody knows", "serviceAccount:api@what.iam.gserviceaccount.com", facts, Unknown, []Question{{Kind: Ancestors, Name: "projects/what"}}},
		{"a default account, named by its project's number", "serviceAccount:1-compute@developer.gserviceaccount.com", facts, Unknown, nil},
		{"Google's own", "serviceAccount:service-1@gcf-admin-robot.iam.gserviceaccount.com", nil, Compliant, nil},
		{"who is deleted", "deleted:user:ada@evil.net?uid=1", nil, Compliant, nil},
		{"members of a pool", "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/*", facts, Unknown, nil},
		{"a principal with an address in it", "principal://iam.googleapis.com/projects/1/subject/ada@gmail.example", facts, Unknown, nil},
		{"one while the organization is not known", "user:ada@example.com", nil, Unknown, []Question{payAncestors}},
		{"one in a project without an organization", "user:ada@example.com", Facts{payAncestors: {Known: true}}, Unknown, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := load(t, one("change.added.exists(g, g.member.external)"))
			r := verdict(s, "mine", Input{Change: setPolicy(cloud.Grant{Role: "roles/run.admin", Member: tt.member}), Facts: tt.facts})
			if r.Verdict != tt.want || !slices.Equal(r.Needs, tt.asks) {
				t.Errorf("%q, needs %v; want %q, %v", r.Verdict, r.Needs, tt.want, tt.asks)
			}
		})
	}
}
