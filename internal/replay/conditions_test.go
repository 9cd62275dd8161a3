package replay_test

import (
	"testing"

	"github.com/rescind-dev/rescind/internal/replay"
	"github.com/rescind-dev/rescind/policies"
)

func TestALostConditionIsFoundInOneEntryOrInTwo(t *testing.T) {
	set, err := policies.Load(policies.File{Name: "p.yaml", Data: []byte("apiVersion: rescind/v1\npolicies: [{name: no-iam-condition-removed, enforcement: revert}]\n")})
	if err != nil {
		t.Fatal(err)
	}
	condition := object{"title": "pilot", "expression": "request.time < timestamp('2027-01-01T00:00:00Z')"}
	always := object{"title": "always", "expression": "true || request.time < timestamp('2027-01-01T00:00:00Z')"}
	delta := func(id string, at int, deltas ...object) object {
		return call(id, at, "cloudresourcemanager.googleapis.com", "SetIamPolicy", "projects/pay", object{"serviceData": object{"policyDelta": object{"bindingDeltas": deltas}}})
	}
	change := func(action string, condition object) object {
		d := object{"action": action, "role": "roles/run.invoker", "member": "user:eve@example.com"}
		if condition != nil {
			d["condition"] = condition
		}
		return d
	}
	whole := func(id string, at int, bindings ...object) object {
		return call(id, at, "run.googleapis.com", "google.cloud.run.v2.Services.SetIamPolicy", "projects/pay/locations/l/services/api", object{"response": object{"etag": "e", "bindings": bindings}})
	}
	eve := func(condition object) object {
		b := object{"role": "roles/run.invoker", "members": []string{"user:eve@example.com"}}
		if condition != nil {
			b["condition"] = condition
		}
		return b
	}
	for _, tt := range []struct {
		name string
		tell []object
		want string // the entry with the one finding
	}{
		{"by nothing, in one", []object{delta("a", 1, change("REMOVE", condition), change("ADD", nil))}, "a"},
		{"by one that is always true, in one", []object{delta("a", 1, change("REMOVE", condition), change("ADD", always))}, "a"},
		{"by another, in one", []object{delta("a", 1, change("REMOVE", always), change("ADD", condition))}, ""},
		{"by nothing, in two", []object{delta("a", 1, change("REMOVE", condition)), delta("b", 2, change("ADD", nil))}, "b"},
		{"by one that is always true, in two", []object{delta("a", 1, change("REMOVE", condition)), delta("b", 2, change("ADD", always))}, "b"},
		{"given back as it was", []object{delta("a", 1, change("REMOVE", condition)), delta("b", 2, change("ADD", condition)), delta("c", 3, change("ADD", nil))}, ""},
		{"of a service, in one", []object{whole("a", 1, eve(condition)), whole("b", 2, eve(nil))}, "b"},
		{"of a service, in two", []object{whole("a", 1, eve(condition)), whole("b", 2), whole("c", 3, eve(always))}, "c"},
		{"of a service, and left there", []object{whole("a", 1, eve(condition)), whole("b", 2, eve(nil)), whole("c", 3, eve(nil))}, "b"},
		{"of a service that never had one", []object{whole("a", 1, eve(nil)), whole("b", 2, eve(nil))}, ""},
	} {
		var got string
		for _, f := range replayedBy(t, replay.Config{Policies: set, Facts: facts(t, hierarchy)}, lines(t, tt.tell...)).Findings {
			got += f.InsertID
		}
		if got != tt.want {
			t.Errorf("%s: found in %q, want %q", tt.name, got, tt.want)
		}
	}
}
