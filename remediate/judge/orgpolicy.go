package judge

import (
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// OrgPolicy is an organization policy as it is set at one resource; the zero
// OrgPolicy is none.
type OrgPolicy struct {
	Etag string
	Body string // what people set of it, as JSON; equal for equal policies
	// State is what it enforces, without its name; nil for nothing.
	State *cloud.ConstraintChange
}

// IsResultOf reports whether the policy is what the change made of it.
func (p OrgPolicy) IsResultOf(c cloud.Change) bool {
	return p.State != nil && c.Constraint != nil && p.State.Enforced == c.Constraint.Enforced && p.State.Became == c.Constraint.Became &&
		slices.Equal(p.State.Allowed, c.Constraint.Allowed) && slices.Equal(p.State.Denied, c.Constraint.Denied)
}

// observed is the change to the constraint as live state shows it. A policy
// that is not there, or rehearses only, shows nothing of what was there before.
func (p OrgPolicy) observed(c *cloud.ConstraintChange) *cloud.ConstraintChange {
	if c == nil || p.State == nil {
		return c
	}
	live := *p.State
	live.Name = c.Name
	return &live
}

// restoreConstraint takes a policy away that the change created: then nothing
// was set before. An entry does not show what an update or a delete replaced,
// and an effective policy is not what was set.
func restoreConstraint(c cloud.Change, now Snapshot) (*Step, string) {
	switch {
	case !CreatesOrgPolicy(c):
		return nil, "what the organization policy was before is not recorded: a person has to set it again"
	case now.OrgPolicy == nil || now.OrgPolicy.Body == "":
		return nil, "the organization policy could not be read"
	case !now.AsMade:
		return nil, "the organization policy was changed again since: a person has to set it"
	}
	return &Step{Kind: policies.RestoreConstrain, Resource: c.Resource, Before: StepState{OrgPolicy: now.OrgPolicy.Body}}, ""
}

// CreatesOrgPolicy reports whether the change set a policy where none was: the call
// fails otherwise, and its second version alone can tell.
// https://cloud.google.com/resource-manager/docs/reference/orgpolicy/rest/v2/organizations.policies/create
func CreatesOrgPolicy(c cloud.Change) bool {
	return c.Resource.Kind == cloud.OrgPolicy && strings.HasSuffix(c.Method, ".CreatePolicy")
}

// constraintAsks keeps what reaches every project below from being done without
// a person.
func constraintAsks(_ Judge, g Judgement, _ cloud.Change, _ Snapshot) (Decision, string) {
	for _, s := range g.Plan.Steps {
		if s.Kind == policies.RestoreConstrain {
			return Ask, "an organization policy is never changed without being asked"
		}
	}
	return "", ""
}
