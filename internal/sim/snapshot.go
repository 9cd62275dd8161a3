package sim

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	"cloud.google.com/go/run/apiv2/runpb"
)

// State is what the Cloud holds at one moment, for a page that shows it. It
// has no environment values: nothing of a container is in it.
type State struct {
	Workloads   []WorkloadState   `json:"workloads"`
	Policies    []PolicyState     `json:"policies"`
	Constraints []ConstraintState `json:"constraints"`
}

// WorkloadState is one service, job or worker pool.
type WorkloadState struct {
	Kind     string `json:"kind"`     // "service", "job" or "workerPool"
	Name     string `json:"name"`     // "projects/p/locations/l/services/s"
	Identity string `json:"identity"` // the runtime service account's e-mail
	// InvokerCheck is false where anyone who reaches a service may call it;
	// true for jobs and worker pools, which nobody calls.
	InvokerCheck bool   `json:"invoker_check"`
	Ingress      string `json:"ingress,omitempty"` // "all", "internal", …; empty but for services
	// Revision is the newest one's short name, and Serving the one that is
	// ready; they differ while a deployment is under way or after it failed.
	Revision string `json:"revision,omitempty"`
	Serving  string `json:"serving,omitempty"`
	// Reached are the revisions of a service that requests reach, by traffic or a tag.
	Reached      []string `json:"reached,omitempty"`
	Reconciling  bool     `json:"reconciling"`
	Etag         string   `json:"etag"`
	LastModifier string   `json:"last_modifier"`
}

// PolicyState is one allow policy that somebody set.
type PolicyState struct {
	Resource string       `json:"resource"` // relative: "projects/p"
	Grants   []GrantState `json:"grants"`
	Etag     string       `json:"etag"` // in base 64, as JSON shows it
}

// GrantState is one grant; Condition is its expression.
type GrantState struct {
	Role      string `json:"role"`
	Member    string `json:"member"`
	Condition string `json:"condition,omitempty"`
}

// ConstraintState is one boolean constraint where somebody set it.
type ConstraintState struct {
	Container  string `json:"container"` // "folders/1"
	Constraint string `json:"constraint"`
	Enforced   bool   `json:"enforced"` // as it takes effect there
}

// State returns a snapshot, each list in order of its names.
func (c *Cloud) State() State {
	c.mu.Lock()
	defer c.mu.Unlock()
	var s State
	for _, full := range slices.Sorted(maps.Keys(c.workloads)) {
		s.Workloads = append(s.Workloads, c.workloads[full].state())
	}
	for _, resource := range slices.Sorted(maps.Keys(c.policies)) {
		p := c.policies[resource]
		ps := PolicyState{Resource: resource, Etag: base64.StdEncoding.EncodeToString(p.Etag)}
		for _, g := range grantsOf(p) {
			ps.Grants = append(ps.Grants, GrantState{g.role, g.member, g.condition.GetExpression()})
		}
		s.Policies = append(s.Policies, ps)
	}
	for _, full := range slices.Sorted(maps.Keys(c.orgPolicies)) {
		container, constraint, _ := strings.Cut(full, "/policies/")
		s.Constraints = append(s.Constraints, ConstraintState{container, constraint, c.ruleOf(container, constraint).GetEnforce()})
	}
	return s
}

func (w *workload) state() WorkloadState {
	s := WorkloadState{
		Kind: w.kind.field, Name: w.name.String(), Identity: *w.kind.identity(w.obj), InvokerCheck: true,
		Reconciling: w.obj.GetReconciling(), Etag: w.obj.GetEtag(), LastModifier: w.obj.GetLastModifier(),
	}
	if o, ok := w.obj.(interface {
		GetLatestCreatedRevision() string
		GetLatestReadyRevision() string
	}); ok {
		s.Revision, s.Serving = lastSegment(o.GetLatestCreatedRevision()), lastSegment(o.GetLatestReadyRevision())
	}
	if svc, ok := w.obj.(*runpb.Service); ok {
		s.InvokerCheck = !svc.InvokerIamDisabled
		s.Ingress = ingressWords[svc.Ingress]
		for _, t := range svc.TrafficStatuses {
			if (t.Percent != 0 || t.Tag != "") && !slices.Contains(s.Reached, t.Revision) {
				s.Reached = append(s.Reached, t.Revision)
			}
		}
	}
	return s
}

// ingressWords are the v1 annotation's words for v2's enum.
var ingressWords = map[runpb.IngressTraffic]string{
	runpb.IngressTraffic_INGRESS_TRAFFIC_ALL:                    "all",
	runpb.IngressTraffic_INGRESS_TRAFFIC_INTERNAL_ONLY:          "internal",
	runpb.IngressTraffic_INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER: "internal-and-cloud-load-balancing",
	runpb.IngressTraffic_INGRESS_TRAFFIC_NONE:                   "none",
}
