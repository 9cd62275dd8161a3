package judge

import (
	"context"
	"fmt"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// allowedIngress is the list constraint that says which settings a project may
// use. https://cloud.google.com/run/docs/securing/ingress
const allowedIngress = "run.allowedIngress"

// restricted are the settings that keep the internet out. The open one is
// never gone back to.
var restricted = []string{"internal", "internal-and-cloud-load-balancing"}

// restoreIngress goes to the one restricted setting that is allowed. What the
// setting was before is nowhere to be read: revisions do not hold it, and an
// entry shows what it became. Of two that are allowed it picks none: the wrong
// one cuts off who comes through the load balancer, or lets them in.
func restoreIngress(r policies.Result, c cloud.Change, allowed func() ([]string, string)) (*Step, string) {
	if c.Resource.Kind != cloud.RunService || c.Workload == nil || c.Workload.Ingress == "" {
		return nil, ""
	}
	if len(r.Grants) > 0 || r.InvokerCheck || r.Identity || len(r.Serving) > 0 {
		return nil, "" // something else is to blame
	}
	s := &Step{Kind: policies.RestoreIngress, Resource: c.Resource, Before: StepState{Ingress: c.Workload.Ingress}}
	to, unknown := allowed()
	switch {
	case unknown != "":
		return s, "no ingress to go back to: what it was before is not recorded, and " + unknown
	case len(to) == 0:
		return s, "no ingress to go back to: neither " + strings.Join(restricted, " nor ") + " is allowed here"
	case len(to) > 1:
		return s, "no ingress to go back to: what it was before is not recorded, and " + strings.Join(to, " and ") + " are both allowed here"
	}
	s.After.Ingress = to[0]
	return s, ""
}

// ingresses are the restricted settings that the constraint allows and every
// policy is content with, or why that cannot be told.
func (j Judge) ingresses(ctx context.Context, policy string, c cloud.Change, now Snapshot) (allowed []string, unknown string) {
	for _, word := range restricted {
		if c.Workload == nil || word == c.Workload.Ingress {
			continue
		}
		f := j.Facts.Fact(ctx, policies.Question{
			Kind: policies.ConstraintAllows, Name: allowedIngress, Project: c.Resource.Project, Value: word,
		})
		if !f.Known {
			return nil, fmt.Sprintf("whether %s allows %s is unknown: %s", allowedIngress, word, f.Why)
		}
		s := Step{Kind: policies.RestoreIngress, Resource: c.Resource, After: StepState{Ingress: word}}
		if f.Value && j.suits(ctx, s, policy, c, now, func(policies.Result) bool { return true }) == "" {
			allowed = append(allowed, word)
		}
	}
	return allowed, ""
}
