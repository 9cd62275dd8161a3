package bolt_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/store/bolt"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// prune forgets what may be forgotten at the time, and returns how much it was.
func prune(t *testing.T, s *bolt.Store, at time.Time, limit int) int {
	t.Helper()
	n, err := s.Prune(t.Context(), at, limit)
	must(t, err)
	return n
}

func TestWhatWasKeptLongEnoughIsForgottenAndNothingElse(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state.db"))
	ended := finding.Finding{ID: "ended", State: state.Kept, CreatedAt: noon, EndedAt: noon}
	for _, f := range []finding.Finding{ended, {ID: "open", State: state.Pending, CreatedAt: noon, DueAt: noon}} {
		_, err := s.Create(t.Context(), f)
		must(t, err)
	}
	must(t, s.MarkHandled(t.Context(), "change", noon))
	for _, c := range []cells.Cell{{Name: "passing", KeepUntil: noon.Add(time.Minute)}, {Name: "staying"}} {
		_, err := s.SetCell(t.Context(), c)
		must(t, err)
	}
	there := func() (out []string) {
		for _, id := range []string{"ended", "open"} {
			if _, err := s.Finding(t.Context(), id); err == nil {
				out = append(out, id)
			} else if !errors.Is(err, fault.ErrNotFound) {
				t.Error(err)
			}
		}
		if done, err := s.Handled(t.Context(), "change"); done && err == nil {
			out = append(out, "change")
		}
		for _, name := range []string{"passing", "staying"} {
			if c, err := s.Cell(t.Context(), name); c.Revision > 0 && err == nil {
				out = append(out, name)
			}
		}
		return out
	}
	for _, tt := range []struct {
		at     time.Time
		forgot int
		want   string
	}{
		{noon.Add(time.Minute - 1), 0, "[ended open change passing staying]"},
		{noon.Add(time.Minute), 1, "[ended open change staying]"},
		{noon.Add(35*24*time.Hour - 1), 0, "[ended open change staying]"},
		{noon.Add(35 * 24 * time.Hour), 1, "[ended open staying]"},
		{noon.Add(400*24*time.Hour - 1), 0, "[ended open staying]"},
		{noon.Add(400 * 24 * time.Hour), 1, "[open staying]"},
		{noon.AddDate(9, 0, 0), 0, "[open staying]"},
	} {
		if n := prune(t, s, tt.at, 10); n != tt.forgot || fmt.Sprint(there()) != tt.want {
			t.Errorf("at %s: forgot %d, left is %v; want %d and %s", tt.at, n, there(), tt.forgot, tt.want)
		}
	}
	all, err := s.Findings(t.Context(), finding.Query{})
	if err != nil || len(all) != 1 {
		t.Errorf("listed are %v, %v, want the one that is left", all, err)
	}
}

func TestACellIsForgottenWhenItWasLastSetToBe(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state.db"))
	c, err := s.SetCell(t.Context(), cells.Cell{Name: "c", KeepUntil: noon})
	must(t, err)
	c.KeepUntil = noon.Add(time.Hour)
	c, err = s.SetCell(t.Context(), c)
	must(t, err)
	if n := prune(t, s, noon, 10); n != 0 {
		t.Errorf("forgot %d at the time it had before, want none", n)
	}
	if n := prune(t, s, noon.Add(time.Hour), 10); n != 1 {
		t.Errorf("forgot %d, want it", n)
	}
	if _, err := s.SetCell(t.Context(), c); !errors.Is(err, fault.ErrConflict) {
		t.Errorf("set as it was: %v, want a conflict: it is there no more", err)
	}
}

func TestALotIsForgottenInBoundedPieces(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state.db"))
	for i := range 7 {
		must(t, s.MarkHandled(t.Context(), fmt.Sprint(i), noon))
	}
	for i, want := range []int{3, 3, 1, 0} {
		if n := prune(t, s, noon.AddDate(1, 0, 0), 3); n != want {
			t.Errorf("piece %d: forgot %d, want %d", i, n, want)
		}
	}
}
