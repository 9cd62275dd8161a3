package remediate

import (
	"context"
	"errors"
	"fmt"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// changeGrants takes away the grants that only Before has and adds those that
// only After has.
func (r *Remediator) changeGrants(ctx context.Context, s judge.Step, now judge.Snapshot) (made judge.Step, wrote bool, err error) {
	p, err := r.policyIn(ctx, now, s.Resource)
	if err != nil {
		return s, false, err
	}
	if p.HidesConditions() {
		return s, false, fmt.Errorf("%w: the policy was read below version 3, writing it would drop conditions", fault.ErrRefused)
	}
	next, effective := p.Apply(s.DeltasOn(p))
	if len(effective) == 0 {
		return s, false, nil
	}
	began := r.cfg.Now() // what is made again a moment after the write is newer
	if err = r.cfg.IAM.SetPolicy(ctx, s.Resource, next); err == nil {
		r.wrote(ctx, s.Resource, judge.Snapshot{At: began, Done: r.cfg.Now(), Policy: &next})
	}
	return s.WithDeltas(effective), true, err
}

// setInvokerCheck turns the check on, or, for an undo, off again where it was off
// before rescind turned it on.
func (r *Remediator) setInvokerCheck(ctx context.Context, s judge.Step, now judge.Snapshot, on bool) (bool, error) {
	w, err := r.workloadIn(ctx, now, s.Resource)
	if err != nil || w.InvokerCheckDisabled.On != on {
		return false, err
	}
	began := r.cfg.Now()
	if err = r.cfg.Workloads.SetInvokerCheck(ctx, w, on); err == nil {
		w.InvokerCheckDisabled = cloud.KnownFlag(!on)
		r.wrote(ctx, s.Resource, judge.Snapshot{At: began, Done: r.cfg.Now(), Workload: &w})
	}
	return true, err
}

func (r *Remediator) restoreIdentity(ctx context.Context, s judge.Step, now judge.Snapshot) (bool, error) {
	w, err := r.workloadIn(ctx, now, s.Resource)
	if err != nil || w.Identity.Email == s.After.ServiceAccount {
		return false, err
	}
	if w.Identity.Email != s.Before.ServiceAccount {
		return false, fmt.Errorf("it runs as %q now, the plan was made for %q: %w", w.Identity.Email, s.Before.ServiceAccount, errChanged)
	}
	if !w.IsTemplate(s.Before.Template, s.Before.TemplateUID) {
		return false, otherTemplate(w, s)
	}
	return true, r.cfg.Workloads.SetIdentity(ctx, w, s.After.ServiceAccount)
}

// setTraffic spreads the requests of the service that the plan was made for: of the
// same template, with the traffic it had then.
func (r *Remediator) setTraffic(ctx context.Context, s judge.Step, now judge.Snapshot) (bool, error) {
	w, err := r.workloadIn(ctx, now, s.Resource)
	if err != nil || cloud.SameTraffic(w.Traffic, s.After.Traffic) {
		return false, err
	}
	if !cloud.SameTraffic(w.Traffic, s.Before.Traffic) {
		return false, fmt.Errorf("its traffic is %s now, the plan was made for %s: %w", judge.Spread(w.Traffic), judge.Spread(s.Before.Traffic), errChanged)
	}
	if !w.IsTemplate(s.Before.Template, s.Before.TemplateUID) {
		return false, otherTemplate(w, s)
	}
	for _, t := range s.After.Traffic {
		if err := r.sameRevision(ctx, s.Resource, t); err != nil {
			return false, err
		}
	}
	return true, r.cfg.Workloads.SetTraffic(ctx, w, s.After.Traffic)
}

// sameRevision returns an error matching errChanged unless the revision is the one that
// the plan was made with: its name can be given to another once the service was deleted.
func (r *Remediator) sameRevision(ctx context.Context, of cloud.Resource, t cloud.TrafficTarget) error {
	if t.Revision == "" || t.UID == "" {
		return nil
	}
	now, err := r.cfg.Workloads.Revision(ctx, of, t.Revision)
	if err == nil && (now.UID != t.UID || now.Account != t.Account) {
		err = fmt.Errorf("its revision %s is another one now: %w", t.Revision, errChanged)
	}
	return err
}

func otherTemplate(w cloud.Workload, s judge.Step) error {
	return fmt.Errorf("its template is another one now (%s), the plan was made for %q: %w", w.Template(), s.Before.Template, errChanged)
}

func (r *Remediator) setIngress(ctx context.Context, s judge.Step, now judge.Snapshot) (bool, error) {
	w, err := r.workloadIn(ctx, now, s.Resource)
	if err != nil || w.Ingress == s.After.Ingress {
		return false, err
	}
	if w.Ingress != s.Before.Ingress {
		return false, fmt.Errorf("its ingress is %q now, the plan was made for %q: %w", w.Ingress, s.Before.Ingress, errChanged)
	}
	return true, r.cfg.Workloads.SetIngress(ctx, w, s.After.Ingress)
}

// setOrgPolicy deletes or, undoing that, creates.
func (r *Remediator) setOrgPolicy(ctx context.Context, s judge.Step, now judge.Snapshot) (bool, error) {
	p, err := r.orgPolicyIn(ctx, now, s.Resource)
	if err != nil && !errors.Is(err, fault.ErrNotFound) {
		return false, err
	}
	switch {
	case p.Body == s.After.OrgPolicy:
		return false, nil
	case p.Body != s.Before.OrgPolicy:
		return false, fmt.Errorf("the organization policy is another one now: %w", errChanged)
	case s.After.OrgPolicy == "" && !judge.EnforcesNothing(p.Body): // a plan of an earlier version
		return false, fmt.Errorf("%w: the organization policy has a rule that enforces, which is never taken away", fault.ErrRefused)
	case s.After.OrgPolicy == "":
		return true, r.cfg.Constraints.DeleteOrgPolicy(ctx, s.Resource, p.Etag)
	}
	return true, r.cfg.Constraints.CreateOrgPolicy(ctx, s.Resource, s.After.OrgPolicy)
}

// policyIn, workloadIn and orgPolicyIn are what was read of the resource, or what is
// read of it now where that was not.
func (r *Remediator) policyIn(ctx context.Context, now judge.Snapshot, of cloud.Resource) (cloud.AllowPolicy, error) {
	if now.Policy != nil {
		return *now.Policy, nil
	}
	return r.cfg.IAM.Policy(ctx, of)
}

func (r *Remediator) workloadIn(ctx context.Context, now judge.Snapshot, of cloud.Resource) (cloud.Workload, error) {
	if now.Workload != nil {
		return *now.Workload, nil
	}
	return r.cfg.Workloads.Workload(ctx, of)
}

func (r *Remediator) orgPolicyIn(ctx context.Context, now judge.Snapshot, of cloud.Resource) (judge.OrgPolicy, error) {
	if now.OrgPolicy != nil {
		return *now.OrgPolicy, nil
	}
	return r.cfg.Constraints.OrgPolicy(ctx, of)
}
