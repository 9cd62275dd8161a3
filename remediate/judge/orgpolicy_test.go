package judge

import (
	"encoding/json"
	"math/rand/v2"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// Whatever an organization policy holds, a plan takes it away only where none of
// its rules enforces, lists values, or says something that nobody knows.
func TestR5NoPlanTakesAwayAPolicyThatHasAnEnforcingRule(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	harmless := []any{map[string]any{"enforce": false}, map[string]any{"allowAll": true}, map[string]any{}}
	enforcing := []any{
		map[string]any{"enforce": true}, map[string]any{"denyAll": true}, map[string]any{"values": map[string]any{"allowedValues": []any{"a"}}},
		map[string]any{"enforce": false, "parameters": map[string]any{"a": "b"}}, map[string]any{"allowAll": false}, map[string]any{"new": 1},
	}
	taken, left := 0, 0
	for range 2000 {
		rules, guards := []any{}, false
		for range 1 + r.IntN(3) {
			if r.IntN(2) == 0 {
				rules = append(rules, harmless[r.IntN(len(harmless))])
				continue
			}
			rules, guards = append(rules, enforcing[r.IntN(len(enforcing))]), true
		}
		body, err := json.Marshal(map[string]any{"spec": map[string]any{"rules": rules}})
		if err != nil {
			t.Fatal(err)
		}
		c := cloud.Change{
			Method: "google.cloud.orgpolicy.v2.OrgPolicy.CreatePolicy", Verb: cloud.SetOrg,
			Resource: cloud.Resource{Kind: cloud.OrgPolicy, Parent: "projects/p", Name: "c"},
		}
		step, why := restoreConstraint(c, Snapshot{OrgPolicy: &OrgPolicy{Body: string(body)}, AsMade: true})
		if guards != (step == nil) || guards && why == "" {
			t.Fatalf("%s: plan %+v, %q", body, step, why)
		}
		if guards {
			left++
		} else {
			taken++
		}
	}
	if taken < 100 || left < 100 {
		t.Errorf("%d taken away and %d left show little", taken, left)
	}
	if EnforcesNothing("no JSON") {
		t.Error("a policy that cannot be read is taken for one that enforces nothing")
	}
}
