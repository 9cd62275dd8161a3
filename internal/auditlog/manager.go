package auditlog

import (
	"fmt"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// resourceManagerCall recognises the IAM policy and, in its first version, the
// organization policy of a project, folder or organization. Tags have
// SetIamPolicy too, and are told by the resource's name.
func (e *envelope) resourceManagerCall() (call, error) {
	_, last := lastWords(e.method)
	policy := last == "SetOrgPolicy" || last == "ClearOrgPolicy"
	if !policy && !setsIamPolicy(last) {
		return call{}, e.notChange("changes no policy")
	}
	r, ok := e.container()
	switch {
	case !ok && e.Payload.ResourceName != "":
		return call{}, e.notChange("on " + quote(e.Payload.ResourceName) + ", which is no project, folder or organization")
	case policy:
		return e.orgPolicyV1Call(r, last == "ClearOrgPolicy"), nil
	case !ok:
		return call{verb: cloud.SetPolicy, unnamed: fmt.Sprintf("%s: neither resourceName nor resource.labels names a project, folder or organization", quote(e.method))}, nil
	}
	return call{verb: cloud.SetPolicy, resource: r, read: func(c *cloud.Change) {
		// The policy in the body is all of it, old grants too: without a
		// delta nothing is claimed from the entry.
		if _, why := e.readDelta(c); why != "" {
			leave(c, "grants", why)
		}
	}}, nil
}

// serviceAccountCall recognises the IAM policy of a service account: who may
// act as it, not what it may do.
func (e *envelope) serviceAccountCall() (call, error) {
	_, last := lastWords(e.method)
	on := collectionOf(e.Payload.ResourceName)
	if !setsIamPolicy(last) || on != "serviceAccounts" && on != "" {
		return call{}, e.notChange("changes no service account's policy")
	}
	r, byID, ok := e.serviceAccount()
	if !ok {
		return call{verb: cloud.SetPolicy, unnamed: fmt.Sprintf("%s: resourceName %s and the rest of the entry do not name a service account with its project",
			quote(e.method), quote(e.Payload.ResourceName))}, nil
	}
	return call{verb: cloud.SetPolicy, resource: r, read: func(c *cloud.Change) {
		if byID {
			leave(c, "resource", "the entry names the service account by its number, not by its e-mail")
		}
		if found, _ := e.readDelta(c); !found {
			e.readPolicy(c)
		}
	}}, nil
}
