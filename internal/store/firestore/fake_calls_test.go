package firestore_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/store/firestore"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/owed"
)

// What is not known to be absent must not pass for absent: no change would be
// handled before, and no finding be there to continue.
func TestADatabaseThatIsMissingIsAnErrorAndNotAnAbsence(t *testing.T) {
	s, _ := openFake(t)
	ctx := t.Context()
	for name, call := range map[string]func() error{
		"Create":        func() error { _, err := s.Create(ctx, finding.Finding{ID: "f1"}); return err },
		"Finding":       func() error { _, err := s.Finding(ctx, "f1"); return err },
		"Update":        func() error { _, err := s.Update(ctx, finding.Finding{ID: "f1"}); return err },
		"Handled":       func() error { _, err := s.Handled(ctx, "c1"); return err },
		"MarkHandled":   func() error { return s.MarkHandled(ctx, "c1", noon) },
		"LearnIdentity": func() error { return s.LearnIdentity(ctx, remediate.Sighting{Email: "a@b", At: noon}) },
		"Identity":      func() error { _, err := s.Identity(ctx, "a@b"); return err },
		"Pause":         func() error { _, err := s.Pause(ctx); return err },
		"Owe":           func() error { _, err := s.Owe(ctx, owed.Change{ID: "o1", Place: "projects/p"}); return err },
		"Settle":        func() error { return s.Settle(ctx, "o1") },
		"SetPause":      func() error { _, err := s.SetPause(ctx, desk.Pause{}); return err },
	} {
		err := call()
		if err == nil || errors.Is(err, fault.ErrNotFound) || !strings.Contains(err.Error(), "The database rescind does not exist") {
			t.Errorf("%s: got error %v, want that the database is missing", name, err)
		}
	}
}

func TestOpeningCallsNobody(t *testing.T) {
	if _, f := openFake(t); f.calls.Load() != 0 {
		t.Errorf("%d calls", f.calls.Load())
	}
	t.Setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1") // where nobody listens
	s, err := firestore.Open(t.Context(), "ops", "rescind")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestAChangeWithoutAnIDIsNotWritten(t *testing.T) {
	s, f := openFake(t)
	if err := s.MarkHandled(t.Context(), "", noon); err != nil || f.calls.Load() != 0 {
		t.Errorf("mark: %v after %d calls", err, f.calls.Load())
	}
}
