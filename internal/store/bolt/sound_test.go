package bolt_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/store/bolt"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// sampleFile is a file with some of everything, and its bytes.
func sampleFile(t *testing.T) []byte {
	t.Helper()
	path := filepath.Join(t.TempDir(), "state.db")
	s := open(t, path)
	for i := range 60 {
		_, err := s.Create(t.Context(), finding.Finding{
			ID: fmt.Sprint("f", i), Policy: "p", State: state.Pending, CreatedAt: noon, DueAt: noon,
			Resource: cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", fmt.Sprint("api", i)),
		})
		must(t, err)
		_, err = s.SetCell(t.Context(), cells.Cell{Name: fmt.Sprint("c", i), Value: []byte(strings.Repeat("1", 200))})
		must(t, err)
		must(t, s.MarkHandled(t.Context(), fmt.Sprint("change ", i), noon))
	}
	must(t, s.Close())
	data, err := os.ReadFile(path)
	must(t, err)
	return data
}

// used does with a store what a process does.
func used(t *testing.T, s *bolt.Store) error {
	var errs []error
	_, err := s.Findings(t.Context(), finding.Query{})
	errs = append(errs, err)
	for i := range 60 {
		_, err := s.Cell(t.Context(), fmt.Sprint("c", i))
		errs = append(errs, err)
		_, err = s.Handled(t.Context(), fmt.Sprint("change ", i))
		errs = append(errs, err)
	}
	_, err = s.SetCell(t.Context(), cells.Cell{Name: "new", Value: []byte("1")})
	return errors.Join(append(errs, err)...)
}

// Whatever became of a file, it is refused with what to do, or can be used: no page of it
// ends the process.
func TestADamagedFileIsRefusedAndNeverEndsTheProcess(t *testing.T) {
	whole := sampleFile(t)
	size := os.Getpagesize()
	dir, refused, tried := t.TempDir(), 0, 0
	try := func(what string, data []byte, must bool) {
		t.Helper()
		tried++ // each is a file of its own: one over which the library panicked stays locked
		path := filepath.Join(dir, fmt.Sprint(tried, ".db"))
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := bolt.Open(path)
		if err != nil {
			refused++
			if !errors.Is(err, bolt.ErrDamaged) || !strings.Contains(err.Error(), "rescind store restore") || !strings.Contains(err.Error(), path) {
				t.Errorf("%s: refused with %v", what, err)
			}
			return
		}
		defer s.Close()
		if must {
			t.Errorf("%s: it was opened", what)
		}
		_ = used(t, s) // an error is one thing, a panic another
	}
	for at := size; at < len(whole); at += 2 * size {
		try(fmt.Sprintf("cut off at page %d", at/size), whole[:at], at < len(whole)/2)
		zeroed := append([]byte(nil), whole...)
		clear(zeroed[at : at+size])
		try(fmt.Sprintf("page %d is empty", at/size), zeroed, false)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for n := range 40 {
		spoilt := append([]byte(nil), whole...)
		for range 1 + r.IntN(40) {
			at := 2*size + r.IntN(len(spoilt)-2*size)
			spoilt[at] = byte(r.Uint32())
		}
		try(fmt.Sprintf("spoilt %d", n), spoilt, false)
	}
	if refused < 15 {
		t.Errorf("%d were refused: the test shows little", refused)
	}
}

func TestAFileThatIsGoneOrAnotherIsSaidAloud(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "state.db")
	s := open(t, path)
	if s.Lost() != "" {
		t.Errorf("of a new one it says %q", s.Lost())
	}
	must(t, s.Close())
	again := open(t, path)
	if again.Lost() != "" {
		t.Errorf("of the same one it says %q", again.Lost())
	}
	must(t, again.Close())
	for what, make := range map[string]func(){
		"was not there or empty": func() { must(t, os.Remove(path)) },
		"is of another installation": func() {
			other := filepath.Join(t.TempDir(), "other.db")
			must(t, open(t, other).Close())
			must(t, os.Rename(other, path))
		},
	} {
		make()
		s := open(t, path)
		if !strings.Contains(s.Lost(), what) || !strings.Contains(s.Lost(), "rescind store restore") {
			t.Errorf("it says %q, want that it %s", s.Lost(), what)
		}
		must(t, s.Close())
	}
}

func TestABackupIsWholeAndTakesThePlaceOfWhatIsDamaged(t *testing.T) {
	dir := t.TempDir()
	path, backup := filepath.Join(dir, "state.db"), filepath.Join(dir, "backup.db")
	must(t, os.WriteFile(path, sampleFile(t), 0o600))
	s, err := bolt.Backup(path, backup)
	if err != nil || s.Findings != 60 || s.Cells != 60 || s.Handled != 60 {
		t.Fatalf("%+v, %v", s, err)
	}
	if _, err := bolt.Backup(path, backup); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("a second backup over the first: %v", err)
	}
	must(t, os.Truncate(path, 8192))
	if _, err := bolt.Check(path); !errors.Is(err, bolt.ErrDamaged) {
		t.Errorf("of a file that is cut off it says %v", err)
	}
	if _, _, err := bolt.Restore(path, path); err == nil {
		t.Error("a damaged file was taken for a backup")
	}
	restored, kept, err := bolt.Restore(path, backup)
	if err != nil || restored.Findings != 60 || kept != path+".before-restore-1" {
		t.Errorf("%+v, %q, %v", restored, kept, err)
	}
	back := open(t, path)
	if back.Lost() != "" {
		t.Errorf("of what was restored it says %q", back.Lost())
	}
	if fs, err := back.Findings(t.Context(), finding.Query{}); err != nil || len(fs) != 60 {
		t.Errorf("%d findings, %v", len(fs), err)
	}
	if _, _, err := bolt.Restore(path, backup); err == nil || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a file that is in use was replaced: %v", err)
	}
}

// During an upgrade a later release writes records that this one does not read.
func TestWhatALaterReleaseWroteIsNoDamage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	must(t, os.WriteFile(path, sampleFile(t), 0o600))
	db, err := bbolt.Open(path, 0o600, nil)
	must(t, err)
	must(t, db.Update(func(tx *bbolt.Tx) error { return tx.Bucket([]byte("handled")).Put([]byte("later"), []byte("\x09{}")) }))
	must(t, db.Close())
	if s, err := bolt.Check(path); err != nil || s.Handled != 61 {
		t.Errorf("%+v, %v", s, err)
	}
	open(t, path)
}
