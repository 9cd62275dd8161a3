package policies

import (
	"strings"

	"cel.dev/cel-go/common/cost"
	"cel.dev/cel-go/common/types"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// sizes tells CEL's cost estimate how large the things of a change can be.
type sizes struct{}

const (
	// maxGrants: an allow policy holds at most 1,500 principals, counted once
	// per binding (https://cloud.google.com/iam/quotas#limits).
	maxGrants = 1500
	// maxText is more than names, labels and addresses are long.
	maxText = 512
	// maxLinks: folders nest ten deep, and credentials are passed on less often
	// (https://cloud.google.com/resource-manager/docs/limits).
	maxLinks  = 16
	maxLabels = 64
	// maxShares is more than one service's requests are spread over.
	maxShares = 256
)

// EstimateSize bounds a value by what it is, or by its type.
func (sizes) EstimateSize(n cost.AstNode) *cost.SizeEstimate {
	switch strings.Join(n.Path(), ".") {
	case "ancestors", "actor.delegation":
		return &cost.SizeEstimate{Max: maxLinks}
	case "workload.serving":
		return &cost.SizeEstimate{Max: maxShares}
	}
	switch n.Type().Kind() {
	case types.ListKind:
		return &cost.SizeEstimate{Max: maxGrants}
	case types.MapKind:
		return &cost.SizeEstimate{Max: maxLabels}
	case types.StringKind, types.BytesKind:
		return &cost.SizeEstimate{Max: maxText}
	}
	return &cost.SizeEstimate{Max: 1}
}

// EstimateCallCost has nothing to add to CEL's own estimate of its functions;
// ours cost about what they look at.
func (sizes) EstimateCallCost(function, _ string, _ *cost.AstNode, _ []cost.AstNode) *cost.CallEstimate {
	switch function {
	case "constraint", "allows", "runtimeIdentity", "defaultAccount", "holdsBasicRole":
		return &cost.CallEstimate{CostEstimate: cost.FixedCostEstimate(1)}
	case "glob", "domain":
		return &cost.CallEstimate{CostEstimate: cost.Estimate{Min: 1, Max: maxText / 10}, ResultSize: &cost.SizeEstimate{Max: maxText}}
	}
	return nil
}

// ordinary reports whether nothing in the input is larger than costs are
// estimated with.
func ordinary(in Input) bool {
	c := in.Change
	if !short(c.Method, c.Service, c.Actor.Principal) || !shortResource(c.Resource) || len(c.Actor.Delegation) > maxLinks ||
		c.Constraint != nil && !short(c.Constraint.Name) {
		return false
	}
	for _, f := range in.Facts {
		if len(f.List) > maxLinks || !short(f.List...) {
			return false
		}
	}
	if c.Policy != nil && !shortPolicy(c.Policy) || len(c.Deltas) > maxGrants || !short(c.Actor.Delegation...) {
		return false
	}
	for _, d := range c.Deltas {
		if !shortGrant(d.Grant) {
			return false
		}
	}
	return c.Workload == nil || shortWorkload(c.Workload)
}

// shortResource reports whether the resource's full name is short, by its parts: it is put
// together where it is shown alone.
func shortResource(r cloud.Resource) bool {
	const between = 100 // the host, and what stands between the parts
	return len(r.Project)+len(r.Location)+len(r.Name)+len(r.Parent)+between <= maxText
}

func shortPolicy(p *cloud.AllowPolicy) bool {
	n := 0
	for _, b := range p.Bindings {
		n += len(b.Members)
		if n > maxGrants || !shortGrant(cloud.Grant{Role: b.Role, Condition: b.Condition}) {
			return false
		}
		for _, m := range b.Members {
			if len(m) > maxText {
				return false
			}
		}
	}
	return true
}

func shortGrant(g cloud.Grant) bool {
	return short(g.Role, string(g.Member), g.Condition.Title, g.Condition.Description, g.Condition.Expression)
}

func shortWorkload(w *cloud.Workload) bool {
	if len(w.Labels) > maxLabels || !short(w.Identity.Email, w.Ingress, w.Controller) || !short(sharesOf(*w)...) {
		return false
	}
	for k, v := range w.Labels {
		if !short(k, v) {
			return false
		}
	}
	return true
}

func short(texts ...string) bool {
	for _, t := range texts {
		if len(t) > maxText {
			return false
		}
	}
	return true
}
