package firestore_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rescind-dev/rescind/internal/store"
	"github.com/rescind-dev/rescind/remediate/finding"
)

func TestOpensWhatIsSupported(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	for _, url := range []string{"memory:", "bolt:" + path} {
		s, closer, err := store.Open(url)
		if err != nil {
			t.Fatalf("open %s: %v", url, err)
		}
		if _, err := s.Create(t.Context(), finding.Finding{ID: "f1"}); err != nil {
			t.Errorf("create in %s: %v", url, err)
		}
		if err := closer.Close(); err != nil {
			t.Errorf("close %s: %v", url, err)
		}
	}
	if _, err := os.Stat(path); err != nil {
		t.Errorf("bolt: made no file: %v", err)
	}
}

func TestRefusesEverythingElse(t *testing.T) {
	for _, tc := range []struct{ url, want string }{
		{"", `store has no scheme: want "firestore://PROJECT/DATABASE", "bolt:PATH" or "memory:"`},
		{"state.db", `store has no scheme: want "firestore://PROJECT/DATABASE", "bolt:PATH" or "memory:"`},
		{"postgres://rescind:hunter2@db/rescind", `store "postgres:" is not supported: want "firestore://PROJECT/DATABASE", "bolt:PATH" or "memory:"`},
		{"bolt:", `store "bolt:" names no file: want "bolt:PATH"`},
		{"memory:x", `store "memory:" takes nothing after the colon`},
	} {
		s, closer, err := store.Open(tc.url)
		if err == nil || err.Error() != tc.want || s != nil || closer != nil {
			t.Errorf("open %q: got %v, %v, error %v, want error %s", tc.url, s, closer, err, tc.want)
		}
	}
}

func TestAFirestoreThatIsNotNamedInFullIsRefused(t *testing.T) {
	const want = `store "firestore:" names no database: want "firestore://PROJECT/DATABASE"`
	for _, url := range []string{"firestore:", "firestore:ops/rescind", "firestore://", "firestore://ops", "firestore://ops/",
		"firestore:///rescind", "firestore://ops/rescind/findings", "firestore://ops/rescind?x=1", "firestore://me:hunter2@ops/rescind",
		"firestore://*detect-project-id*/rescind", "firestore://(default)/rescind"} {
		s, closer, err := store.Open(url)
		if err == nil || err.Error() != want || s != nil || closer != nil {
			t.Errorf("open %q: got %v, %v, error %v, want error %s", url, s, closer, err, want)
		}
	}
}

func TestAFirestoreIsOpenedWithoutCallingIt(t *testing.T) {
	t.Setenv("FIRESTORE_EMULATOR_HOST", "127.0.0.1:1") // where nobody listens
	for _, url := range []string{"firestore://ops/rescind", "firestore://example.com:ops/(default)"} {
		s, closer, err := store.Open(url)
		if err != nil || s == nil {
			t.Fatalf("open %s: %v", url, err)
		}
		if err := closer.Close(); err != nil {
			t.Errorf("close %s: %v", url, err)
		}
	}
}

func TestAFirestoreWithoutCredentialsIsNoStore(t *testing.T) {
	t.Setenv("FIRESTORE_EMULATOR_HOST", "")
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", filepath.Join(t.TempDir(), "absent.json"))
	s, closer, err := store.Open("firestore://ops/rescind")
	if s != nil || closer != nil || err == nil || !strings.HasPrefix(err.Error(), "open store firestore://ops/rescind: ") {
		t.Errorf("got %v, %v, error %v, want only an error", s, closer, err)
	}
}

func TestABoltStoreThatCannotBeOpenedIsNoStore(t *testing.T) {
	s, closer, err := store.Open("bolt:" + t.TempDir())
	if s != nil || closer != nil || err == nil {
		t.Errorf("got %v, %v, error %v, want only an error", s, closer, err)
	}
}
