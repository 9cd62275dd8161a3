package remediate

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// snapshot reads what is live of the resource that c changed. What rescind may
// not read stays out of it, so that the entry alone speaks and applying says
// which permission is missing. A failure that may pass is an error.
func (r *Remediator) snapshot(ctx context.Context, c cloud.Change) (judge.Snapshot, error) {
	if c.Constraint != nil && !c.Constraint.OfPolicy() { // what is set says nothing of it
		return judge.Snapshot{At: r.cfg.Now()}, nil
	}
	s, err := r.read(ctx, c.Resource, c.Verb == cloud.SetPolicy)
	// What the change created and is not there was deleted since. Of any other
	// write of an organization policy nothing being there says nothing.
	s.AsMade = s.OrgPolicy != nil && s.OrgPolicy.IsResultOf(c)
	s.Gone = s.Gone || c.CreatesOrgPolicy() && s.OrgPolicy != nil && s.OrgPolicy.Body == ""
	return s, err
}

// read reads the allow policy of the resource, or else what it is itself. Whoever
// changed the one is not to answer for the other, so both are never judged at once.
func (r *Remediator) read(ctx context.Context, res cloud.Resource, policy bool) (s judge.Snapshot, err error) {
	s.At = r.cfg.Now()
	switch {
	case res.Kind == cloud.OrgPolicy:
		s.OrgPolicy, err = r.readOrgPolicy(ctx, res)
		return s, err
	case policy && (res.Kind.Workload() || res.Kind.Container() || res.Kind == cloud.ServiceAccount):
		var p cloud.AllowPolicy
		if p, err = r.cfg.IAM.Policy(ctx, res); err == nil {
			s.Policy = &p
		}
	case !policy && res.Kind.Workload():
		var w cloud.Workload
		if w, err = r.cfg.Workloads.Workload(ctx, res); err == nil {
			s.Workload = &w
		}
	}
	s.Gone, s.Done = errors.Is(err, fault.ErrNotFound), r.cfg.Now()
	if _, err := r.readable(ctx, res, err); err != nil {
		return judge.Snapshot{}, err
	}
	return s, nil
}

// readOrgPolicy reads what is set at res; the zero OrgPolicy where nothing is.
func (r *Remediator) readOrgPolicy(ctx context.Context, res cloud.Resource) (*judge.OrgPolicy, error) {
	p, err := r.cfg.Constraints.OrgPolicy(ctx, res)
	if errors.Is(err, fault.ErrNotFound) {
		return &judge.OrgPolicy{}, nil
	}
	if ok, err := r.readable(ctx, res, err); !ok {
		return nil, err
	}
	return &p, nil
}

// readable tells a read that succeeded from one that cannot (no such resource,
// no permission, refused for good) and from one that may succeed later, which
// is an error.
func (r *Remediator) readable(ctx context.Context, res cloud.Resource, err error) (bool, error) {
	var denied *fault.PermissionError
	switch {
	case err == nil:
		return true, nil
	case errors.Is(err, fault.ErrNotFound):
		return false, nil
	case errors.As(err, &denied), errors.Is(err, fault.ErrRefused):
		r.cfg.Log.WarnContext(ctx, "live state not readable", "resource", res.String(), "error", err.Error())
		return false, nil
	}
	return false, fmt.Errorf("read %s: %w", res, err)
}

// An entry that gives a grant without a condition does not say that another entry took the
// same under one just before. What was taken is remembered, for a resource in a cell, and
// only where a policy asks for it.

// withLost is the change with the grants under a condition that were lost before it.
func (r *Remediator) withLost(ctx context.Context, c cloud.Change, now judge.Snapshot) (cloud.Change, error) {
	if !r.conditions || c.Verb != cloud.SetPolicy {
		return c, nil
	}
	shown := c
	if !c.HasDelta && now.Policy != nil {
		shown.Policy = now.Policy
	}
	keep := now.At.Add(cloud.LostWithin + 24*time.Hour)
	_, err := cells.Change(ctx, r.cfg.Store, "conditions/"+c.Resource.String(), keep, func(k cloud.Conditions) (cloud.Conditions, bool, error) {
		next, lost := k.After(shown)
		c.Lost = lost
		return next, !reflect.DeepEqual(next, k) && len(next.Held)+len(next.Lost)+len(k.Held)+len(k.Lost) > 0, nil
	})
	if err != nil {
		return c, fmt.Errorf("remember conditions on %s: %w", c.Resource, err)
	}
	return c, nil
}
