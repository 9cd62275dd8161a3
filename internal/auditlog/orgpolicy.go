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
func (e *envelope) constraintCall(on cloud.Resource, constraint string, state cloud.ConstraintChange) call {
	k := call{verb: cloud.SetOrg}
	constraint = part(strings.TrimPrefix(constraint, "constraints/"))
	if constraint == "" || on.Kind == "" {
		k.unnamed = fmt.Sprintf("%s on %s names no constraint of a project, folder or organization",
			quote(e.method), quote(e.Payload.ResourceName))
		return k
	}
	k.resource = cloud.Resource{Kind: cloud.OrgPolicy, Project: on.Project, Name: constraint, Parent: on.Path()}
	k.read = func(c *cloud.Change) {
		state.Name = constraint
		c.Constraint = &state
		if state.Enforced.Knowledge == cloud.Unknown {
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
	List *struct {
		AllValues string   `json:"allValues"`
		Allowed   []string `json:"allowedValues"`
		Denied    []string `json:"deniedValues"`
		Inherit   bool     `json:"inheritFromParent"`
	} `json:"listPolicy"`
	RestoreDefault json.RawMessage `json:"restoreDefault"`
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
	state := cloud.ConstraintChange{}
	switch {
	case cleared:
		state.Became = cloud.PolicyDeleted
	case shown && stored.says():
		state = stored.state()
	case asked:
		state = request.Policy.state()
	}
	return e.constraintCall(on, cmp.Or(stored.Constraint, request.Policy.Constraint, request.Constraint), state)
}

func (p *v1Policy) says() bool {
	return p.Boolean != nil || p.List != nil || len(p.RestoreDefault) > 0
}

func (p *v1Policy) state() (c cloud.ConstraintChange) {
	switch {
	case p.Boolean != nil:
		c.Enforced = cloud.KnownFlag(p.Boolean.Enforced)
	case len(p.RestoreDefault) > 0:
		c.Became = cloud.PolicyReset
	case p.List == nil:
	case p.List.AllValues == "ALLOW":
		c.Became = cloud.PolicyAllowsAll
	case p.List.AllValues == "DENY":
		c.Became = cloud.PolicyDeniesAll
	default:
		c.Became = cloud.PolicyHoldsValues
		if !p.List.Inherit {
			c.Allowed, c.Denied = p.List.Allowed, p.List.Denied
		}
	}
	return c
}
