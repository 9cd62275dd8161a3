package judge

import (
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

func TestR9AControllerOwnsWhatItWouldWriteAgainAndNoGrant(t *testing.T) {
	function := &cloud.Workload{Controller: "Cloud Functions"}
	perhaps := &cloud.Workload{ControllerWhy: "whether Cloud Functions owns it is unknown: the entry shows its label alone"}
	ingress := NewPlan([]Step{{Kind: policies.RestoreIngress}}, "")
	grants := []cloud.Grant{publicGrant}
	for _, tt := range []struct {
		name   string
		result policies.Result
		plan   Plan
		asks   bool
	}{
		{"a public grant", policies.Result{Grants: grants}, Plan{}, false},
		{"an account", policies.Result{Identity: true}, Plan{}, true},
		{"the invoker check, which it does not know", policies.Result{InvokerCheck: true}, Plan{}, false},
		{"an account, and a grant", policies.Result{Grants: grants, Identity: true}, Plan{}, true},
		{"a grant, and an ingress", policies.Result{Grants: grants}, ingress, true},
		{"the invoker check, and an ingress", policies.Result{InvokerCheck: true}, ingress, true},
		{"an ingress, of which a result says nothing", policies.Result{}, Plan{}, true},
	} {
		g := Judgement{Result: tt.result, Plan: tt.plan}
		for says, w := range map[string]*cloud.Workload{"owned by Cloud Functions": function, "whether Cloud Functions owns it is unknown": perhaps} {
			for where, snapshot := range map[string]Snapshot{"live": {Workload: w}, "in the entry": {}} {
				at, why := controllerOwned(Judge{}, g, cloud.Change{Workload: w}, snapshot)
				if asks := at == Ask && strings.HasPrefix(why, says); asks != tt.asks || !asks && why != "" {
					t.Errorf("%s, %s, %s: at most %q (%s), want that it asks: %t", tt.name, says, where, at, why, tt.asks)
				}
			}
			if _, why := controllerOwned(Judge{}, g, cloud.Change{Workload: w}, Snapshot{Workload: &cloud.Workload{}}); why != "" {
				t.Errorf("%s of a workload that nobody owns, whatever the entry says: %s", tt.name, why)
			}
		}
	}
}
