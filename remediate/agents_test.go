package remediate_test

import (
	"log/slog"
	"slices"
	"strings"
	"testing"

	"cloud.google.com/go/iam/apiv1/iampb"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// Agents of Google's, of a project that is pay-prod, in its organization, in another
// one, and of one that nobody may read.
const (
	ownAgent      = "serviceAccount:service-264172533001@gcp-sa-cloudbuild.iam.gserviceaccount.com"
	sisterAgent   = "serviceAccount:service-5@gcp-sa-cloudbuild.iam.gserviceaccount.com"
	strangerAgent = "serviceAccount:service-9@gcp-sa-cloudbuild.iam.gserviceaccount.com"
	unknownAgent  = "serviceAccount:service-404@gcp-sa-cloudbuild.iam.gserviceaccount.com"
)

// among adds the projects that the agents are of.
func (g *rig) among() *rig {
	g.cloud.AddProject("shop", "5", "folders/4002", "organizations/77")
	g.cloud.AddProject("theirs", "9", "organizations/88")
	return g
}

const administered = `apiVersion: rescind/v1
policies:
  - name: administered
    title: Nobody administers it
    severity: high
    on: [run.service]
    when: change.added.exists(g, g.role.name == "roles/run.admin")
    remediation: [remove-grants]
    enforcement: revert
`

func administeredRig(t *testing.T) *rig {
	t.Helper()
	set, err := policies.Load(policies.File{Name: "p.yaml", Data: []byte(administered)})
	if err != nil {
		t.Fatal(err)
	}
	return newRig(t, nil, func(c *setup) { c.Judge.Policies = set }).among()
}

func TestR8AStrangersAgentIsRevertedAndOnesOwnNeverTouched(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, member string
		want         state.State
		says         string
		stays        bool
	}{
		{"of the project", ownAgent, state.Reported, "which are never touched", true},
		{"of another project of the organization", sisterAgent, state.Reported, "which are never touched", true},
		{"of another organization", strangerAgent, state.Reverted, "", false},
		{"of a project that nobody may read", unknownAgent, state.Pending, "may be the organization's own", true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			g := administeredRig(t)
			g.grant(apiPath, "roles/run.admin", tt.member)
			fs := g.deliver()
			i := slices.IndexFunc(fs, func(f finding.Finding) bool { return f.Policy == "administered" })
			if i < 0 {
				t.Fatalf("nothing was found: %+v", fs)
			}
			g.want(fs[i], tt.want, tt.says)
			if got := slices.Contains(g.members(apiPath, "roles/run.admin"), tt.member); got != tt.stays {
				t.Errorf("it has the role: %t", got)
			}
			if tt.want != state.Pending {
				return
			}
			if g.approve(fs[i]); slices.Contains(g.members(apiPath, "roles/run.admin"), tt.member) {
				t.Error("a person had it taken away, and it is still there")
			}
		})
	}
}

func TestR8AnAgentThatNobodyKnowsKeepsNothingElseThere(t *testing.T) {
	t.Parallel()
	g := administeredRig(t)
	g.editPolicy(apiPath, func(p *iampb.Policy) {
		p.Bindings = append(p.Bindings, &iampb.Binding{Role: "roles/run.admin", Members: []string{"allUsers", unknownAgent}})
	})
	fs := g.deliver()
	f := fs[slices.IndexFunc(fs, func(f finding.Finding) bool { return f.Policy == "administered" })]
	g.want(f, state.Reverted, "left as it is: roles/run.admin to "+unknownAgent)
	if got := g.members(apiPath, "roles/run.admin"); !slices.Equal(got, []string{unknownAgent}) {
		t.Errorf("%v have the role, want the agent alone", got)
	}
	out := g.scan(apiService)
	if !slices.ContainsFunc(out.Findings, func(f finding.Finding) bool { return f.Policy == "administered" && f.State == state.Pending }) {
		t.Errorf("a scan asks about nothing that is left: %+v", out)
	}
}

func TestR8AStrangersAgentIsAnOutsider(t *testing.T) {
	t.Parallel()
	for member, want := range map[string]state.State{
		ownAgent: "", sisterAgent: "", strangerAgent: state.Reverted, unknownAgent: state.Pending,
	} {
		g := newRig(t, set{"no-privileged-invoker-role": policies.Revert}).among()
		g.grant(apiPath, "roles/run.developer", member)
		var got state.State
		for _, f := range g.deliver() {
			got = f.State
		}
		if got != want {
			t.Errorf("%s: %q, want %q", member, got, want)
		}
	}
}

func TestR8AStrangersAgentIsNotBehindWhatRescindDoes(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	g := newRig(t, set{public: policies.Approve}, func(c *setup) { c.Log = slog.New(slog.NewTextHandler(&log, nil)) }).among()
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	c := g.events()[0]
	for agent, want := range map[string]remediate.OutcomeKind{
		ownAgent: remediate.OwnChange, sisterAgent: remediate.OwnChange, strangerAgent: remediate.Found, unknownAgent: remediate.Found,
		"serviceAccount:service-agent-manager@system.gserviceaccount.com": remediate.OwnChange,
	} {
		c.ID, c.Actor = "by "+agent, cloud.Actor{Principal: "serviceAccount:" + self, Delegation: []string{agent}}
		log.Reset()
		if o := g.handle(c); o.Kind != want {
			t.Errorf("%s: %s, want %s", agent, o.Kind, want)
		}
		if warned := strings.Contains(log.String(), "an agent stands behind a change in rescind's name"); warned != (want == remediate.Found) {
			t.Errorf("%s: warned is %t: %s", agent, warned, log.String())
		}
	}
}
