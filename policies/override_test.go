package policies

import (
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
)

func TestTheNearestOverrideWins(t *testing.T) {
	ancestors := Facts{payAncestors: {Known: true, List: []string{"folders/12", "folders/1", "organizations/7"}}}
	for _, tt := range []struct {
		name      string
		own       Enforcement
		overrides string
		facts     Facts
		want      Enforcement
		by        string
	}{
		{"without one the policy's own holds", Revert, "", nil, Revert, ""},
		{"its project", Audit, "{scope: projects/pay, enforcement: revert}", nil, Revert, "projects/pay"},
		{"its project before its folder, without asking for ancestors", Audit,
			"{scope: folders/12, enforcement: revert}, {scope: projects/pay, enforcement: approve}", nil, Approve, "projects/pay"},
		{"the nearer folder before the farther", Audit,
			"{scope: folders/1, enforcement: revert}, {scope: folders/12, enforcement: approve}", ancestors, Approve, "folders/12"},
		{"the organization when nothing nearer has one", Audit, "{scope: organizations/7, enforcement: revert}", ancestors, Revert, "organizations/7"},
		{"a folder whose number only begins alike does not count", Revert, "{scope: folders/123, enforcement: audit}", ancestors, Revert, ""},
		{"a project whose id only begins alike does not count", Revert, "{scope: projects/pay-prod, enforcement: audit}", nil, Revert, ""},
		{"ancestors unknown: revert becomes approve", Revert, "{scope: folders/1, enforcement: audit}", nil, Approve, ""},
		{"ancestors unknown: approve stays", Approve, "{scope: folders/1, enforcement: revert}", nil, Approve, ""},
		{"ancestors unknown: audit stays", Audit, "{scope: folders/1, enforcement: revert}", nil, Audit, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := load(t, one("true", "enforcement: "+string(tt.own), "overrides: ["+tt.overrides+"]"))
			r := verdict(s, "mine", Input{Change: setPolicy(), Facts: tt.facts})
			if r.Enforcement != tt.want || r.EnforcedBy != tt.by {
				t.Errorf("%s by %q, want %s by %q", r.Enforcement, r.EnforcedBy, tt.want, tt.by)
			}
			asks := tt.facts == nil && strings.Contains(tt.name, "unknown")
			if (len(r.Needs) == 1 && r.Needs[0] == payAncestors) != asks {
				t.Errorf("needs %v", r.Needs)
			}
			if said := strings.Contains(strings.Join(r.Reasons, "\n"), "overrides for folders and organizations could not be checked"); said != asks {
				t.Errorf("reasons %q", r.Reasons)
			}
		})
	}
}

func TestAContainerIsItsOwnNearestScope(t *testing.T) {
	s := load(t, one("true", "overrides: [{scope: organizations/7, enforcement: revert}, {scope: folders/1, enforcement: approve}]"))
	for r, want := range map[cloud.Resource]Enforcement{cloud.OrganizationResource("7"): Revert, cloud.FolderResource("1"): Approve, cloud.OrganizationResource("8"): Audit} {
		if got := verdict(s, "mine", Input{Change: cloud.Change{Resource: r}}); got.Enforcement != want || len(got.Needs) != 0 {
			t.Errorf("%s: %s, needs %v; want %s", r, got.Enforcement, got.Needs, want)
		}
	}
}
