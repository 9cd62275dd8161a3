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
	ctx, end := p.To.Span(ctx, "write allow policy")
	err := p.PolicyClient.SetPolicy(ctx, r, set)
	end(err)
	return err
}

// Workloads has a span around each write of a workload.
type Workloads struct {
	remediate.WorkloadClient
	To *telemetry.Telemetry
}

func (w Workloads) write(ctx context.Context, what string, do func(context.Context) error) error {
	ctx, end := w.To.Span(ctx, what)
	err := do(ctx)
	end(err)
	return err
}

// SetIdentity implements remediate.WorkloadWriter.
func (w Workloads) SetIdentity(ctx context.Context, of cloud.Workload, email string) error {
	return w.write(ctx, "write identity", func(ctx context.Context) error { return w.WorkloadClient.SetIdentity(ctx, of, email) })
}

// SetInvokerCheck implements remediate.WorkloadWriter.
func (w Workloads) SetInvokerCheck(ctx context.Context, of cloud.Workload, on bool) error {
	return w.write(ctx, "write invoker check", func(ctx context.Context) error { return w.WorkloadClient.SetInvokerCheck(ctx, of, on) })
}

// SetIngress implements remediate.WorkloadWriter.
func (w Workloads) SetIngress(ctx context.Context, of cloud.Workload, ingress string) error {
	return w.write(ctx, "write ingress", func(ctx context.Context) error { return w.WorkloadClient.SetIngress(ctx, of, ingress) })
}

// SetTraffic implements remediate.WorkloadWriter.
func (w Workloads) SetTraffic(ctx context.Context, of cloud.Workload, to []cloud.TrafficTarget) error {
	return w.write(ctx, "write traffic", func(ctx context.Context) error { return w.WorkloadClient.SetTraffic(ctx, of, to) })
}

// Constraints has a span around each write of an organization policy.
type Constraints struct {
	remediate.ConstraintClient
	To *telemetry.Telemetry
}

// DeleteOrgPolicy implements remediate.ConstraintClient.
func (c Constraints) DeleteOrgPolicy(ctx context.Context, r cloud.Resource, etag string) error {
	ctx, end := c.To.Span(ctx, "write organization policy")
	err := c.ConstraintClient.DeleteOrgPolicy(ctx, r, etag)
	end(err)
	return err
}

// CreateOrgPolicy implements remediate.ConstraintClient.
func (c Constraints) CreateOrgPolicy(ctx context.Context, r cloud.Resource, body string) error {
	ctx, end := c.To.Span(ctx, "write organization policy")
	err := c.ConstraintClient.CreateOrgPolicy(ctx, r, body)
	end(err)
	return err
}
