package bolt_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/store/bolt"
	"github.com/rescind-dev/rescind/internal/store/storetest"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
)

func open(t *testing.T, path string) *bolt.Store {
	t.Helper()
	s, err := bolt.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) remediate.Store {
		return open(t, filepath.Join(t.TempDir(), "state.db"))
	})
}

func TestWhatALaterReleaseWroteIsRefused(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state.db"))
	storetest.Later(t, s, func(id string, to func([]byte) []byte) {
		if err := s.ChangeStored(id, to); err != nil {
			t.Fatal(err)
		}
	})
}

func TestEverythingIsThereAfterReopening(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	noon := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	s := open(t, path)
	f, err := s.Create(t.Context(), finding.Finding{ID: "f1", CreatedAt: noon, DueAt: noon,
		Resource: cloud.ProjectResource("pay-prod")})
	if err != nil {
		t.Fatal(err)
	}
	seen := remediate.Sighting{Email: "a@p.iam.gserviceaccount.com", At: noon}
	if err := s.LearnIdentity(t.Context(), seen); err != nil {
		t.Fatal(err)
	}
	if err := s.MarkHandled(t.Context(), "c1", noon); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}

	s = open(t, path)
	due, err := s.Due(t.Context(), noon, 0)
	if d := cmp.Diff([]finding.Finding{f}, due); d != "" || err != nil {
		t.Errorf("due: %v (-want +got):\n%s", err, d)
	}
	if done, err := s.Handled(t.Context(), "c1"); !done || err != nil {
		t.Errorf("handled: %t, %v, want true", done, err)
	}
	if got, err := s.Identity(t.Context(), seen.Email); got != seen || err != nil {
		t.Errorf("identity: %+v, %v, want %+v", got, err, seen)
	}
}

func TestAFileThatAnotherHoldsIsRefusedByName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	first := open(t, path)
	_, err := bolt.Open(path)
	want := "open store: " + path + " is in use by another process (a running rescind serve?)"
	if err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	open(t, path)
}

func TestTheFileIsReadableToItsOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	open(t, path)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode is %o, want 600", info.Mode().Perm())
	}
}

func TestAFileThatIsNoStoreIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("not a store ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := bolt.Open(path); err == nil || !strings.Contains(err.Error(), path+": the store's file is damaged: it is no store") {
		t.Errorf("got error %v, want one that names the file", err)
	}
	if _, err := bolt.Open(filepath.Join(path, "below-a-file")); err == nil {
		t.Error("opened a store below a file")
	}
}

func TestALayoutOfALaterRescindIsRefusedAndTheFileLetGo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	open(t, path).Close()
	writeLayout(t, path, "3")
	_, err := bolt.Open(path)
	if want := "open store: " + path + ": the file has layout 3, this rescind reads 2"; err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
	writeLayout(t, path, "2")
	open(t, path)
}

func writeLayout(t *testing.T, path, layout string) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket([]byte("meta")).Put([]byte("layout"), []byte(layout))
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestS20AStoreThatOthersCanGetAtIsRefusedWithWhatMendsIt(t *testing.T) {
	for mode, want := range map[os.FileMode]string{
		0o600: "", 0o660: "", 0o640: "", 0o700: "",
		0o604: "(mode 0604): chmod o-rwx ", 0o602: "(mode 0602): chmod o-rwx ", 0o666: "(mode 0666): chmod o-rwx ", 0o601: "(mode 0601): chmod o-rwx ",
	} {
		path := filepath.Join(t.TempDir(), "state.db")
		open(t, path).Close()
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		s, err := bolt.Open(path)
		if s != nil {
			s.Close()
		}
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want+path) {
			t.Errorf("mode %04o: %v, want %q", mode, err, want)
		}
	}
}

func TestADirectoryIsNoStoreAndIsNotToBeChangedEither(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	_, err := bolt.Open(dir)
	if want := "open store: " + dir + " is a directory, want a file, or the name of one to be made"; err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
}

func TestS20AStoreThatIsALinkIsRefused(t *testing.T) {
	dir := t.TempDir()
	path, link := filepath.Join(dir, "state.db"), filepath.Join(dir, "link.db")
	open(t, path).Close()
	for name, target := range map[string]string{"to a store": path, "to nothing": filepath.Join(dir, "gone.db")} {
		if err := os.Symlink(target, link); err != nil {
			t.Fatal(err)
		}
		if _, err := bolt.Open(link); err == nil || !strings.Contains(err.Error(), link+" is a link") {
			t.Errorf("a link %s: %v", name, err)
		}
		if err := os.Remove(link); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Lstat(filepath.Join(dir, "gone.db")); err == nil {
		t.Error("a store was made where the link leads")
	}
}
