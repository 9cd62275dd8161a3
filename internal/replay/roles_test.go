package replay_test

import (
	"testing"

	"github.com/rescind-dev/rescind/internal/replay"
)

const caller = "projects/pay/roles/caller"

// defined is a write of the custom role, after which it allows these permissions.
func defined(id string, at int, method string, added []string, allows ...string) object {
	return call(id, at, "iam.googleapis.com", "google.iam.admin.v1."+method, caller, object{
		"request":     object{"name": caller, "update_mask": object{"paths": []string{"included_permissions"}}},
		"response":    object{"name": caller, "etag": "e", "included_permissions": allows},
		"serviceData": object{"permissionDelta": object{"addedPermissions": added}},
	})
}

// holding is a service's allow policy in which everyone has the custom role.
func holding(id string, at int, service, member string) object {
	return call(id, at, "run.googleapis.com", "google.cloud.run.v1.Services.SetIamPolicy", "projects/pay/locations/l/services/"+service, object{
		"response": object{"etag": "e", "bindings": []object{{"role": caller, "members": []string{member}}}},
	})
}

func TestACustomRoleIsKnownFromTheEntriesThatDefineIt(t *testing.T) {
	const violation, unknown, compliant = "violation", "unknown", ""
	invoke := []string{"run.routes.invoke"}
	see := []string{"run.services.get"}
	undated := defined("d", 0, "CreateRole", invoke, invoke...)
	delete(undated, "timestamp")
	for _, tt := range []struct {
		name string
		at   string // the entry whose verdict is asked for
		tell []object
		want string
	}{
		{"made with it", "h", []object{defined("d", 1, "CreateRole", invoke, invoke...), holding("h", 2, "api", "allUsers")}, violation},
		{"made without it", "h", []object{defined("d", 1, "CreateRole", see, see...), holding("h", 2, "api", "allUsers")}, compliant},
		{"deleted before", "h", []object{defined("d", 1, "CreateRole", invoke, invoke...), defined("e", 2, "DeleteRole", nil), holding("h", 3, "api", "allUsers")}, compliant},
		{"made only later", "h", []object{holding("h", 2, "api", "allUsers"), defined("d", 3, "CreateRole", invoke, invoke...)}, unknown},
		{"made at a time that nobody knows", "h", []object{undated, holding("h", 2, "api", "allUsers")}, unknown},
		{"never made", "h", []object{holding("h", 2, "api", "allUsers")}, unknown},
		{"gained while everyone holds it", "g", []object{defined("d", 1, "CreateRole", see, see...), holding("h", 2, "api", "allUsers"), defined("g", 3, "UpdateRole", invoke, "run.services.get", "run.routes.invoke")}, violation},
		{"gained while it is held by nobody that is known", "g", []object{defined("d", 1, "CreateRole", see, see...), defined("g", 3, "UpdateRole", invoke, invoke...)}, unknown},
		{"gained while a colleague is known to hold it", "g", []object{defined("d", 1, "CreateRole", see, see...), holding("h", 2, "api", "user:a@example.com"), defined("g", 3, "UpdateRole", invoke, invoke...)}, unknown},
		{"gained something else", "g", []object{holding("h", 2, "api", "allUsers"), defined("g", 3, "UpdateRole", see, see...)}, compliant},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := replay.Config{Facts: facts(t, hierarchy)}
			if got := verdictOn(replayedBy(t, cfg, lines(t, tt.tell...)), tt.at); got != tt.want {
				t.Errorf("verdict %q, want %q", got, tt.want)
			}
		})
	}
}
