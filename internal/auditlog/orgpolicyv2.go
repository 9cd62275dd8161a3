package auditlog

import (
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// orgPolicyCall recognises the second version's writes of a policy. Custom
// constraints are definitions; alone they enforce nothing.
func (e *envelope) orgPolicyCall() (call, error) {
	_, last := lastWords(e.method)
	if last != "CreatePolicy" && last != "UpdatePolicy" && last != "DeletePolicy" {
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
	state := cloud.Flag{}
	switch {
	case last == "DeletePolicy": // what is inherited takes its place
	case shown && stored.Spec != nil:
		state = stored.Spec.enforced()
	case asked && !writesSpec(request.mask()):
		state = cloud.Flag{Knowledge: cloud.Unchanged}
	case asked:
		state = request.Policy.Spec.enforced()
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
