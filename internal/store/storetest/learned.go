package storetest

import (
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate"
)

func wantHandled(t *testing.T, s remediate.Store, id string, want bool) {
	t.Helper()
	got, err := s.Handled(t.Context(), id)
	if err != nil || got != want {
		t.Errorf("handled %q: %t, %v, want %t", id, got, err, want)
	}
}

func mark(t *testing.T, s remediate.Store, id string) {
	t.Helper()
	if err := s.MarkHandled(t.Context(), id, noon); err != nil {
		t.Fatalf("mark %q: %v", id, err)
	}
}

func marksHandled(t *testing.T, s remediate.Store) {
	wantHandled(t, s, "c1", false)
	mark(t, s, "c1")
	mark(t, s, "c1")
	wantHandled(t, s, "c1", true)
	wantHandled(t, s, "c2", false)
}

// An entry without insertId has no id: were it ever "handled", every other one
// like it would be dropped as its duplicate.
func neverHandlesNoID(t *testing.T, s remediate.Store) {
	mark(t, s, "")
	wantHandled(t, s, "", false)
}

func learn(t *testing.T, s remediate.Store, sighting remediate.Sighting) {
	t.Helper()
	if err := s.LearnIdentity(t.Context(), sighting); err != nil {
		t.Fatalf("learn %s: %v", sighting.Email, err)
	}
}

func sightingOf(email, workload string, at time.Time) remediate.Sighting {
	r := cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", workload)
	return remediate.Sighting{Email: email, Workload: r, At: at}
}

func wantSighting(t *testing.T, s remediate.Store, want remediate.Sighting) {
	t.Helper()
	got, err := s.Identity(t.Context(), want.Email)
	if err != nil {
		t.Fatalf("identity %s: %v", want.Email, err)
	}
	want.At = want.At.UTC()
	wantSame(t, "sighting", got, want)
	if got.At.Location() != time.UTC {
		t.Errorf("seen at %s, want UTC", got.At)
	}
}

func keepsLatestSighting(t *testing.T, s remediate.Store) {
	const email = "api@pay-prod.iam.gserviceaccount.com"
	second := sightingOf(email, "second", noon)
	for _, seen := range []remediate.Sighting{
		sightingOf(email, "first", noon.Add(-1)),
		second,
		sightingOf(email, "late news", noon.Add(-time.Hour)),
		sightingOf(email, "the same instant", noon.UTC()),
	} {
		learn(t, s, seen)
	}
	wantSighting(t, s, second)
	third := sightingOf(email, "third", noon.Add(1))
	learn(t, s, third)
	wantSighting(t, s, third)
}

func keepsSightingsApart(t *testing.T, s remediate.Store) {
	a, b := sightingOf("a@p.iam.gserviceaccount.com", "a", noon), sightingOf("b@p.iam.gserviceaccount.com", "b", noon)
	learn(t, s, a)
	learn(t, s, b)
	wantSighting(t, s, a)
	wantSighting(t, s, b)
	if err := s.LearnIdentity(t.Context(), sightingOf("", "nobody", noon)); err == nil {
		t.Error("learned an account without an e-mail")
	}
}
