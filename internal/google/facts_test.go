package google

import (
	"strings"
	"testing"
	"time"

	"cloud.google.com/go/iam/admin/apiv1/adminpb"
	"cloud.google.com/go/resourcemanager/apiv3/resourcemanagerpb"
	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc/codes"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/sim"
	"github.com/rescind-dev/rescind/policies"
)

func TestAFactThatCannotBeReadIsUnknownAndSaysWhy(t *testing.T) {
	for _, tt := range []struct {
		name   string
		method string
		code   codes.Code
		q      policies.Question
		why    string
	}{
		{"a constraint, denied", "GetEffectivePolicy", codes.PermissionDenied, ask(policies.ConstraintEnforced, constraint),
			"permission orgpolicy.policy.get missing on //orgpolicy.googleapis.com/projects/pay-prod/policies/" + constraint},
		{"a constraint, not there", "GetEffectivePolicy", codes.NotFound, ask(policies.ConstraintEnforced, constraint),
			"read //orgpolicy.googleapis.com/projects/pay-prod/policies/" + constraint + ": not found: NotFound: "},
		{"a constraint of no project", "", codes.OK, policies.Question{Kind: policies.ConstraintEnforced, Name: constraint},
			"the project or the constraint is not known"},
		{"a role", "GetRole", codes.PermissionDenied, ask(policies.RoleInvokes, "roles/run.invoker"),
			"read role roles/run.invoker: PermissionDenied: "},
		{"a list of services", "ListServices", codes.PermissionDenied, ask(policies.RuntimeIdentity, "x@pay-prod.iam.gserviceaccount.com"),
			"permission run.services.list missing on //cloudresourcemanager.googleapis.com/projects/pay-prod"},
		{"a list of jobs", "ListJobs", codes.Internal, ask(policies.RuntimeIdentity, "x@pay-prod.iam.gserviceaccount.com"),
			"list run.jobs of //cloudresourcemanager.googleapis.com/projects/pay-prod: Internal: "},
		{"a parent", "GetFolder", codes.PermissionDenied, policies.Question{Kind: policies.Ancestors, Name: "projects/pay-prod"},
			"permission resourcemanager.folders.get missing on //cloudresourcemanager.googleapis.com/folders/4001"},
		{"a parent of nothing", "", codes.OK, policies.Question{Kind: policies.Ancestors, Name: "pay-prod"},
			`"pay-prod" is no project, folder or organization`},
		{"a question nobody knows", "", codes.OK, policies.Question{Kind: "weather"}, `nothing answers a question about "weather"`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, sim.Options{})
			w.Fail(tt.method, 1, tt.code)
			got := w.client.Fact(t.Context(), tt.q)
			if got.Known || got.Value || got.List != nil || !strings.HasPrefix(got.Why, tt.why) {
				t.Errorf("%+v\nwant unknown, because %s", got, tt.why)
			}
			if tt.method == "" {
				return
			}
			if got := w.client.Fact(t.Context(), tt.q); !got.Known {
				t.Errorf("%+v: the failure was remembered", got)
			}
		})
	}
}

func TestRolesThatInvokeAreTold(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.PutRole("projects/pay-prod/roles/caller", "run.routes.invoke")
	w.PutRole("organizations/77/roles/runner", "run.jobs.get", "run.jobs.run")
	w.PutRole("projects/pay-prod/roles/reader", "run.services.get")
	for role, want := range map[string]bool{
		"roles/run.invoker": true, "roles/run.viewer": false, "projects/pay-prod/roles/caller": true,
		"organizations/77/roles/runner": true, "projects/pay-prod/roles/reader": false,
	} {
		got := w.client.Fact(t.Context(), policies.Question{Kind: policies.RoleInvokes, Name: role})
		if !got.Known || got.Value != want {
			t.Errorf("%s: %+v, want known and %t", role, got, want)
		}
	}
}

func TestAncestorsAreListedNearestFirst(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.AddProject("lone", "1")
	for name, want := range map[string][]string{
		"projects/pay-prod": {"folders/4001", "organizations/77"},
		"folders/4001":      {"organizations/77"},
		"organizations/77":  nil,
		"projects/lone":     nil,
		// An agent's name has the number of its project.
		"projects/264172533001": {"folders/4001", "organizations/77"},
	} {
		got := w.client.Fact(t.Context(), policies.Question{Kind: policies.Ancestors, Name: name})
		if !got.Known || !cmp.Equal(want, got.List) {
			t.Errorf("%s: %+v, want %v", name, got, want)
		}
	}
}

func TestAHierarchyThatGoesInCirclesIsUnknown(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.AddFolder("4001", "folders/4002")
	w.AddFolder("4002", "folders/4001")
	if got := w.client.Fact(t.Context(), policies.Question{Kind: policies.Ancestors, Name: "folders/4001"}); got.Known {
		t.Errorf("%+v", got)
	}
}

func TestAFactIsKeptForItsLifetimeOnly(t *testing.T) {
	w := newWorld(t, sim.Options{})
	q := ask(policies.ConstraintEnforced, constraint)
	began := w.now
	first := w.client.Fact(t.Context(), q)
	w.SetConstraint("projects/pay-prod", constraint, true)
	w.now = began.Add(5*time.Minute - time.Second)
	if got := w.client.Fact(t.Context(), q); !cmp.Equal(first, got) {
		t.Errorf("%+v, want what was read before: %+v", got, first)
	}
	w.now = began.Add(5 * time.Minute)
	if got := w.client.Fact(t.Context(), q); !got.Value || got.At != w.now {
		t.Errorf("%+v, want it read anew", got)
	}
}

func TestAChangeMakesForgetWhatItMayHaveChanged(t *testing.T) {
	enforced, other := ask(policies.ConstraintEnforced, constraint), ask(policies.ConstraintEnforced, "iam.other")
	identity := ask(policies.RuntimeIdentity, apiAccount)
	role := policies.Question{Kind: policies.RoleInvokes, Name: "roles/run.invoker"}
	parents := policies.Question{Kind: policies.Ancestors, Name: "projects/pay-prod"}
	all := []policies.Question{enforced, other, identity, role, parents}
	orgPolicy := cloud.Resource{Kind: cloud.OrgPolicy, Parent: "folders/4001", Name: constraint}
	for _, tt := range []struct {
		name   string
		change cloud.Change
		forget []policies.Question
	}{
		{"one constraint, set above the project", cloud.Change{
			Verb: cloud.SetOrg, Resource: orgPolicy, Constraint: &cloud.ConstraintChange{Name: constraint},
		}, []policies.Question{enforced}},
		{"a constraint that the entry does not name", cloud.Change{Verb: cloud.SetOrg, Resource: project}, []policies.Question{enforced, other}},
		{"a deploy", cloud.Change{Verb: cloud.Replace, Resource: service}, []policies.Question{identity}},
		{"an allow policy", cloud.Change{Verb: cloud.SetPolicy, Resource: service}, nil},
		{"a custom role", cloud.Change{Service: "iam.googleapis.com", Method: "google.iam.admin.v1.UpdateRole"}, []policies.Question{role}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, sim.Options{})
			began := w.now
			for _, q := range all {
				w.client.Fact(t.Context(), q)
			}
			w.now = began.Add(time.Second)
			w.client.Changed(tt.change)
			var forgotten []policies.Question
			for _, q := range all {
				if w.client.Fact(t.Context(), q).At != began {
					forgotten = append(forgotten, q)
				}
			}
			if d := cmp.Diff(tt.forget, forgotten); d != "" {
				t.Errorf("forgotten (-want +got):\n%s", d)
			}
		})
	}
}

func TestAnAnswerThatAChangeOvertookIsNotKept(t *testing.T) {
	w := newWorld(t, sim.Options{})
	q := policies.Question{Kind: policies.RoleInvokes, Name: "roles/x"}
	permissions := []string(nil)
	w.answer("IAM/GetRole", func(any) (any, error) {
		answer := &adminpb.Role{IncludedPermissions: permissions}
		permissions = []string{"run.routes.invoke"}
		w.client.Changed(cloud.Change{Service: "iam.googleapis.com"})
		return answer, nil
	})
	w.client.Fact(t.Context(), q)
	if got := w.client.Fact(t.Context(), q); !got.Value {
		t.Errorf("%+v, want what the role holds since the change", got)
	}
}

func TestAProjectsNumberIsComparedWithItsID(t *testing.T) {
	w := newWorld(t, sim.Options{})
	for number, want := range map[string]bool{"264172533001": true, "26417253300": false} {
		got := w.client.Fact(t.Context(), policies.Question{Kind: policies.ProjectNumber, Project: "pay-prod", Value: number})
		if !got.Known || got.Value != want || got.Source != "number of projects/pay-prod" {
			t.Errorf("%s: %+v, want %t", number, got, want)
		}
	}
	if n := count(w.calls, "Projects/GetProject"); n != 1 {
		t.Errorf("the project was read %d times for two numbers, want once", n)
	}
	got := w.client.Fact(t.Context(), policies.Question{Kind: policies.ProjectNumber, Project: "nowhere", Value: "1"})
	if got.Known || !strings.HasPrefix(got.Why, "read //cloudresourcemanager.googleapis.com/projects/nowhere: not found") {
		t.Errorf("a project that cannot be read: %+v", got)
	}
}

// Google shows a customer's primary domain only, so any other may be theirs.
func TestADomainIsTheOrganizationsOrUnknown(t *testing.T) {
	w := newWorld(t, sim.Options{})
	w.answer("Organizations/GetOrganization", func(any) (any, error) {
		return &resourcemanagerpb.Organization{Name: "organizations/77", DisplayName: "Example.com"}, nil
	})
	w.client.domains = map[string][]string{"organizations/88": {"example.net"}}
	for domain, want := range map[string]bool{"example.net": true, "partner.example": false} {
		got := w.client.Fact(t.Context(), policies.Question{Kind: policies.OrganizationDomain, Name: "organizations/88", Value: domain})
		if !got.Known || got.Value != want {
			t.Errorf("%s, of an organization all of whose domains are listed: %+v", domain, got)
		}
	}
	for domain, want := range map[string]bool{"example.com": true, "partner.example": false, "notexample.com": false} {
		got := w.client.Fact(t.Context(), policies.Question{Kind: policies.OrganizationDomain, Name: "organizations/77", Value: domain})
		if got.Known != want || got.Value != want || want == (got.Why != "") {
			t.Errorf("%s: %+v, want known to be theirs: %t", domain, got, want)
		}
	}
}
