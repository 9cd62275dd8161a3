package auditlog

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// orgPolicyCall recognises the second version's writes of a policy, and of what a custom
// constraint means.
func (e *envelope) orgPolicyCall() (call, error) {
	_, last := lastWords(e.method)
	if customWrites[last] != "" {
		return e.customConstraintCall(last), nil
	}
	if !slices.Contains(orgPolicyV2Writes, last) {
		return call{}, e.notChange("changes no organization policy")
	}
	var request struct {
		params
		Name   string   `json:"name"`
		Policy v2Policy `json:"policy"`
	}
	var stored v2Policy
	asked := e.read("request", e.Payload.Request, &request) == ""
	shown := e.read("response", e.Payload.Response, &stored) == ""
	state := cloud.ConstraintChange{}
	switch {
	case last == "DeletePolicy":
		state.Became = cloud.PolicyDeleted
	case shown && stored.Spec != nil:
		state = stored.Spec.state()
	case asked && request.Policy.Spec != nil && writesSpec(request.mask()):
		state = request.Policy.Spec.state()
	case asked && !writesSpec(request.mask()), last == "CreatePolicy" && request.Policy.DryRun != nil:
		// A new policy that only rehearses leaves what is inherited in force.
		state.Enforced = cloud.Flag{Knowledge: cloud.Unchanged}
	case asked && request.Policy.DryRun != nil:
		state.Became = cloud.PolicyDryRunOnly
	}
	on, constraint := e.policyName(e.Payload.ResourceName, stored.Name, request.Policy.Name, request.Name)
	return e.constraintCall(on, constraint, state), nil
}

// writesSpec reports whether an update writes the enforced half of a policy,
// not only its dry run. The mask is documented relative to the policy, with
// "policy." before the fields.
func writesSpec(m mask) bool { return m.covers("policy.spec") || m.covers("spec") }

// policyName reads the first of "projects/P/policies/CONSTRAINT", in which the
// constraint stands without "constraints/". A create may name the parent alone
// in resourceName.
func (e *envelope) policyName(names ...string) (on cloud.Resource, constraint string) {
	for _, n := range names {
		parent, last, ok := strings.Cut(n, "/policies/")
		if r, isContainer := e.parseContainer(parent); ok && isContainer {
			return r, last
		}
	}
	return cloud.Resource{}, ""
}

// v2Policy is google.cloud.orgpolicy.v2.Policy. Its dryRunSpec enforces
// nothing; only whether there is one is looked at.
type v2Policy struct {
	Name   string          `json:"name"`
	Spec   *v2Spec         `json:"spec"`
	DryRun json.RawMessage `json:"dryRunSpec"`
}

type v2Spec struct {
	Reset   bool     `json:"reset"`
	Inherit bool     `json:"inheritFromParent"`
	Rules   []v2Rule `json:"rules"`
}

type v2Rule struct {
	Enforce  bool            `json:"enforce"`
	AllowAll json.RawMessage `json:"allowAll"`
	DenyAll  json.RawMessage `json:"denyAll"`
	Values   *struct {
		Allowed []string `json:"allowedValues"`
		Denied  []string `json:"deniedValues"`
	} `json:"values"`
	Condition  json.RawMessage `json:"condition"`
	Parameters map[string]any  `json:"parameters"`
}

// state is what the policy enforces. A rule of no kind is a boolean one whose
// false was left out.
func (s *v2Spec) state() (c cloud.ConstraintChange) {
	if s.Reset {
		return cloud.ConstraintChange{Became: cloud.PolicyReset}
	}
	var rules []cloud.PolicyRule
	for _, r := range s.Rules {
		rules = append(rules, r.rule())
	}
	return cloud.StateOf(rules, s.Inherit)
}

func (r v2Rule) rule() cloud.PolicyRule {
	out := cloud.PolicyRule{
		Enforce: r.Enforce, AllowAll: isTrue(r.AllowAll), DenyAll: isTrue(r.DenyAll), Values: r.Values != nil,
		Conditional: len(r.Condition) > 0 && string(r.Condition) != "null", Parameters: cloud.ParametersOf(r.Parameters),
	}
	out.Odd = !out.AllowAll && !out.DenyAll && len(r.AllowAll)+len(r.DenyAll) > 0
	if r.Values != nil {
		out.Allowed, out.Denied = r.Values.Allowed, r.Values.Denied
	}
	return out
}

func isTrue(raw json.RawMessage) bool { return string(raw) == "true" }

// customConstraintCall is a write of what a custom constraint means. A definition alone
// enforces nothing, so that a new one loosens nothing.
func (e *envelope) customConstraintCall(last string) call {
	type definition struct {
		Name  string   `json:"name"`
		Types []string `json:"resourceTypes"`
		Snake []string `json:"resource_types"`
	}
	var request struct {
		Name       string     `json:"name"`
		Definition definition `json:"customConstraint"`
		Snake      definition `json:"custom_constraint"`
	}
	var stored definition
	asked := e.read("request", e.Payload.Request, &request)
	answer := e.read("response", e.Payload.Response, &stored)
	state := cloud.ConstraintChange{Became: customWrites[last], Enforced: cloud.Flag{Knowledge: cloud.Unchanged}}
	switch { // one that cannot be read in full says nothing of what it is about
	case answer == "" && len(stored.Types)+len(stored.Snake) > 0:
		state.About = append(stored.Types, stored.Snake...)
	case asked == "" && (answer == "" || !holds(e.Payload.Response)):
		state.About = slices.Concat(request.Definition.Types, request.Definition.Snake, request.Snake.Types, request.Snake.Snake)
	}
	if last == "CreateCustomConstraint" {
		state.Became = ""
	}
	for _, n := range []string{e.Payload.ResourceName, stored.Name, request.Definition.Name, request.Snake.Name, request.Name} {
		parent, name, ok := strings.Cut(n, "/customConstraints/")
		if on, isContainer := e.parseContainer(parent); ok && isContainer {
			return e.constraintCall(on, name, state)
		}
	}
	return e.constraintCall(cloud.Resource{}, "", state)
}
