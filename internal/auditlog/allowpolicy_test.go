package auditlog

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
)

const projectPolicy = "project-set-iam-policy-mixed"

func TestADeltaIsTakenWholeOrNotAtAll(t *testing.T) {
	const member = "serviceAccount:" + own
	add := obj{"action": "ADD", "role": "roles/editor", "member": member}
	added := []cloud.Delta{{Action: cloud.Add, Grant: cloud.Grant{Role: "roles/editor", Member: member}}}
	conditional := []cloud.Delta{{Action: cloud.Add, Grant: cloud.Grant{Role: "roles/editor", Member: member,
		Condition: cloud.Condition{Title: "t", Description: "d", Expression: "e", Location: "l"}}}}
	delta := func(items ...any) obj { return obj{"policyDelta": obj{"bindingDeltas": items}} }
	for _, tt := range []struct {
		name  string
		edits obj
		want  []cloud.Delta
		has   bool
		fault bool // in the entry, so that what was added is unknown
	}{
		{"an addition", obj{"protoPayload.serviceData": delta(add)}, added, true, false},
		{"in snake case", obj{"protoPayload.serviceData": obj{"policy_delta": obj{"binding_deltas": []any{add}}}}, added, true, false},
		{"in metadata", obj{"protoPayload.serviceData": nil, "protoPayload.metadata": delta(add)}, added, true, false},
		{"in metadata beside an empty serviceData", obj{"protoPayload.serviceData": obj{}, "protoPayload.metadata": delta(add)}, added, true, false},
		{"with a condition", obj{"protoPayload.serviceData": delta(obj{"action": "ADD", "role": "roles/editor", "member": member,
			"condition": obj{"title": "t", "description": "d", "expression": "e", "location": "l"}})}, conditional, true, false},
		{"an empty one", obj{"protoPayload.serviceData": obj{"policyDelta": obj{}}}, nil, true, false},
		{"none", obj{"protoPayload.serviceData": nil}, nil, false, false},
		{"none, beside other metadata", obj{"protoPayload.serviceData": nil, "protoPayload.metadata": obj{"policyDelta": nil, "x": 1}}, nil, false, false},
		{"serviceData of the wrong type", obj{"protoPayload.serviceData": "..."}, nil, false, true},
		{"a member that is a number", obj{"protoPayload.serviceData": delta(add, obj{"action": "ADD", "role": "r", "member": 7})}, nil, false, true},
		{"an action that is not known", obj{"protoPayload.serviceData": delta(add, obj{"action": "MOVE", "role": "r", "member": "m"})}, nil, false, true},
		{"an item without a role", obj{"protoPayload.serviceData": delta(obj{"action": "ADD", "member": "m"})}, nil, false, true},
		{"a piece of a split entry", obj{"split": obj{"uid": "u", "totalSplits": 2}, "protoPayload.serviceData": delta(add)}, nil, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Decode(build(t, projectPolicy, tt.edits))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, c.Deltas); diff != "" || c.HasDelta != tt.has {
				t.Errorf("has delta %v, want %v; -want +got:\n%s", c.HasDelta, tt.has, diff)
			}
			checkUnread(t, c, "grants", tt.fault)
			if c.Policy != nil {
				t.Error("a container's whole policy is taken for what the call did")
			}
		})
	}
}

func TestAWorkloadsPolicyIsWhatWasStoredElseWhatWasAsked(t *testing.T) {
	policy := func(bindings any) obj { return obj{"etag": "e", "bindings": bindings} }
	public := []any{obj{"role": "roles/run.invoker", "members": []any{"allUsers"}}}
	private := []any{obj{"role": "roles/run.invoker", "members": []any{"user:ada@example.com"}}}
	for _, tt := range []struct {
		name         string
		edits        obj
		members      []cloud.Member
		shown, asked bool
	}{
		{"both", obj{response: policy(private), request + ".policy": policy(public)}, []cloud.Member{"user:ada@example.com"}, true, false},
		{"a response without bindings is an empty policy", obj{response: obj{"etag": "ACAB"}, request + ".policy": policy(public)}, nil, true, false},
		{"an empty response shows nothing", obj{response: obj{}, request + ".policy": policy(public)}, []cloud.Member{"allUsers"}, true, true},
		{"a request alone", obj{response: nil, request + ".policy": policy(public)}, []cloud.Member{"allUsers"}, true, true},
		{"a request that does not write the bindings", obj{response: nil, request: obj{"policy": policy(public), "updateMask": "auditConfigs"}}, nil, false, false},
		{"a response that cannot be read says that what was stored is unknown", obj{response: policy(obj{}), request + ".policy": policy(private)}, nil, false, false},
		{"a response that is no object likewise", obj{response: "...", request + ".policy": policy(private)}, nil, false, false},
		{"members that are numbers", obj{response: policy([]any{obj{"role": "r", "members": []any{7, "allUsers"}}}), request: "..."}, nil, false, false},
		{"neither", obj{response: nil, request: nil, "protoPayload.resourceName": "projects/p/locations/l/services/s"}, nil, false, false},
		{"a piece of a split entry", obj{"split": obj{"uid": "u", "totalSplits": 2}}, nil, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Decode(build(t, setPolicy, tt.edits))
			if err != nil {
				t.Fatal(err)
			}
			var members []cloud.Member
			if c.Policy != nil {
				for _, g := range c.Policy.Grants() {
					members = append(members, g.Member)
				}
			}
			if diff := cmp.Diff(tt.members, members); diff != "" || (c.Policy != nil) != tt.shown {
				t.Errorf("policy %+v; -want +got:\n%s", c.Policy, diff)
			}
			if c.HasDelta {
				t.Error("a Cloud Run entry has no delta")
			}
			checkUnread(t, c, "grants", !tt.shown)
			checkUnread(t, c, "stored policy", tt.asked)
		})
	}
}

func TestAServiceAccountWithoutADeltaShowsItsWholePolicy(t *testing.T) {
	c, err := Decode(build(t, "service-account-set-iam-policy", obj{"protoPayload.serviceData": nil,
		response: obj{"etag": "e", "bindings": []any{obj{"role": "roles/iam.serviceAccountUser", "members": []any{"allUsers"}}}}}))
	if err != nil || c.HasDelta || len(c.Added()) != 1 {
		t.Errorf("%+v, %v", c, err)
	}
}
