package infra_test

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// row is a row of a table of docs/permissions.md.
type row struct {
	what        string // the first column; where it is empty, that of the row above
	permissions []string
	on          string
}

var (
	quoted     = regexp.MustCompile("`([^`]+)`")
	permission = regexp.MustCompile(`^[a-z]+\.[A-Za-z]+\.[A-Za-z]+$`)
	aside      = regexp.MustCompile(`\([^)]*\)`) // predefined roles, and other spellings
)

// rowsBelow are the rows of the table below a heading of docs/permissions.md.
func rowsBelow(t *testing.T, heading string) (out []row) {
	t.Helper()
	_, section, ok := strings.Cut(read(t, "../docs/permissions.md"), "\n## "+heading+"\n")
	if !ok {
		t.Fatalf("docs/permissions.md has no %q", heading)
	}
	section, _, _ = strings.Cut(section, "\n## ")
	above := ""
	for _, line := range strings.Split(section, "\n") {
		cells := strings.Split(strings.Trim(line, "|"), " | ")
		if !strings.HasPrefix(line, "| ") || len(cells) != 3 {
			continue
		}
		r := row{what: strings.TrimSpace(cells[0]), on: strings.TrimSpace(cells[2])}
		if r.what == "" {
			r.what = above
		}
		above = r.what
		for _, q := range quoted.FindAllStringSubmatch(aside.ReplaceAllString(cells[1], ""), -1) {
			if permission.MatchString(q[1]) {
				r.permissions = append(r.permissions, q[1])
			}
		}
		out = append(out, r)
	}
	if len(out) < 5 {
		t.Fatalf("%d rows below %q", len(out), heading)
	}
	return out
}

// sorted are the same lists as sets.
func sorted(in map[string][]string) map[string][]string {
	out := map[string][]string{}
	for k, v := range in {
		out[k] = slices.Compact(slices.Sorted(slices.Values(v)))
	}
	return out
}

// Where the page says a permission is needed, the module gives it: docs/permissions.md
// says where in its last column.
var readsOn = map[string]string{
	"the projects in scope":                            "workloads",
	"the organization":                                 "hierarchy",
	"the organization: `roles/orgpolicy.policyViewer`": "hierarchy",
	"where they are defined":                           "hierarchy",
	"the folders and organizations in scope":           "walk",
	"what `scope.include` names":                       "search",
	"the projects, folders and organizations in scope": "entries",
}

func TestTheRolesToReadHoldWhatThePermissionsPageSays(t *testing.T) {
	want := map[string][]string{}
	for _, r := range rowsBelow(t, "To read") {
		if len(r.permissions) == 0 { // the heading, and what no role gives
			continue
		}
		role, ok := readsOn[r.on]
		if !ok {
			t.Errorf("docs/permissions.md wants %q on %q, for which there is no role", r.permissions, r.on)
		}
		want[role] = append(want[role], r.permissions...)
	}
	if diff := cmp.Diff(sorted(want), sorted(local(t, "reads"))); diff != "" {
		t.Errorf("permissions to read (-docs/permissions.md +infra/permissions.tf):\n%s", diff)
	}
}

func TestTheRoleOfEachStepHoldsWhatThePermissionsPageSays(t *testing.T) {
	steps, policies := map[string][]string{}, map[string][]string{}
	for _, r := range rowsBelow(t, "To change, a row for each step") {
		for _, p := range r.permissions {
			kind, _, _ := strings.Cut(strings.TrimPrefix(p, "resourcemanager."), ".")
			switch {
			case p == "iam.serviceAccounts.actAs" || strings.HasPrefix(p, "artifactregistry."):
				// On the account, and on the repository: roles/iam.serviceAccountUser and
				// roles/artifactregistry.reader.
			case p == "iam.serviceAccounts.setIamPolicy":
				policies["serviceAccounts"] = append(policies["serviceAccounts"], p)
			case strings.HasPrefix(p, "resourcemanager."):
				policies[kind] = append(policies[kind], p)
			default:
				for _, step := range quoted.FindAllStringSubmatch(r.what, -1) {
					steps[step[1]] = append(steps[step[1]], p)
				}
			}
		}
	}
	if diff := cmp.Diff(sorted(steps), sorted(local(t, "steps"))); diff != "" {
		t.Errorf("permissions of each step (-docs/permissions.md +infra/permissions.tf):\n%s", diff)
	}
	if diff := cmp.Diff(sorted(policies), sorted(local(t, "policies"))); diff != "" {
		t.Errorf("permissions to write allow policies (-docs/permissions.md +infra/permissions.tf):\n%s", diff)
	}
}

func TestWhatReadsCanChangeNothing(t *testing.T) {
	for _, p := range slices.Concat(slices.Collect(maps.Values(local(t, "reads")))...) {
		_, verb, _ := strings.Cut(p[strings.Index(p, ".")+1:], ".")
		if !slices.Contains([]string{"get", "list", "getIamPolicy", "searchAllResources"}, verb) {
			t.Errorf("%s stands among the permissions to read", p)
		}
	}
}
