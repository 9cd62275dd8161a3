package remediate_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/store/memory"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/scope"
)

// bareRemediator is a Remediator with no world but an allow policy.
func bareRemediator(t *testing.T, iam remediate.PolicyClient) *engine {
	t.Helper()
	now := func() time.Time { return time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC) }
	set, err := policies.Load()
	if err != nil {
		t.Fatal(err)
	}
	return newEngine(t, setup{Notifier: &notice{}, Config: remediate.Config{
		Facts: nothingKnown{}, Judge: judge.Judge{Policies: set}, Store: memory.New(), IAM: iam, Workloads: noWorkloads{}, Constraints: noConstraints{},
		Scope: scope.Scope{Include: []cloud.Resource{cloud.ProjectResource("pay-prod")}},
		Self:  "serviceAccount:" + self, ExpiresIn: time.Hour, OnExpiry: remediate.LeaveOnExpiry, VerifyFor: time.Second,
		Now: now, Wait: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }, NewID: sequence("id-"), Log: slog.New(slog.DiscardHandler),
	}})
}

type nothingKnown struct{}

func (nothingKnown) Fact(context.Context, policies.Question) policies.Fact {
	return policies.Fact{Why: "nobody knows"}
}

func (nothingKnown) Changed(cloud.Change) {}

type noWorkloads struct{ remediate.WorkloadClient }

type noConstraints struct{ remediate.ConstraintClient }

func sequence(prefix string) func() string {
	var n atomic.Int64
	return func() string { return fmt.Sprint(prefix, n.Add(1)) }
}
