package replay_test

import (
	"testing"

	"github.com/rescind-dev/rescind/internal/replay"
)

// template names the revision that a deploy makes.
func template(e object, revision string) object {
	spec := e["protoPayload"].(object)["response"].(object)["spec"].(object)
	spec["template"].(object)["metadata"] = object{"name": revision}
	return e
}

// sentTo gives all requests of a service to one revision, and touches nothing else.
func sentTo(id string, at int, service string, target object) object {
	name := "projects/pay/locations/l/services/" + service
	return call(id, at, "run.googleapis.com", "google.cloud.run.v2.Services.UpdateService", name, object{
		"request": object{"updateMask": "traffic", "service": object{"name": name, "traffic": []object{target}}},
	})
}

// routed is a whole write of the service with its traffic.
func routed(e object, targets ...object) object {
	e["protoPayload"].(object)["response"].(object)["spec"].(object)["traffic"] = targets
	return e
}

func TestWhatServesIsJudgedByWhatTheHistoryShowsOfIt(t *testing.T) {
	const violation, unknown, compliant = "violation", "unknown", ""
	created := func(id string, at int, account string) object {
		e := deployed(id, at, "api", "")
		e["protoPayload"].(object)["response"].(object)["spec"].(object)["template"] = object{"spec": object{"serviceAccountName": account}}
		return e
	}
	toOld := object{"revision": "api-00001-abc", "percent": 100}
	toNewest := object{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100}
	v1Old := object{"revisionName": "api-00001-abc", "percent": 100}
	for _, tt := range []struct {
		name    string
		history []object
		want    string // of no-default-service-account, on the entry t
	}{
		{"a revision that a deploy names", []object{template(deployed("a", 1, "api", defaultAccount), "api-00001-abc"), deployed("b", 2, "api", worker), sentTo("t", 3, "api", toOld)}, violation},
		{"one of an account of its own", []object{template(deployed("a", 1, "api", worker), "api-00001-abc"), deployed("b", 2, "api", defaultAccount), sentTo("t", 3, "api", toOld)}, compliant},
		{"one that no deploy names", []object{deployed("a", 1, "api", defaultAccount), deployed("b", 2, "api", worker), sentTo("t", 3, "api", toOld)}, unknown},
		{"one of a service that only ever ran as one account", []object{created("a", 1, worker), deployed("b", 2, "api", worker), sentTo("t", 3, "api", toOld)}, compliant},
		{"one of before the history", []object{deployed("b", 2, "api", worker), sentTo("t", 3, "api", toOld)}, unknown},
		{"one of a deploy that may have failed", []object{created("a", 1, worker), asked("o", 2, "api", defaultAccount), sentTo("t", 3, "api", toOld)}, unknown},
		{"one of a service that had the name before", []object{template(created("a", 1, defaultAccount), "api-00001-abc"), created("b", 2, worker), sentTo("t", 3, "api", toOld)}, compliant},
		{"the newest again, which runs as the default account", []object{deployed("a", 1, "api", worker), deployed("b", 2, "api", defaultAccount), sentTo("t", 3, "api", toNewest)}, violation},
		{"the newest again, of an account of its own", []object{deployed("b", 2, "api", worker), sentTo("t", 3, "api", toNewest)}, compliant},
		{"an older one, with a tag alone", []object{template(deployed("a", 1, "api", defaultAccount), "api-00001-abc"), deployed("b", 2, "api", worker), sentTo("t", 3, "api", object{"revision": "api-00001-abc", "tag": "old"})}, violation},
		{"an older one, by a whole write", []object{template(deployed("a", 1, "api", defaultAccount), "api-00001-abc"), routed(deployed("t", 3, "api", worker), v1Old)}, violation},
		{"a whole write that says what was said before", []object{template(deployed("a", 1, "api", defaultAccount), "api-00001-abc"), routed(deployed("b", 2, "api", worker), v1Old), routed(deployed("t", 3, "api", worker), v1Old)}, compliant},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got := ""
			for _, f := range replayedBy(t, replay.Config{}, lines(t, tt.history...)).Findings {
				if f.InsertID == "t" && f.Policy == "no-default-service-account" {
					got = string(f.Verdict)
				}
			}
			if got != tt.want {
				t.Errorf("verdict %q, want %q", got, tt.want)
			}
		})
	}
}
