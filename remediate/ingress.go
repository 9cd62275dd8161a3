package remediate

import (
	"context"
	"fmt"

	"github.com/rescind-dev/rescind/remediate/judge"
)

func (r *Remediator) setIngress(ctx context.Context, s judge.Step) (bool, error) {
	w, err := r.Workloads.Workload(ctx, s.Resource)
	if err != nil || w.Ingress == s.After.Ingress {
		return false, err
	}
	if w.Ingress != s.Before.Ingress {
		return false, fmt.Errorf("its ingress is %q now, the plan was made for %q: %w", w.Ingress, s.Before.Ingress, errChanged)
	}
	return true, r.Workloads.SetIngress(ctx, w, s.After.Ingress)
}

func (r *Remediator) ingressUnmet(ctx context.Context, s judge.Step) (string, error) {
	w, err := r.Workloads.Workload(ctx, s.Resource)
	if err == nil && w.Ingress != s.After.Ingress {
		return "its ingress still shows as " + w.Ingress, nil
	}
	return "", err
}
