package auditlog

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// constraintCall is a write of one organization policy. An entry whose
// constraint or container cannot be read is unreadable: without them there is
// nothing to look up either.
func (e *envelope) constraintCall(on cloud.Resource, constraint string, state cloud.Flag) call {
	k := call{verb: cloud.SetOrg}
	constraint = part(strings.TrimPrefix(constraint, "constraints/"))
	if constraint == "" || on.Kind == "" {
		k.unnamed = fmt.Sprintf("%s on %s names no constraint of a project, folder or organization",
			quote(e.method), quote(e.Payload.ResourceName))
		return k
	}
	k.resource = cloud.Resource{Kind: cloud.OrgPolicy, Project: on.Project, Name: constraint, Parent: on.Path()}
	k.read = func(c *cloud.Change) {
		c.Constraint = &cloud.ConstraintChange{Name: constraint, Enforced: state}
		if state.Knowledge == cloud.Unknown {
			leave(c, "constraint", cmp.Or(e.cut, "the entry shows no unconditional boolean rule: only the effective policy tells"))
		}
	}
	return k
}

// v1Policy is google.cloud.orgpolicy.v1.Policy.
type v1Policy struct {
	Constraint string `json:"constraint"`
	Boolean    *struct {
		Enforced bool `json:"enforced"`
	} `json:"booleanPolicy"`
}

// orgPolicyV1Call is Resource Manager's SetOrgPolicy and ClearOrgPolicy. A
// cleared policy leaves what is inherited, which no entry shows.
func (e *envelope) orgPolicyV1Call(on cloud.Resource, cleared bool) call {
	var request struct {
		Constraint string   `json:"constraint"`
		Policy     v1Policy `json:"policy"`
	}
	var stored v1Policy
	asked := e.read("request", e.Payload.Request, &request) == ""
	shown := e.read("response", e.Payload.Response, &stored) == ""
	state := cloud.Flag{}
	switch {
	case cleared:
	case shown && stored.Boolean != nil:
		state = cloud.KnownFlag(stored.Boolean.Enforced)
	case asked && request.Policy.Boolean != nil:
		state = cloud.KnownFlag(request.Policy.Boolean.Enforced)
	}
	return e.constraintCall(on, cmp.Or(stored.Constraint, request.Policy.Constraint, request.Constraint), state)
}

// v2Policy is google.cloud.orgpolicy.v2.Policy. Its dryRunSpec enforces
// nothing and is not read.
type v2Policy struct {
	Name string  `json:"name"`
	Spec *v2Spec `json:"spec"`
}

type v2Spec struct {
	Reset bool     `json:"reset"`
	Rules []v2Rule `json:"rules"`
}

type v2Rule struct {
	Enforce   bool            `json:"enforce"`
	AllowAll  json.RawMessage `json:"allowAll"`
	DenyAll   json.RawMessage `json:"denyAll"`
	Values    json.RawMessage `json:"values"`
	Condition json.RawMessage `json:"condition"`
}

// enforced is Known for one unconditional boolean rule alone. A rule of no
// kind is a boolean one whose false was left out.
func (s *v2Spec) enforced() cloud.Flag {
	if s == nil || s.Reset || len(s.Rules) != 1 {
		return cloud.Flag{}
	}
	r := s.Rules[0]
	if len(r.AllowAll)+len(r.DenyAll)+len(r.Values)+len(r.Condition) > 0 {
		return cloud.Flag{}
	}
	return cloud.KnownFlag(r.Enforce)
}
