package judge

import (
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// Anybody can put a product's label on a workload of theirs.
func TestAControllerOwnsWhatItWouldWriteAgainAndNoGrant(t *testing.T) {
	function := &cloud.Workload{Controller: "Cloud Functions"}
	grants := []cloud.Grant{publicGrant}
	for _, tt := range []struct {
		name   string
		result policies.Result
		asks   bool
	}{
		{"a public grant", policies.Result{Grants: grants}, false},
		{"an account", policies.Result{Identity: true}, true},
		{"the invoker check", policies.Result{InvokerCheck: true}, true},
		{"an account, and a grant", policies.Result{Grants: grants, Identity: true}, true},
		{"an ingress, of which a result says nothing", policies.Result{}, true},
	} {
		for where, snapshot := range map[string]Snapshot{"live": {Workload: function}, "in the entry": {}} {
			at, why := controllerOwned(Judge{}, Judgement{Result: tt.result}, cloud.Change{Workload: function}, snapshot)
			if asks := at == Ask && strings.HasPrefix(why, "owned by Cloud Functions"); asks != tt.asks || !asks && why != "" {
				t.Errorf("%s, %s: at most %q (%s), want that it asks: %t", tt.name, where, at, why, tt.asks)
			}
		}
		if _, why := controllerOwned(Judge{}, Judgement{Result: tt.result}, cloud.Change{}, Snapshot{Workload: &cloud.Workload{}}); why != "" {
			t.Errorf("%s of a workload that nobody owns: %s", tt.name, why)
		}
	}
}
