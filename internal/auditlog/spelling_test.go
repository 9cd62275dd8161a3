package auditlog

import (
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// Protobuf's JSON may write an enum as a number. Such a spelling has the right type; a
// switch that is text has not.
func TestWhatProtobufMayWriteOtherwiseSaysTheSame(t *testing.T) {
	const masked = "v2-update-service-first-mask-names-it"
	const service = "protoPayload.request.service."
	for spelling, want := range map[any]string{
		1: "all", 2: "internal", 3: "internal-and-cloud-load-balancing", 4: "none", "INGRESS_TRAFFIC_ALL": "all", "2": "",
		0: "", 5: "", true: "", "all": "",
	} {
		c, err := Decode(build(t, masked, obj{"protoPayload.request.updateMask": "ingress", service + "ingress": spelling}))
		if err != nil || c.Workload.Ingress != want || want == "" && len(c.Unread) == 0 {
			t.Errorf("ingress %v: %v, %q, %v unread, want %q", spelling, err, c.Workload.Ingress, c.Unread, want)
		}
	}
	for spelling, want := range map[any]cloud.Flag{
		true: cloud.KnownFlag(true), false: cloud.KnownFlag(false), "true": {}, "false": {}, 1: {}, 0: {},
	} {
		c, err := Decode(build(t, masked, obj{service + "invoker_iam_disabled": spelling}))
		if err != nil || c.Workload.InvokerCheckDisabled != want {
			t.Errorf("invoker_iam_disabled %v: %v, %+v, want %+v", spelling, err, c.Workload.InvokerCheckDisabled, want)
		}
	}
	delta := func(action any) []any {
		return []any{obj{"action": action, "role": "roles/editor", "member": "user:a@example.com"}}
	}
	for spelling, want := range map[any]cloud.Action{"ADD": cloud.Add, 1: cloud.Add, "REMOVE": cloud.Remove, 2: cloud.Remove, 0: "", true: "", "add": ""} {
		c, err := Decode(build(t, "project-set-iam-policy-mixed", obj{"protoPayload.serviceData.policyDelta.bindingDeltas": delta(spelling)}))
		switch {
		case err != nil || c.HasDelta != (want != ""):
			t.Errorf("action %v: %v, %+v", spelling, err, c.Deltas)
		case want == "" && len(c.Unread) == 0, want != "" && c.Deltas[0].Action != want:
			t.Errorf("action %v: %+v, %v unread", spelling, c.Deltas, c.Unread)
		}
	}
}
