package auditlog

import (
	"fmt"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// runCall recognises a method of Cloud Run.
func (e *envelope) runCall() (call, error) {
	group, last := lastWords(e.method)
	if isHarmless(last) {
		return call{}, e.notChange("changes nothing a policy could be about")
	}
	m, ok := parseMethod(last)
	switch {
	case !ok:
		return e.unknownCall(), nil
	case m.verb == cloud.SetPolicy:
		return e.runPolicyCall(group), nil
	}
	return e.workloadCall(m), nil
}

// unknownCall is told as unknown, with the workload where it is one of those
// rescind judges.
func (e *envelope) unknownCall() call {
	k := call{unknown: fmt.Sprintf("%s of %s on %s is none that rescind knows", quote(e.method), e.service, quote(e.Payload.ResourceName))}
	n := parseName(e.Payload.ResourceName)
	if kind := workloadKinds[n.collection]; kind != "" {
		if r, ok := e.workloadName(kind, named{}); ok {
			k.resource = r
		}
	}
	return k
}

// runPolicyCall is SetIamPolicy on a workload. Its entry has no delta: the
// response is the whole new policy.
func (e *envelope) runPolicyCall(group string) call {
	var request struct {
		Resource string `json:"resource"`
	}
	n := parseName(e.Payload.ResourceName)
	if n.last == "" {
		e.read("request", e.Payload.Request, &request)
		n = parseName(request.Resource)
	}
	kind := workloadKinds[collection(group)]
	if n.collection != "" {
		if kind = workloadKinds[n.collection]; kind == "" {
			return e.unknownCall()
		}
	}
	if kind == "" {
		return call{verb: cloud.SetPolicy, unnamed: fmt.Sprintf("resourceName %s names no Cloud Run resource", quote(e.Payload.ResourceName))}
	}
	k := e.namedCall(cloud.SetPolicy, kind, named{names: []name{n}})
	return k.then(e.readPolicy)
}

// workloadCall is a write of a workload itself.
func (e *envelope) workloadCall(m method) call {
	w := e.written(m)
	k := e.namedCall(m.verb, m.kind, w.named())
	k.rehearsed = w.request.rehearsal()
	if m.verb == cloud.Delete {
		return k
	}
	return k.then(w.fill)
}

// then adds a reader after those that the call has.
func (k call) then(next func(*cloud.Change)) call {
	first := k.read
	k.read = func(c *cloud.Change) {
		first(c)
		next(c)
	}
	return k
}

// namedCall names the call's workload, or says why that cannot be done.
func (e *envelope) namedCall(verb cloud.Verb, kind cloud.Kind, n named) call {
	r, ok := e.workloadName(kind, n)
	k := call{verb: verb, resource: r}
	if !ok {
		k.unnamed = fmt.Sprintf("%s: resourceName %s and the rest of the entry do not name a %s with its project",
			quote(e.method), quote(e.Payload.ResourceName), kind)
		k.resource = cloud.Resource{}
	}
	k.read = func(c *cloud.Change) {
		if r.Location == anyLocation {
			leave(c, "resource", "no part of the entry names the region of "+quote(r.Name))
		}
	}
	return k
}

// leave notes what the entry leaves open.
func leave(c *cloud.Change, field, why string) {
	c.Unread = append(c.Unread, cloud.Unread{Field: field, Why: why})
}
