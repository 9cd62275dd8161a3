package remediate

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// verifySteps returns the workloads that were given an account, as they were seen last.
func (r *Remediator) verifySteps(ctx context.Context, p judge.Plan) (map[cloud.Resource]cloud.Workload, error) {
	seen := map[cloud.Resource]cloud.Workload{}
	for _, s := range p.Steps {
		if err := r.verify(ctx, s, seen); err != nil {
			return nil, fmt.Errorf("verify %s on %s: %w", s.Kind, s.Resource, err)
		}
	}
	return seen, nil
}

// unverifiedError says that a write was accepted, and does not show yet or
// could not be looked at.
type unverifiedError struct {
	why string
	err error // of looking, where that is what went wrong
}

func (e *unverifiedError) Error() string { return e.why }

func (e *unverifiedError) Unwrap() error { return e.err }

// verify reads until the step shows, at most VerifyFor. An operation that
// succeeded is not yet a workload that is fixed: a revision may never become
// ready, or traffic may be pinned to the old one.
func (r *Remediator) verify(ctx context.Context, s judge.Step, seen map[cloud.Resource]cloud.Workload) error {
	deadline := r.cfg.Now().Add(r.cfg.VerifyFor)
	for pause := time.Second; ; pause *= 2 {
		why, err := r.unmet(ctx, s, seen)
		switch {
		case errors.Is(err, fault.ErrNotFound):
			return err
		case err != nil:
			return &unverifiedError{err.Error(), err}
		case why == "":
			return nil
		}
		if r.cfg.Now().Add(pause).After(deadline) {
			return &unverifiedError{why: why}
		}
		if err := r.cfg.Wait(ctx, pause); err != nil {
			return &unverifiedError{why: why}
		}
	}
}

// unmet says what is not yet as the step wants it, or "".
func (r *Remediator) unmet(ctx context.Context, s judge.Step, seen map[cloud.Resource]cloud.Workload) (string, error) {
	switch s.Kind {
	case policies.RemoveGrants, judge.RestoreGrants, policies.RestoreCondition:
		p, err := r.cfg.IAM.Policy(ctx, s.Resource)
		if err != nil {
			return "", err
		}
		return unmetGrants(p, s), nil
	case policies.RequireInvoker:
		w, err := r.cfg.Workloads.Workload(ctx, s.Resource)
		if err == nil && w.InvokerCheckDisabled.On {
			return "the invoker IAM check still shows as disabled", nil
		}
		return "", err
	case judge.DisableInvoker:
		w, err := r.cfg.Workloads.Workload(ctx, s.Resource)
		if err == nil && !w.InvokerCheckDisabled.On {
			return "the invoker IAM check still shows as on", nil
		}
		return "", err
	case policies.RestoreIdentity:
		return r.identityUnmet(ctx, s, seen)
	case policies.RestoreRevision:
		return r.trafficUnmet(ctx, s)
	case policies.RestoreIngress:
		return r.ingressUnmet(ctx, s)
	case policies.RestoreConstrain:
		return r.orgPolicyUnmet(ctx, s)
	}
	return "", fmt.Errorf("%w: no check is known for step %q", fault.ErrRefused, s.Kind)
}

func unmetGrants(p cloud.AllowPolicy, s judge.Step) string {
	for _, d := range s.DeltasOn(p) {
		switch shown := p.Has(d.Grant); {
		case shown && d.Action == cloud.Remove:
			return "the policy still shows a grant that was removed"
		case !shown && d.Action == cloud.Add:
			return "the policy does not show yet a grant that was put back"
		}
	}
	return ""
}

func (r *Remediator) identityUnmet(ctx context.Context, s judge.Step, seen map[cloud.Resource]cloud.Workload) (string, error) {
	w, err := r.cfg.Workloads.Workload(ctx, s.Resource)
	if err != nil {
		return "", err
	}
	seen[s.Resource] = w
	if w.Identity.Email != s.After.ServiceAccount {
		return "the template still names " + w.Identity.Email, nil
	}
	serving, known := servedBy(w)
	if !known {
		if serving, err = r.cfg.Workloads.Serving(ctx, s.Resource); err != nil {
			return "", err
		}
	}
	for _, email := range serving {
		if email != s.After.ServiceAccount {
			return "a revision that runs as " + email + " still has traffic or a tag", nil
		}
	}
	return "", nil
}

// servedBy are the accounts of the revisions with traffic or a tag, where the workload
// says them all.
func servedBy(w cloud.Workload) (accounts []string, known bool) {
	for _, t := range w.Serving {
		switch {
		case t.Percent == 0 && t.Tag == "":
		case t.Account == "":
			return nil, false
		default:
			accounts = append(accounts, t.Account)
		}
	}
	return accounts, len(accounts) > 0
}

// trafficUnmet looks at what serves, not only at what was written. Of traffic to the
// latest revision the first is all that can be told: which one that is changes.
func (r *Remediator) trafficUnmet(ctx context.Context, s judge.Step) (string, error) {
	w, err := r.cfg.Workloads.Workload(ctx, s.Resource)
	switch {
	case err != nil:
		return "", err
	case !cloud.SameTraffic(w.Traffic, s.After.Traffic):
		return "its traffic is to be spread otherwise: " + judge.Spread(w.Traffic), nil
	case slices.ContainsFunc(s.After.Traffic, func(t cloud.TrafficTarget) bool { return t.Revision == "" }), cloud.SameTraffic(w.Serving, s.After.Traffic):
		return "", nil
	}
	return "its traffic is not spread so yet: " + judge.Spread(w.Serving), nil
}

func (r *Remediator) ingressUnmet(ctx context.Context, s judge.Step) (string, error) {
	w, err := r.cfg.Workloads.Workload(ctx, s.Resource)
	if err == nil && w.Ingress != s.After.Ingress {
		return "its ingress still shows as " + w.Ingress, nil
	}
	return "", err
}

func (r *Remediator) orgPolicyUnmet(ctx context.Context, s judge.Step) (string, error) {
	p, err := r.cfg.Constraints.OrgPolicy(ctx, s.Resource)
	if err != nil && !errors.Is(err, fault.ErrNotFound) {
		return "", err
	}
	if p.Body != s.After.OrgPolicy {
		return "the organization policy does not show the change yet", nil
	}
	return "", nil
}

// templated is what was written, with the template that each account was given
// to, as it was seen then: an undo must find that one, and give it to no other. Where
// it cannot be told, the undo finds none.
func templated(done []judge.Step, seen map[cloud.Resource]cloud.Workload) []judge.Step {
	done = slices.Clone(done)
	for i, s := range done {
		if w, ok := seen[s.Resource]; ok && s.Kind == policies.RestoreIdentity && w.Identity.Email == s.After.ServiceAccount {
			done[i].After.Template, done[i].After.TemplateUID = w.Template(), w.TemplateUID()
		}
	}
	return done
}

// stillRunning says which executions of a job were running when its account was
// replaced: the new one is for executions to come. They are named, not
// cancelled; what they do may be half done.
func (r *Remediator) stillRunning(ctx context.Context, p judge.Plan) string {
	for _, s := range p.Steps {
		if s.Kind != policies.RestoreIdentity || s.Resource.Kind != cloud.RunJob {
			continue
		}
		switch names, err := r.cfg.Workloads.Running(ctx, s.Resource); {
		case err != nil:
			return ". Whether executions go on as the account they began with is unknown: " + err.Error()
		case len(names) > 0:
			return ". Executions that are running go on as the account they began with: " + strings.Join(names, ", ")
		}
	}
	return ""
}
