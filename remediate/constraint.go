package remediate

import (
	"context"
	"errors"
	"fmt"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// ConstraintClient reads and changes organization policies.
type ConstraintClient interface {
	// OrgPolicy returns what is set at r itself, or an error matching
	// ErrNotFound where nothing is.
	OrgPolicy(ctx context.Context, r cloud.Resource) (judge.OrgPolicy, error)
	// DeleteOrgPolicy takes it away: an error matching ErrConflict if the
	// etag is not current.
	DeleteOrgPolicy(ctx context.Context, r cloud.Resource, etag string) error
	// CreateOrgPolicy sets it where nothing is set.
	CreateOrgPolicy(ctx context.Context, r cloud.Resource, body string) error
}

// readOrgPolicy reads what is set at res; the zero OrgPolicy where nothing is.
func (r *Remediator) readOrgPolicy(ctx context.Context, res cloud.Resource) (*judge.OrgPolicy, error) {
	p, err := r.Constraints.OrgPolicy(ctx, res)
	if errors.Is(err, fault.ErrNotFound) {
		return &judge.OrgPolicy{}, nil
	}
	if ok, err := r.readable(ctx, res, err); !ok {
		return nil, err
	}
	return &p, nil
}

// setOrgPolicy deletes or, undoing that, creates.
func (r *Remediator) setOrgPolicy(ctx context.Context, s judge.Step) (bool, error) {
	p, err := r.Constraints.OrgPolicy(ctx, s.Resource)
	if err != nil && !errors.Is(err, fault.ErrNotFound) {
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

func (r *Remediator) orgPolicyUnmet(ctx context.Context, s judge.Step) (string, error) {
	p, err := r.Constraints.OrgPolicy(ctx, s.Resource)
	if err != nil && !errors.Is(err, fault.ErrNotFound) {
		return "", err
	}
	if p.Body != s.After.OrgPolicy {
		return "the organization policy does not show the change yet", nil
	}
	return "", nil
}
