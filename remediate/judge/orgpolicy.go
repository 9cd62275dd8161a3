package judge

import (
	"encoding/json"
	"slices"

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
		p.State.Parameters == c.Constraint.Parameters &&
		slices.Equal(p.State.Allowed, c.Constraint.Allowed) && slices.Equal(p.State.Denied, c.Constraint.Denied)
}

// observed is the change to the constraint as live state shows it. A policy
// that is not there, or rehearses only, shows nothing of what was there before.
func (p OrgPolicy) observed(c *cloud.ConstraintChange) *cloud.ConstraintChange {
	if c == nil || p.State == nil {
		return c
	}
	live := *p.State
	live.Name, live.Before = c.Name, c.Before
	return &live
}

// restoreConstraint takes a policy away that the change created and that enforces
// nothing: then nothing was set before. An entry does not show what an update or a
// delete replaced, and an effective policy is not what was set.
func restoreConstraint(c cloud.Change, now Snapshot) (*Step, string) {
	switch {
	case c.Constraint != nil && c.Constraint.InForce():
		return nil, "nobody wrote the organization policy: a person has to set it where it is to be in force, or to take back what was done"
	case !c.CreatesOrgPolicy():
		return nil, "what the organization policy was before is not recorded: " +
			"a person has to decide what is to be enforced here, and an exception that is gone needs nothing"
	case now.OrgPolicy == nil || now.OrgPolicy.Body == "":
		return nil, "the organization policy could not be read"
	case !now.AsMade:
		return nil, "the organization policy was changed again since: a person has to decide what is to be enforced here"
	case !EnforcesNothing(now.OrgPolicy.Body):
		return nil, "the organization policy has a rule that enforces, which is never taken away: a person has to decide about its other rules"
	}
	return &Step{Kind: policies.RestoreConstrain, Resource: c.Resource, Before: StepState{OrgPolicy: now.OrgPolicy.Body}}, ""
}

// EnforcesNothing reports whether each rule of an organization policy says that
// nothing is enforced, or that every value is allowed. What cannot be read may
// enforce.
func EnforcesNothing(body string) bool {
	var p struct {
		Spec struct {
			Rules []map[string]any `json:"rules"`
		} `json:"spec"`
	}
	if json.Unmarshal([]byte(body), &p) != nil {
		return false
	}
	return !slices.ContainsFunc(p.Spec.Rules, func(rule map[string]any) bool {
		for field, v := range rule {
			if field != "condition" && !(field == "enforce" && v == false) && !(field == "allowAll" && v == true) {
				return true
			}
		}
		return false
	})
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
