package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// noon has nanoseconds and a zone, so that a store that loses either shows.
var noon = time.Date(2026, 11, 20, 12, 0, 0, 123456789, time.FixedZone("CET", 3600))

func newFinding(id string) finding.Finding {
	return finding.Finding{
		ID: id, Policy: "no-public-invoker", State: state.Pending,
		Resource:  cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "api"),
		Actors:    []cloud.Actor{{Principal: "user:eve@example.com"}},
		Reasons:   []string{"anyone can invoke it"},
		CreatedAt: noon, UpdatedAt: noon,
	}
}

func create(t *testing.T, s remediate.Store, f finding.Finding) finding.Finding {
	t.Helper()
	got, err := s.Create(t.Context(), f)
	if err != nil {
		t.Fatalf("create %s: %v", f.ID, err)
	}
	return got
}

func update(t *testing.T, s remediate.Store, f finding.Finding) finding.Finding {
	t.Helper()
	got, err := s.Update(t.Context(), f)
	if err != nil {
		t.Fatalf("update %s: %v", f.ID, err)
	}
	return got
}

func read(t *testing.T, s remediate.Store, id string) finding.Finding {
	t.Helper()
	got, err := s.Finding(t.Context(), id)
	if err != nil {
		t.Fatalf("finding %s: %v", id, err)
	}
	return got
}

func wantError(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got error %v, want %v", what, err, want)
	}
}

func wantSame(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func wantIDs(t *testing.T, what string, got []finding.Finding, want ...string) {
	t.Helper()
	var ids []string
	for _, f := range got {
		ids = append(ids, f.ID)
	}
	wantSame(t, what, ids, want)
}

func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
