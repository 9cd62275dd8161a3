package bolt_test

import (
	"crypto/sha256"
	"path/filepath"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/internal/store/record"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// writeLayout1 makes a file as rescind made it when it knew a finding by when it
// was created and by its resource alone.
func writeLayout1(t *testing.T, path string, f finding.Finding, c cells.Cell, changeID string, at time.Time) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	must(t, err)
	defer db.Close()
	sum := func(s string) []byte { d := sha256.Sum256([]byte(s)); return d[:] }
	finding, _, err := record.Finding(f)
	must(t, err)
	cell, _, err := record.Cell(c)
	must(t, err)
	when, err := record.Time(at)
	must(t, err)
	must(t, db.Update(func(tx *bbolt.Tx) error {
		for _, line := range []struct {
			bucket     string
			key, value []byte
		}{
			{"findings", []byte(f.ID), finding},
			{"findings_by_created", []byte("............" + f.ID), []byte(f.ID)},
			{"findings_by_resource", []byte("............" + f.ID), []byte(f.ID)},
			{"findings_by_due", []byte("............" + f.ID), []byte(f.ID)},
			{"handled", sum(changeID), when},
			{"cells", sum(c.Name), cell},
			{"meta", []byte("layout"), []byte("1")},
		} {
			b, err := tx.CreateBucketIfNotExists([]byte(line.bucket))
			must(t, err)
			must(t, b.Put(line.key, line.value))
		}
		return nil
	}))
}

func TestAFileOfAnEarlierLayoutIsBroughtToThisOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	f := finding.Finding{
		ID: "f1", Revision: 1, Policy: "p", State: state.Kept, CreatedAt: noon, EndedAt: noon, DueAt: noon,
		Resource: cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "api"),
	}
	c := cells.Cell{Name: "c", Revision: 3, Value: []byte("1"), KeepUntil: noon.Add(time.Hour)}
	writeLayout1(t, path, f, c, "change", noon)
	s := open(t, path)
	for name, q := range map[string]finding.Query{
		"all": {}, "by state": {States: []state.State{state.Kept}}, "by policy": {Policy: "p"}, "by project": {Project: "pay-prod"},
		"by resource": {Resource: f.Resource}, "by policy and project": {Policy: "p", Project: "pay-prod"},
	} {
		if got, err := s.Findings(t.Context(), q); err != nil || len(got) != 1 || got[0].ID != "f1" {
			t.Errorf("%s: %v, %v, want the finding", name, got, err)
		}
	}
	if due, err := s.Due(t.Context(), noon, 0); err != nil || len(due) != 1 {
		t.Errorf("due: %v, %v, want the finding", due, err)
	}
	f.State = state.Superseded
	if _, err := s.Update(t.Context(), f); err != nil {
		t.Error(err)
	}
	if n, err := s.Prune(t.Context(), noon.AddDate(2, 0, 0), 10); n != 3 || err != nil {
		t.Errorf("%d forgotten, %v, want the finding, the change and the cell", n, err)
	}
	must(t, s.Close())
	open(t, path) // as one of this layout
}
