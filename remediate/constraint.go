package remediate

import (
	"context"
	"errors"
	"fmt"
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

// is reports whether the policy is what the change made of it.
func (p OrgPolicy) is(c cloud.Change) bool {
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

// ConstraintClient reads and changes organization policies.
type ConstraintClient interface {
	// OrgPolicy returns what is set at r itself, or an error matching
	// ErrNotFound where nothing is.
	OrgPolicy(ctx context.Context, r cloud.Resource) (OrgPolicy, error)
	// DeleteOrgPolicy takes it away: an error matching ErrConflict if the
	// etag is not current.
	DeleteOrgPolicy(ctx context.Context, r cloud.Resource, etag string) error
	// CreateOrgPolicy sets it where nothing is set.
	CreateOrgPolicy(ctx context.Context, r cloud.Resource, body string) error
}

// restoreConstraint takes a policy away that the change created: then nothing
// was set before. An entry does not show what an update or a delete replaced,
// and an effective policy is not what was set.
func restoreConstraint(c cloud.Change, now Snapshot) (*Step, string) {
	switch {
	case !created(c):
		return nil, "what the organization policy was before is not recorded: a person has to set it again"
	case now.OrgPolicy == nil || now.OrgPolicy.Body == "":
		return nil, "the organization policy could not be read"
	case !now.AsMade:
		return nil, "the organization policy was changed again since: a person has to set it"
	}
	return &Step{Kind: policies.RestoreConstrain, Resource: c.Resource, Before: StepState{OrgPolicy: now.OrgPolicy.Body}}, ""
}

// created reports whether the change set a policy where none was: the call
// fails otherwise, and its second version alone can tell.
// https://cloud.google.com/resource-manager/docs/reference/orgpolicy/rest/v2/organizations.policies/create
func created(c cloud.Change) bool {
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

// readOrgPolicy reads what is set at res; the zero OrgPolicy where nothing is.
func (r *Remediator) readOrgPolicy(ctx context.Context, res cloud.Resource) (*OrgPolicy, error) {
	p, err := r.Constraints.OrgPolicy(ctx, res)
	if errors.Is(err, ErrNotFound) {
		return &OrgPolicy{}, nil
	}
	if ok, err := r.readable(ctx, res, err); !ok {
		return nil, err
	}
	return &p, nil
}

// setOrgPolicy deletes or, undoing that, creates.
func (r *Remediator) setOrgPolicy(ctx context.Context, s Step) (bool, error) {
	p, err := r.Constraints.OrgPolicy(ctx, s.Resource)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return false, err
	}
	switch {
	case p.Body == s.After.OrgPolicy:
		return false, nil
	case p.Body != s.Before.OrgPolicy:
		return false, fmt.Errorf("the organization policy is another one now: %w", errChanged)
	case s.After.OrgPolicy == "":
		return true, r.Constraints.DeleteOrgPolicy(ctx, s.Resource, p.Etag)
	}
	return true, r.Constraints.CreateOrgPolicy(ctx, s.Resource, s.After.OrgPolicy)
}

func (r *Remediator) orgPolicyUnmet(ctx context.Context, s Step) (string, error) {
	p, err := r.Constraints.OrgPolicy(ctx, s.Resource)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return "", err
	}
	if p.Body != s.After.OrgPolicy {
		return "the organization policy does not show the change yet", nil
	}
	return "", nil
}
