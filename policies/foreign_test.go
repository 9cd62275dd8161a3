package policies

import (
	"maps"
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
	agentOf := func(name string) cloud.Member {
		return cloud.Member("serviceAccount:" + name + "@gcf-admin-robot.iam.gserviceaccount.com")
	}
	numbered := func(n string) Question { return Question{Kind: ProjectNumber, Project: "pay", Value: n} }
	for number, above := range map[string]Fact{
		"6": {Known: true, List: []string{"folders/2", "organizations/7"}}, "8": {Known: true, List: []string{"organizations/8"}}, "404": {Why: "not found"},
	} {
		facts[numbered(number)], facts[Question{Kind: Ancestors, Name: "projects/" + number}] = Fact{Known: true}, above
	}
	facts[Question{Kind: Ancestors, Name: "folders/1"}] = Fact{Known: true, List: []string{"organizations/7"}}
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
		{"an agent of a project that was not looked up", agentOf("service-9"), facts, Unknown, []Question{numbered("9")}},
		{"an agent of the project itself", agentOf("service-5"), Facts{numbered("5"): {Known: true, Value: true}}, Compliant, nil},
		{"an agent of a project elsewhere in the organization", agentOf("service-6"), facts, Compliant, nil},
		{"the same while the project's own number is not known", agentOf("service-6"), unread(facts, numbered("6")), Compliant, nil},
		{"an agent of a project of another organization", agentOf("service-8"), facts, Violation, nil},
		{"an agent of a project that cannot be read", agentOf("service-404"), facts, Unknown, []Question{{Kind: Ancestors, Name: "projects/404"}}},
		{"an agent while nothing is known of the own project", agentOf("service-8"), Facts{numbered("8"): {Known: true}}, Unknown, []Question{payAncestors}},
		{"an agent of the organization", agentOf("service-org-7"), facts, Compliant, nil},
		{"an agent of another organization", agentOf("service-org-8"), facts, Violation, nil},
		{"an agent of a folder", agentOf("service-folder-1"), facts, Compliant, nil},
		{"an agent whose name says nothing certain", agentOf("service-5-1"), facts, Unknown, nil},
		{"Google's own, of no project", agentOf("service-agent-manager"), nil, Compliant, nil},
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

// unread are the facts with one that could not be had.
func unread(facts Facts, q Question) Facts {
	out := maps.Clone(facts)
	out[q] = Fact{Why: "denied"}
	return out
}

// A policy that lets Google's agents pass lets only those pass that work for the
// organization; and it asks for nothing where there is none.
func TestGoogleManagedIsOfTheOrganization(t *testing.T) {
	s := load(t, one("change.added.exists(g, !g.member.googleManaged)"))
	theirs := Question{Kind: Ancestors, Name: "projects/8"}
	facts := Facts{
		payAncestors: {Known: true, List: []string{"organizations/7"}}, theirs: {Known: true, List: []string{"organizations/8"}},
		{Kind: ProjectNumber, Project: "pay", Value: "8"}: {Known: true}, {Kind: ProjectNumber, Project: "pay", Value: "5"}: {Known: true, Value: true},
	}
	for member, want := range map[cloud.Member]Verdict{
		"serviceAccount:service-8@gcp-sa-pubsub.iam.gserviceaccount.com":               Violation,
		"serviceAccount:8@cloudbuild.gserviceaccount.com":                              Violation,
		"serviceAccount:service-5@gcp-sa-pubsub.iam.gserviceaccount.com":               Compliant,
		"serviceAccount:service-404@gcp-sa-pubsub.iam.gserviceaccount.com":             Unknown,
		"serviceAccount:service-5@their-project.iam.gserviceaccount.com":               Violation,
		"deleted:serviceAccount:service-5@gcp-sa-pubsub.iam.gserviceaccount.com?uid=1": Violation,
		"user:ada@example.com": Violation,
	} {
		r := verdict(s, "mine", Input{Change: setPolicy(cloud.Grant{Role: "roles/run.admin", Member: member}), Facts: facts})
		if r.Verdict != want {
			t.Errorf("%s: %q, want %q", member, r.Verdict, want)
		}
	}
	if r := verdict(s, "mine", Input{Change: setPolicy(cloud.Grant{Role: "roles/run.admin", Member: "user:ada@example.com"})}); r.Verdict != Violation || len(r.Needs) > 0 {
		t.Errorf("of a person it asks %v", r.Needs)
	}
}

// Neither how an entry spells an address nor how a policy does hides the other.
func TestMembersAreComparedInAnyCase(t *testing.T) {
	grant := func(m cloud.Member) cloud.Change {
		return cloud.Change{
			Resource: cloud.ProjectResource("pay"), Verb: cloud.SetPolicy, HasDelta: true, Actor: cloud.Actor{Principal: "user:Bob@Example.com"},
			Deltas: []cloud.Delta{{Action: cloud.Add, Grant: cloud.Grant{Role: "roles/viewer", Member: m}}},
		}
	}
	for when, want := range map[string]Verdict{
		`change.added.exists(g, g.member.value == "user:ADA@example.com")`:              Violation,
		`change.added.exists(g, g.member.email in ["Eve@x.y", "Ada@Example.com"])`:      Violation,
		`actor.email == "BOB@example.com" && actor.principal == "user:bob@example.com"`: Violation,
		`change.added.exists(g, g.member.value == "principal://x/subject/A")`:           Compliant,
		`change.added.exists(g, g.member.value == "user:eve@example.com")`:              Compliant,
	} {
		if r := verdict(load(t, one(when)), "mine", Input{Change: grant("user:Ada@Example.com")}); r.Verdict != want {
			t.Errorf("%s: %q, want %q", when, r.Verdict, want)
		}
	}
	if r := verdict(load(t, one(`change.added.exists(g, g.member.value == "principal://x/subject/a")`)), "mine", Input{Change: grant("principal://x/subject/A")}); r.Verdict != Compliant {
		t.Errorf("a principal in another case: %q", r.Verdict)
	}
}

// Whoever writes an entry, or a policy of IAM's, names whom they like.
func TestNoMemberIsACrash(t *testing.T) {
	set := load(t, naming("", further...))
	for _, m := range []cloud.Member{
		"", ":", "user", "user:", "serviceAccount", "serviceAccount:", "SERVICEACCOUNT", "serviceAccount:@", "group", "group:", "group:x", "domain:", "deleted:", "deleted:user",
		"principal:", "principal://", "principalSet://", "principal://agents.global.org-1.system.id.goog", "principalSet://agents.global.org-1.system.id.goog/",
		"principalSet://cloudresourcemanager.googleapis.com/", "principalSet://cloudresourcemanager.googleapis.com//type/ServiceAccount", "\x00", "é:ü@", "allUsers:",
	} {
		for _, role := range []string{"roles/owner", "roles/run.admin", "roles/iam.securityAdmin", "roles/run.sshRoot", "", "x"} {
			for _, on := range []cloud.Resource{cloud.ProjectResource("pay"), {Kind: cloud.ServiceAccount, Project: "pay", Name: "1-compute@developer.gserviceaccount.com"}, {}} {
				for _, r := range set.Evaluate(Input{Now: noon, Change: cloud.Change{
					Resource: on, Verb: cloud.SetPolicy, HasDelta: true, Actor: cloud.Actor{Principal: string(m)},
					Deltas: []cloud.Delta{
						{Action: cloud.Remove, Grant: cloud.Grant{Role: role, Member: m, Condition: cloud.Condition{Expression: "("}}},
						{Action: cloud.Add, Grant: cloud.Grant{Role: role, Member: m, Condition: cloud.Condition{Expression: "true ||"}}},
					},
				}}) {
					if r.Verdict == "" {
						t.Errorf("%q: a result without a verdict", m)
					}
				}
			}
		}
	}
}
