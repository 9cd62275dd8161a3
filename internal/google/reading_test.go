package google

import (
	"slices"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// A change forgets what it may have made untrue, and no more: what it forgets has to be
// read again, for everybody who asks.
func TestAChangeConcernsWhatItMayHaveMadeUntrue(t *testing.T) {
	const alike = "run.other"
	pay, web, byNumber := "projects/pay-prod", "projects/web", "projects/264172533001"
	folder, top := "folders/4001", "organizations/77"
	all := map[string]reading{
		"pay itself": {kind: projectItself, of: pay}, "web itself": {kind: projectItself, of: web}, "pay by number": {kind: projectItself, of: byNumber},
		"the folder itself": {kind: folderItself, of: folder}, "the domain": {kind: organizationItself, of: top},
		"pay's constraint": {effectivePolicy, pay, constraint}, "web's constraint": {effectivePolicy, web, constraint},
		"the folder's constraint": {effectivePolicy, folder, constraint}, "pay's other": {effectivePolicy, pay, alike},
		"a role": {kind: rolePermissions, of: "roles/x"}, "found by search": {kind: searchedRunsAs, name: apiAccount},
		"runs in pay": {projectRunsAs, pay, apiAccount}, "runs in web": {projectRunsAs, web, apiAccount},
		"pay's grants": {kind: grantedAccounts, of: pay}, "the folder's grants": {kind: grantedAccounts, of: folder},
		"the organization's grants": {kind: grantedAccounts, of: top},
	}
	orgPolicy := func(at string) cloud.Change {
		return cloud.Change{
			Verb: cloud.SetOrg, Resource: cloud.Resource{Kind: cloud.OrgPolicy, Parent: at, Name: constraint},
			Constraint: &cloud.ConstraintChange{Name: constraint},
		}
	}
	at := func(verb cloud.Verb, name string) cloud.Change {
		r, _ := cloud.ParseContainer(name)
		return cloud.Change{Verb: verb, Resource: r}
	}
	numbered := service
	numbered.Project = "264172533001"
	for name, tt := range map[string]struct {
		change cloud.Change
		want   []string
	}{
		"a constraint of a project":           {orgPolicy(pay), []string{"pay's constraint"}},
		"a constraint of a numbered project":  {orgPolicy(byNumber), []string{"pay's constraint", "web's constraint"}},
		"a constraint of a folder":            {orgPolicy(folder), []string{"pay's constraint", "the folder's constraint", "web's constraint"}},
		"a constraint nobody names":           {at(cloud.SetOrg, pay), []string{"pay's constraint", "pay's other"}},
		"a project that moves":                {at(cloud.Move, pay), []string{"pay by number", "pay itself", "pay's constraint", "pay's other"}},
		"a folder that moves":                 {at(cloud.Move, folder), []string{"pay's constraint", "pay's other", "the folder itself", "the folder's constraint", "web's constraint"}},
		"an allow policy of a project":        {at(cloud.SetPolicy, pay), []string{"pay's grants"}},
		"an allow policy of a folder":         {at(cloud.SetPolicy, folder), []string{"the folder's grants"}},
		"an allow policy of the organization": {at(cloud.SetPolicy, top), []string{"the organization's grants"}},
		"an allow policy of a service":        {cloud.Change{Verb: cloud.SetPolicy, Resource: service}, nil},
		"a deploy":                            {cloud.Change{Verb: cloud.Replace, Resource: service}, []string{"found by search", "runs in pay"}},
		"a deploy in a numbered project":      {cloud.Change{Verb: cloud.Replace, Resource: numbered}, []string{"found by search", "runs in pay", "runs in web"}},
		"a service that is deleted":           {cloud.Change{Verb: cloud.Delete, Resource: service}, []string{"found by search", "runs in pay"}},
		"a custom role":                       {cloud.Change{Service: "iam.googleapis.com", Method: "google.iam.admin.v1.UpdateRole"}, []string{"a role"}},
		"an allow policy of an account":       {cloud.Change{Service: "iam.googleapis.com", Verb: cloud.SetPolicy, Resource: cloud.Resource{Kind: cloud.ServiceAccount, Project: "pay-prod", Name: apiAccount}}, nil},
	} {
		var got []string
		for what, r := range all {
			if r.concernedBy(&tt.change) {
				got = append(got, what)
			}
		}
		if slices.Sort(got); !slices.Equal(got, tt.want) {
			t.Errorf("%s concerns %q, want %q", name, got, tt.want)
		}
	}
}
