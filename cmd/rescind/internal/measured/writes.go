package measured

import (
	"context"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/telemetry"
	"github.com/rescind-dev/rescind/remediate"
)

// Policies has a span around each write of an allow policy.
type Policies struct {
	remediate.PolicyClient
	To *telemetry.Telemetry
}

// SetPolicy implements remediate.PolicyClient.
func (p Policies) SetPolicy(ctx context.Context, r cloud.Resource, set cloud.AllowPolicy) error {
	return spanned(ctx, p.To, "write allow policy", func(ctx context.Context) error { return p.PolicyClient.SetPolicy(ctx, r, set) })
}

// spanned does it within a span, which is about the findings.
func spanned(ctx context.Context, t *telemetry.Telemetry, what string, do func(context.Context) error, findings ...string) error {
	ctx, end := t.Span(ctx, what)
	err := do(ctx)
	end(err, findings...)
	return err
}

// Workloads has a span around each write of a workload.
type Workloads struct {
	remediate.WorkloadClient
	To *telemetry.Telemetry
}

// SetIdentity implements remediate.WorkloadWriter.
func (w Workloads) SetIdentity(ctx context.Context, of cloud.Workload, email string) error {
	return spanned(ctx, w.To, "write identity", func(ctx context.Context) error { return w.WorkloadClient.SetIdentity(ctx, of, email) })
}

// SetInvokerCheck implements remediate.WorkloadWriter.
func (w Workloads) SetInvokerCheck(ctx context.Context, of cloud.Workload, on bool) error {
	return spanned(ctx, w.To, "write invoker check", func(ctx context.Context) error { return w.WorkloadClient.SetInvokerCheck(ctx, of, on) })
}

// SetIngress implements remediate.WorkloadWriter.
func (w Workloads) SetIngress(ctx context.Context, of cloud.Workload, ingress string) error {
	return spanned(ctx, w.To, "write ingress", func(ctx context.Context) error { return w.WorkloadClient.SetIngress(ctx, of, ingress) })
}

// SetTraffic implements remediate.WorkloadWriter.
func (w Workloads) SetTraffic(ctx context.Context, of cloud.Workload, to []cloud.TrafficTarget) error {
	return spanned(ctx, w.To, "write traffic", func(ctx context.Context) error { return w.WorkloadClient.SetTraffic(ctx, of, to) })
}

// Constraints has a span around each write of an organization policy.
type Constraints struct {
	remediate.ConstraintClient
	To *telemetry.Telemetry
}

// DeleteOrgPolicy implements remediate.ConstraintClient.
func (c Constraints) DeleteOrgPolicy(ctx context.Context, r cloud.Resource, etag string) error {
	return spanned(ctx, c.To, "write organization policy", func(ctx context.Context) error { return c.ConstraintClient.DeleteOrgPolicy(ctx, r, etag) })
}

// CreateOrgPolicy implements remediate.ConstraintClient.
func (c Constraints) CreateOrgPolicy(ctx context.Context, r cloud.Resource, body string) error {
	return spanned(ctx, c.To, "write organization policy", func(ctx context.Context) error { return c.ConstraintClient.CreateOrgPolicy(ctx, r, body) })
}
