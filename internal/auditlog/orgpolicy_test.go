package auditlog

import (
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
)

func TestWhatAnOrganizationPolicyEnforcesIsKnownForOnePlainRule(t *testing.T) {
	const update = "org-policy-v2-update-enforced"
	rules := func(rs ...any) obj { return obj{"spec": obj{"rules": rs}} }
	name := "projects/pay-prod/policies/run.managed.requireInvokerIam"
	for _, tt := range []struct {
		name, fixture string
		edits         obj
		want          cloud.Flag
	}{
		{"v2 enforce", update, obj{response: rules(obj{"enforce": true})}, cloud.KnownFlag(true)},
		{"v2 enforce false", update, obj{response: rules(obj{"enforce": false})}, cloud.KnownFlag(false)},
		{"v2 a false that was left out", update, obj{response: rules(obj{})}, cloud.KnownFlag(false)},
		{"v2 asked only", update, obj{response: nil}, cloud.KnownFlag(true)},
		{"v2 a conditional rule", update, obj{response: rules(obj{"enforce": true, "condition": obj{"expression": "x"}})}, cloud.Flag{}},
		{"v2 two rules", update, obj{response: rules(obj{"enforce": true}, obj{"enforce": true})}, cloud.Flag{}},
		{"v2 a list rule", update, obj{response: rules(obj{"denyAll": true})}, cloud.Flag{}},
		{"v2 a reset", update, obj{response: obj{"spec": obj{"reset": true}}}, cloud.Flag{}},
		{"v2 a dry run created alone", update, obj{methodName: "google.cloud.orgpolicy.v2.OrgPolicy.CreatePolicy", request: obj{"policy": obj{"dryRunSpec": rules(obj{"enforce": true})["spec"]}}, response: nil}, cloud.Flag{Knowledge: cloud.Unchanged}},
		{"v2 a dry run written by its mask", update, obj{request: obj{"policy": obj{}, "updateMask": "dryRunSpec"}, response: nil}, cloud.Flag{Knowledge: cloud.Unchanged}},
		{"v2 the mask of a spec", update, obj{request: obj{"policy": rules(obj{"enforce": true}), "update_mask": "policy.spec"}, response: nil}, cloud.KnownFlag(true)},
		{"v2 rules of the wrong type", update, obj{response: obj{"spec": obj{"rules": "x"}}, request: nil}, cloud.Flag{}},
		{"v2 a name in the request", update, obj{resource: "projects/pay-prod", request: obj{"policy": obj{"name": name}}, response: nil}, cloud.Flag{}},
		{"v1 enforced", "org-policy-v1-set-not-enforced", obj{request + ".policy.booleanPolicy.enforced": true}, cloud.KnownFlag(true)},
		{"v1 what was stored wins", "org-policy-v1-set-not-enforced", obj{response: obj{"constraint": "constraints/run.managed.requireInvokerIam", "booleanPolicy": obj{"enforced": true}}}, cloud.KnownFlag(true)},
		{"v1 a list policy", "org-policy-v1-set-not-enforced", obj{request + ".policy": obj{"constraint": "constraints/run.managed.requireInvokerIam", "listPolicy": obj{}}}, cloud.Flag{}},
		{"v1 the default restored", "org-policy-v1-set-not-enforced", obj{request + ".policy": obj{"constraint": "constraints/run.managed.requireInvokerIam", "restoreDefault": obj{}}}, cloud.Flag{}},
		{"v2 in a piece of a split entry", update, obj{"split": obj{"totalSplits": 2}}, cloud.Flag{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Decode(build(t, tt.fixture, tt.edits))
			if err != nil {
				t.Fatal(err)
			}
			if c.Constraint.Enforced != tt.want || c.Constraint.Name != "run.managed.requireInvokerIam" || c.Resource.Path() != name {
				t.Errorf("%+v on %s, want %+v", c.Constraint, c.Resource, tt.want)
			}
			checkUnread(t, c, "constraint", tt.want == cloud.Flag{})
		})
	}
}

func TestWhatLoosensAnOrganizationPolicyIsTold(t *testing.T) {
	const v1, v2 = "org-policy-v1-set-not-enforced", "org-policy-v2-update-enforced"
	rules := func(rs ...any) obj { return obj{"spec": obj{"rules": rs}} }
	list := func(l obj) obj {
		return obj{request + ".policy": obj{"constraint": "constraints/run.managed.requireInvokerIam", "listPolicy": l}}
	}
	dryRun := obj{"policy": obj{"dryRunSpec": obj{}}}
	for _, tt := range []struct {
		name, fixture string
		edits         obj
		want          cloud.PolicyForm
		reach         cloud.Reach
	}{
		{"v1 not enforced", v1, nil, "", cloud.GuardsNone},
		{"v1 cleared", "org-policy-v1-clear", nil, cloud.PolicyDeleted, cloud.GuardsInherited},
		{"v1 the default restored", v1, obj{request + ".policy": obj{"constraint": "x", "restoreDefault": obj{}}}, cloud.PolicyReset, cloud.GuardsInherited},
		{"v1 every value allowed", v1, list(obj{"allValues": "ALLOW"}), cloud.PolicyAllowsAll, cloud.GuardsNone},
		{"v1 every value denied", v1, list(obj{"allValues": "DENY"}), cloud.PolicyDeniesAll, cloud.GuardsAll},
		{"v1 a list of values", v1, list(obj{"allowedValues": []any{"internal"}}), cloud.PolicyHoldsValues, cloud.GuardsSome},
		{"v2 enforced", v2, nil, "", cloud.GuardsAll},
		{"v2 not enforced", v2, obj{response: rules(obj{"enforce": false})}, "", cloud.GuardsNone},
		{"v2 deleted", "org-policy-v2-delete", nil, cloud.PolicyDeleted, cloud.GuardsInherited},
		{"v2 reset", v2, obj{response: obj{"spec": obj{"reset": true}}}, cloud.PolicyReset, cloud.GuardsInherited},
		{"v2 enforced but for what has a tag", v2, obj{response: rules(obj{"enforce": true}, obj{"condition": obj{"expression": "x"}})}, cloud.PolicyConditional, cloud.GuardsSome},
		{"v2 enforced under a condition alone", v2, obj{response: rules(obj{"enforce": true, "condition": obj{"expression": "x"}})}, cloud.PolicyAllEnforce, cloud.GuardsAll},
		{"v2 enforced with a condition and without", v2, obj{response: rules(obj{"enforce": true}, obj{"enforce": true, "condition": obj{"expression": "x"}})}, cloud.PolicyAllEnforce, cloud.GuardsAll},
		{"v2 enforced as parameters say", v2, obj{response: rules(obj{"enforce": true, "parameters": obj{"allowedMemberSubjects": []any{"x"}}})}, cloud.PolicyHoldsParameters, cloud.GuardsSome},
		{"v2 every value allowed", v2, obj{response: rules(obj{"allowAll": true})}, cloud.PolicyAllowsAll, cloud.GuardsNone},
		{"v2 every value denied", v2, obj{response: rules(obj{"denyAll": true})}, cloud.PolicyDeniesAll, cloud.GuardsAll},
		{"v2 a list of values", v2, obj{response: rules(obj{"values": obj{"deniedValues": []any{"all"}}})}, cloud.PolicyHoldsValues, cloud.GuardsSome},
		{"v2 only a dry run is left", v2, obj{request: dryRun, response: nil}, cloud.PolicyDryRunOnly, cloud.GuardsInherited},
		{"v2 a dry run beside what is enforced", "org-policy-v2-update-dry-run-only", nil, "", cloud.GuardsUntouched},
		{"v2 a body that cannot be read", v2, obj{response: nil, request: obj{"policy": "x"}}, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c, err := Decode(build(t, tt.fixture, tt.edits))
			if err != nil {
				t.Fatal(err)
			}
			if got := c.Constraint; got.Became != tt.want || got.Reach() != tt.reach {
				t.Errorf("%q guards %q; want %q, %q", got.Became, got.Reach(), tt.want, tt.reach)
			}
		})
	}
}
