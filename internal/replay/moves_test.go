package replay_test

import (
	"testing"

	"github.com/rescind-dev/rescind/internal/replay"
)

// relocated puts a container below another, as the third version of Resource Manager has it.
func relocated(id string, at int, container, to string) object {
	method := "google.cloud.resourcemanager.v3.Projects.MoveProject"
	if container != "projects/pay" {
		method = "google.cloud.resourcemanager.v3.Folders.MoveFolder"
	}
	return call(id, at, "cloudresourcemanager.googleapis.com", method, container, object{"request": object{"name": container, "destinationParent": to}})
}

// A service is open to everyone at minute 5, below a folder of which the facts say that
// the constraint is enforced there.
func TestAfterAMoveWhatIsAboveIsNotKnownFromTheFactsFile(t *testing.T) {
	const violation, unknown, compliant = "violation", "unknown", ""
	relabelled := call("m", 3, "cloudresourcemanager.googleapis.com", "UpdateProject", "projects/pay", object{
		"request": object{"project": object{"projectId": "pay", "parent": object{"type": "folder", "id": "2"}}},
	})
	updated := call("m", 3, "cloudresourcemanager.googleapis.com", "UpdateProject", "projects/pay", object{"request": object{}})
	undated := relocated("m", 0, "projects/pay", "folders/9")
	delete(undated, "timestamp")
	for _, tt := range []struct {
		name    string
		changes []object
		want    string
	}{
		{"the project to another folder", []object{relocated("m", 3, "projects/pay", "folders/9")}, unknown},
		{"only afterwards", []object{relocated("m", 6, "projects/pay", "folders/9")}, violation},
		{"at a time that nobody knows", []object{undated}, unknown},
		{"to where the facts have it", []object{relocated("m", 3, "projects/pay", "folders/2")}, violation},
		{"there and back", []object{relocated("m", 2, "projects/pay", "folders/9"), relocated("n", 3, "projects/pay", "folders/2")}, violation},
		{"the folder that holds it", []object{relocated("m", 3, "folders/2", "folders/9")}, unknown},
		{"the folder where it is enforced", []object{relocated("m", 3, "folders/1", "organizations/78")}, violation},
		{"another project's folder", []object{relocated("m", 3, "folders/9", "folders/1")}, violation},
		{"a project that was written, and still says its parent", []object{relabelled}, violation},
		{"a project that was written, and says none", []object{updated}, unknown},
		{"half of an operation that is all there is", []object{begun(relocated("m", 3, "projects/pay", "folders/9"))}, unknown},
		{"half of one to where the facts have it", []object{begun(relocated("m", 3, "projects/pay", "folders/2"))}, violation},
		{"refused", []object{failed(relocated("m", 3, "projects/pay", "folders/9"))}, violation},
		{"and the constraint then set on the project itself", []object{relocated("m", 3, "projects/pay", "folders/9"), constrained("c", 4, "projects/pay", off)}, compliant},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := replay.Config{Facts: facts(t, hierarchy)}
			if got := verdictOn(replayedBy(t, cfg, lines(t, append(tt.changes, published("p", 5, "api"))...)), "p"); got != tt.want {
				t.Errorf("verdict %q, want %q", got, tt.want)
			}
		})
	}
}

// begun is the first half of an operation.
func begun(e object) object {
	e["operation"] = object{"id": "operations/o", "first": true}
	return e
}
