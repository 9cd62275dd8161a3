package replay_test

import (
	"testing"

	"github.com/rescind-dev/rescind/internal/replay"
	"github.com/rescind-dev/rescind/policies"
)

// keyMade is a key of a service account.
func keyMade(id string, at int, account string) object {
	e := call(id, at, "iam.googleapis.com", "google.iam.admin.v1.CreateServiceAccountKey", "projects/-/serviceAccounts/1234", object{
		"request":  object{"name": "projects/pay/serviceAccounts/1234"},
		"response": object{"name": "projects/pay/serviceAccounts/" + account + "/keys/1"},
	})
	return e
}

const policyOfKeys = `apiVersion: rescind/v1
policies:
  - name: no-act-as-on-default-identity
  - name: no-keys
    title: Nobody makes keys
    severity: medium
    on: [serviceAccount]
    when: change.verb == "createKey" && !resource.id.startsWith("backup@")
`

func TestAKeyIsJudgedByTheBuiltInPolicyAndByUsers(t *testing.T) {
	set, err := policies.Load(policies.File{Name: "keys.yaml", Data: []byte(policyOfKeys)})
	if err != nil {
		t.Fatal(err)
	}
	report := replayedBy(t, replay.Config{Policies: set, Facts: facts(t, hierarchy)},
		lines(t, keyMade("d", 1, defaultAccount), keyMade("w", 2, worker), keyMade("b", 3, "backup@pay.iam.gserviceaccount.com")))
	got := map[string]int{}
	for _, f := range report.Findings {
		got[f.Policy+" "+f.InsertID]++
	}
	if len(got) != 3 || got["no-act-as-on-default-identity d"] != 1 || got["no-keys d"] != 1 || got["no-keys w"] != 1 {
		t.Errorf("found %v", got)
	}
}
