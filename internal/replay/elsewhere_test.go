package replay_test

import (
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/replay"
)

func moved(id string, at int, to string) object {
	return call(id, at, "cloudresourcemanager.googleapis.com", "google.cloud.resourcemanager.v3.Projects.MoveProject", "projects/pay", object{"request": object{"destinationParent": to}})
}

func tagged(id string, at int, method, parent string) object {
	return call(id, at, "cloudresourcemanager.googleapis.com", "google.cloud.resourcemanager.v3.TagBindings."+method, "tagBindings/x", object{"request": object{"tagBinding": object{"parent": parent, "tagValue": "tagValues/1"}}})
}

func defined2(id string, at int, method string, types ...string) object {
	const name = "organizations/77/customConstraints/custom.noDefault"
	return call(id, at, "orgpolicy.googleapis.com", "google.cloud.orgpolicy.v2.OrgPolicy."+method, name, object{"response": object{"name": name, "resourceTypes": types}})
}

func customSet(id string, at int, rules ...object) object {
	const name = "organizations/77/policies/custom.noDefault"
	return call(id, at, "orgpolicy.googleapis.com", "google.cloud.orgpolicy.v2.OrgPolicy.UpdatePolicy", name, object{"response": object{"name": name, "spec": object{"rules": rules}}})
}

// What guards Cloud Run stops being in force by more than a write of its policy.
func TestAConstraintThatStopsBeingInForceIsOneFinding(t *testing.T) {
	const violation, unknown, compliant = "violation", "unknown", ""
	tagRule := object{"enforce": true, "condition": object{"expression": "resource.matchTag('77/env', 'prod')"}}
	project := "//cloudresourcemanager.googleapis.com/projects/12"
	run := "run.googleapis.com/Service"
	for _, tt := range []struct {
		name string
		tell []object
		want string // of the entry x
		says string
	}{
		{"moved to a folder that the facts do not place it in", []object{deployed("d", 1, "api", worker), moved("x", 2, "folders/9")}, unknown, "projects/pay was moved at 2026-11-20T10:02:00Z, and what holds it since is not in the facts file"},
		{"and with the services there", []object{deployed("d", 1, "api", worker), moved("x", 2, "folders/9")}, unknown, "perhaps no longer covered: projects/pay/locations/l/services/api"},
		{"moved to where it is", []object{moved("x", 2, "folders/2")}, compliant, ""},
		{"moved where nothing was in force", []object{constrained("c", 1, "projects/pay", off), moved("x", 2, "folders/9")}, compliant, ""},
		{"moved with a policy of its own", []object{constrained("c", 1, "projects/pay", on), moved("x", 2, "folders/9")}, compliant, ""},
		{"a tag that a policy asks for", []object{constrained("c", 1, "projects/pay", on), constrained("d", 2, "folders/1", tagRule, off), tagged("x", 3, "CreateTagBinding", project)}, compliant, ""},
		{"a tag without a policy that asks", []object{tagged("x", 3, "DeleteTagBinding", project)}, compliant, ""},
		{"a tag on something else", []object{tagged("x", 3, "CreateTagBinding", "//run.googleapis.com/projects/12/locations/l/services/s")}, compliant, ""},
		{"switched off, with what it no longer covers", []object{deployed("d", 1, "api", worker), deployed("e", 1, "web", worker), constrained("x", 2, "projects/pay", off)}, violation, "no longer covered: projects/pay/locations/l/services/api, projects/pay/locations/l/services/web"},
		{"switched off above a project that sets it itself", []object{deployed("d", 1, "api", worker), constrained("c", 1, "projects/pay", on), constrained("x", 2, "folders/1", off)}, violation, "no longer covered: no service that is known"},
		{"a custom constraint about Cloud Run is switched off", []object{defined2("d", 1, "CreateCustomConstraint", run), customSet("c", 2, on), customSet("x", 3, off)}, violation, "custom.noDefault was loosened"},
		{"one about something else", []object{defined2("d", 1, "CreateCustomConstraint", "compute.googleapis.com/Instance"), customSet("c", 2, on), customSet("x", 3, off)}, compliant, ""},
		{"one that nobody defined here", []object{customSet("c", 2, on), customSet("x", 3, off)}, unknown, "the history does not show its definition"},
		{"its meaning is changed", []object{customSet("c", 2, on), defined2("x", 3, "UpdateCustomConstraint", run)}, unknown, "whether it forbids less cannot be told"},
		{"it is deleted while it is enforced", []object{defined2("d", 1, "CreateCustomConstraint", run), customSet("c", 2, on), defined2("x", 3, "DeleteCustomConstraint")}, violation, "custom.noDefault is no longer in force (definition deleted)"},
		{"it is deleted while it is off", []object{defined2("d", 1, "CreateCustomConstraint", run), customSet("c", 2, off), defined2("x", 3, "DeleteCustomConstraint")}, compliant, ""},
		{"it is made", []object{defined2("x", 1, "CreateCustomConstraint", run)}, compliant, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := replayedBy(t, replay.Config{Facts: facts(t, hierarchy)}, lines(t, tt.tell...))
			n := 0
			for _, f := range r.Findings {
				if f.InsertID == "x" {
					n++
				}
			}
			if got, reasons := verdictOf(r, "x"); got != tt.want || !strings.Contains(reasons, tt.says) || n > 1 {
				t.Errorf("%d findings, verdict %q, want %q; reasons %q", n, got, tt.want, reasons)
			}
		})
	}
}
