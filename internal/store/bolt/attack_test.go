package bolt

import (
	"bytes"
	"errors"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/owed"
)

// One change that a later release owes hides what all places owe.
func TestAttackWhatALaterReleaseOwesHidesNoPlace(t *testing.T) {
	s, err := Open(filepath.Join(t.TempDir(), "db"))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	at := time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC)
	for _, project := range []string{"a", "b", "c", "d"} {
		r := cloud.RunResource(cloud.RunService, project, "europe-west1", "api")
		for _, n := range []string{"1", "2"} {
			c := owed.Change{ID: project + n, Place: owed.PlaceOf(r), Change: cloud.Change{ID: project + n, Resource: r}, Since: at}
			if _, err := s.Owe(t.Context(), c); err != nil {
				t.Fatal(err)
			}
		}
	}
	err = s.db.Update(func(tx *bbolt.Tx) error {
		b := tx.Bucket(owedIn)
		old := bytes.Clone(b.Get([]byte("b1")))
		return b.Put([]byte("b1"), append(bytes.TrimSuffix(old, []byte("}")), `,"later":1}`...))
	})
	if err != nil {
		t.Fatal(err)
	}
	places, err := s.OwedPlaces(t.Context(), "", 100)
	slices.Sort(places)
	if err != nil || len(places) != 4 {
		t.Errorf("places %q, %v (later: %t)", places, err, errors.Is(err, fault.ErrLater))
	}
}
