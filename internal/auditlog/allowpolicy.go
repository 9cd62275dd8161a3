package auditlog

import (
	"cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// policyBody is an allow policy in a request or a response.
type policyBody struct {
	Version  int32     `json:"version"`
	Etag     string    `json:"etag"`
	Bindings []binding `json:"bindings"`
}

type binding struct {
	Role      string          `json:"role"`
	Members   []cloud.Member  `json:"members"`
	Condition cloud.Condition `json:"condition"`
}

func (p *policyBody) policy() *cloud.AllowPolicy {
	a := &cloud.AllowPolicy{Version: p.Version, Etag: p.Etag}
	for _, b := range p.Bindings {
		a.Bindings = append(a.Bindings, cloud.Binding(b))
	}
	return a
}

// readPolicy takes the policy after the change from the response, which holds
// all of it; else from the request, which replaced the policy that was there.
func (e *envelope) readPolicy(c *cloud.Change) {
	var stored policyBody
	problem := e.read("response", e.Payload.Response, &stored)
	// Every stored policy has an etag or a binding: {} shows nothing.
	if problem == "" && (stored.Etag != "" || stored.Bindings != nil) {
		c.Policy = stored.policy()
		return
	}
	if problem != "" && holds(e.Payload.Response) {
		leave(c, "grants", problem) // what was stored is unknown, whatever was asked for
		return
	}
	var asked struct {
		params
		Policy *policyBody `json:"policy"`
	}
	if p := e.read("request", e.Payload.Request, &asked); p != "" {
		leave(c, "grants", joinProblems(problem, p))
		return
	}
	if asked.Policy == nil || !asked.mask().covers("bindings") {
		leave(c, "grants", joinProblems(problem, "request shows no bindings"))
		return
	}
	c.Policy = asked.Policy.policy()
	leave(c, "stored policy", "the policy is what was asked for: "+cmp.Or(problem, "response is empty"))
}
