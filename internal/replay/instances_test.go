package replay_test

import (
	"slices"
	"testing"

	"github.com/rescind-dev/rescind/internal/replay"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// boxed is a call about the instance box by the v2 API.
func boxed(id string, at int, method string, payload object) object {
	return call(id, at, "run.googleapis.com", "google.cloud.run.v2.Instances."+method, "projects/pay/locations/l/instances/box", payload)
}

func TestAnInstanceIsJudgedByAllThreeAndAskedAbout(t *testing.T) {
	set, err := policies.Load(policies.File{Name: "p.yaml", Data: []byte(`apiVersion: rescind/v1
policies:
  - {name: no-default-service-account, enforcement: revert}
  - {name: no-public-invoker, enforcement: revert}
  - {name: no-editor-on-runtime-identity, enforcement: revert}
  - {name: no-ssh-access, enforcement: revert}
`)})
	if err != nil {
		t.Fatal(err)
	}
	made := func(instance object) object {
		return object{"request": object{"instanceId": "box", "instance": instance}}
	}
	for _, tt := range []struct {
		name string
		tell []object
		want []string
	}{
		{"with the default account", []object{boxed("x", 1, "CreateInstance", made(object{"containers": []object{{"image": "i"}}, "sshEnabled": false}))}, []string{"no-default-service-account violation"}},
		{"open to everyone", []object{boxed("x", 1, "CreateInstance", made(object{"serviceAccount": worker, "invokerIamDisabled": true, "sshEnabled": false}))}, []string{"no-public-invoker violation"}},
		{"with a shell", []object{boxed("x", 1, "CreateInstance", made(object{"serviceAccount": worker, "sshEnabled": true}))}, []string{"no-ssh-access violation"}},
		{"which may have a shell by default", []object{boxed("x", 1, "CreateInstance", made(object{"serviceAccount": worker}))}, []string{"no-ssh-access unknown"}},
		{"granted to everyone", []object{boxed("x", 1, "SetIamPolicy", object{"response": object{"etag": "e", "bindings": []object{{"role": "roles/run.invoker", "members": []string{"allUsers"}}}}})}, []string{"no-public-invoker violation"}},
		{"whose account gets Editor", []object{boxed("x", 1, "CreateInstance", made(object{"serviceAccount": worker, "sshEnabled": false})), editor("e", 2, worker)}, []string{"no-editor-on-runtime-identity violation"}},
		{"started and stopped", []object{boxed("x", 1, "StartInstance", nil), boxed("y", 2, "StopInstance", nil)}, nil},
		{"deleted", []object{boxed("x", 1, "DeleteInstance", object{"request": object{"name": "projects/pay/locations/l/instances/box"}})}, nil},
	} {
		var got []string
		for _, f := range replayedBy(t, replay.Config{Policies: set, Facts: facts(t, hierarchy)}, lines(t, tt.tell...)).Findings {
			got = append(got, f.Policy+" "+string(f.Verdict))
			if f.Policy != "no-editor-on-runtime-identity" && f.Decision != judge.Ask {
				t.Errorf("%s: decision %s", tt.name, f.Decision)
			}
			if f.Method != "SetIamPolicy" && f.Resource.String() != "//run.googleapis.com/projects/pay/locations/l/instances/box" {
				t.Errorf("%s: %s", tt.name, f.Resource)
			}
		}
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: found %v, want %v", tt.name, got, tt.want)
		}
	}
}
