package judge

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// blaming is a policy that blames what it is told.
type blaming policies.Result

func (b blaming) Evaluate(policies.Input) []policies.Result {
	return []policies.Result{policies.Result(b)}
}

// hierarchy has pay-prod with the number 5, and 6, in organizations/7, and 8 in another one.
type hierarchy map[policies.Question]policies.Fact

func (h hierarchy) Fact(_ context.Context, q policies.Question) policies.Fact {
	f, ok := h[q]
	if !ok {
		f.Why = "permission denied"
	}
	return f
}

func placed() hierarchy {
	above := func(project, top string) (policies.Question, policies.Fact) {
		return policies.Question{Kind: policies.Ancestors, Name: "projects/" + project}, policies.Fact{Known: true, List: []string{top}}
	}
	h := hierarchy{}
	for project, top := range map[string]string{"pay-prod": "organizations/7", "6": "organizations/7", "8": "organizations/8"} {
		q, f := above(project, top)
		h[q] = f
	}
	h[policies.Question{Kind: policies.ProjectNumber, Project: "pay-prod", Value: "5"}] = policies.Fact{Known: true, Value: true}
	return h
}

func TestR8OnlyAgentsOfTheOrganizationAreNeverTouched(t *testing.T) {
	admin := func(m string) cloud.Grant {
		return cloud.Grant{Role: "roles/run.admin", Member: cloud.Member(m + "@gcp-sa-pubsub.iam.gserviceaccount.com")}
	}
	own, sister, stranger := admin("serviceAccount:service-5"), admin("serviceAccount:service-6"), admin("serviceAccount:service-8")
	unread, unreadable := admin("serviceAccount:service-404"), admin("serviceAccount:service-5-x")
	robot := admin("serviceAccount:service-agent-manager")
	for _, tt := range []struct {
		name    string
		blamed  []cloud.Grant
		want    Decision
		planned []cloud.Grant
		says    string
	}{
		{"the project's own", []cloud.Grant{own}, Report, nil, "never touched"},
		{"all of them the organization's", []cloud.Grant{own, sister, robot}, Report, nil, "never touched"},
		{"a stranger's", []cloud.Grant{stranger}, Revert, []cloud.Grant{stranger}, ""},
		{"a stranger's beside one's own", []cloud.Grant{own, stranger}, Revert, []cloud.Grant{stranger}, ""},
		{"one of a project that cannot be read", []cloud.Grant{unread}, Ask, []cloud.Grant{unread}, "may be the organization's own: roles/run.admin to serviceAccount:service-404@"},
		{"one whose name says nothing", []cloud.Grant{unreadable}, Ask, []cloud.Grant{unreadable}, "its name does not say what it works for"},
		{"one that cannot be read beside one's own", []cloud.Grant{own, unread}, Ask, []cloud.Grant{unread}, "may be the organization's own"},
		{"one that cannot be read beside everybody", []cloud.Grant{publicGrant, unread}, Revert, []cloud.Grant{publicGrant}, "left as it is: roles/run.admin to serviceAccount:service-404@"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j := Judge{Facts: placed(), Policies: blaming{
				Verdict: policies.Violation, Enforcement: policies.Revert, Grants: tt.blamed, Remediation: []policies.Remediation{policies.RemoveGrants},
			}}
			g := j.Judge(t.Context(), cloud.Change{Resource: api, Verb: cloud.SetPolicy}, Snapshot{})[0]
			if g.Decision != tt.want || !strings.Contains(strings.Join(g.Reasons, "\n"), tt.says) {
				t.Errorf("%s, want %s; reasons:\n%s", g.Decision, tt.want, strings.Join(g.Reasons, "\n"))
			}
			if d := cmp.Diff(tt.planned, g.Plan.Grants()); d != "" {
				t.Errorf("planned (-want +got):\n%s", d)
			}
		})
	}
}

// A condition that an agent's grant lost is not put back either: that would take
// the grant away that the agent works with.
func TestR8AnAgentsGrantIsNotGivenItsConditionBack(t *testing.T) {
	agent := cloud.Grant{Role: "roles/run.admin", Member: "serviceAccount:service-5@gcp-sa-pubsub.iam.gserviceaccount.com"}
	person := cloud.Grant{Role: "roles/run.admin", Member: "user:ada@example.com"}
	change := cloud.Change{Resource: api, Verb: cloud.SetPolicy, HasDelta: true}
	for _, g := range []cloud.Grant{agent, person} {
		had := g
		had.Condition = cloud.Condition{Expression: "request.time < timestamp('2027-01-01T00:00:00Z')"}
		change.Deltas = slices.Concat(change.Deltas, cloud.Deltas(cloud.Remove, []cloud.Grant{had}), cloud.Deltas(cloud.Add, []cloud.Grant{g}))
	}
	j := Judge{Facts: placed(), Policies: blaming{
		Verdict: policies.Violation, Enforcement: policies.Revert, Grants: []cloud.Grant{agent, person}, Remediation: []policies.Remediation{policies.RestoreCondition},
	}}
	g := j.Judge(t.Context(), change, Snapshot{})[0]
	if d := cmp.Diff([]cloud.Grant{person}, g.Plan.Grants()); d != "" {
		t.Errorf("planned (-want +got):\n%s", d)
	}
}
