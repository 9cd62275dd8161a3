package bolt_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// Many write at once, half of them to one cell, where one of each round wins: what
// one meets is nothing to the others, and whoever was told that it is stored finds
// it stored, also after the file was opened anew.
func TestWritesThatShareATransactionFailAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	s := open(t, path)
	const writers, rounds = 16, 20
	var mu sync.Mutex
	won, lost := 0, 0
	var wg sync.WaitGroup
	for n := range writers {
		wg.Go(func() {
			own := cells.Cell{Name: fmt.Sprint("own-", n)}
			for range rounds {
				own.Value = []byte(`1`)
				var err error
				if own, err = s.SetCell(t.Context(), own); err != nil {
					t.Error(err)
				}
				shared, err := s.Cell(t.Context(), "shared")
				must(t, err)
				shared.Value = []byte(`1`)
				_, err = s.SetCell(t.Context(), shared)
				mu.Lock()
				switch {
				case err == nil:
					won++
				case errors.Is(err, fault.ErrConflict):
					lost++
				default:
					t.Error(err)
				}
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	must(t, s.Close())
	s = open(t, path)
	shared, err := s.Cell(t.Context(), "shared")
	must(t, err)
	if int(shared.Revision) != won || won+lost != writers*rounds {
		t.Errorf("the cell is at revision %d after %d that won and %d that lost", shared.Revision, won, lost)
	}
	for n := range writers {
		c, err := s.Cell(t.Context(), fmt.Sprint("own-", n))
		must(t, err)
		if c.Revision != rounds {
			t.Errorf("%s is at revision %d, want %d", c.Name, c.Revision, rounds)
		}
	}
}

// A write that fails leaves nothing behind, and is not made twice.
func TestAWriteThatIsDoneAgainIsMadeOnce(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state.db"))
	must(t, s.SeveralAtOnce(
		func() error { return s.MarkHandled(t.Context(), "a", time.Unix(1, 0)) },
		func() error { _, err := s.SetCell(t.Context(), cells.Cell{Name: "c", Value: []byte(`1`)}); return err },
		func() error {
			_, err := s.SetCell(t.Context(), cells.Cell{Name: "c", Revision: 7, Value: []byte(`2`)})
			if !errors.Is(err, fault.ErrConflict) {
				return fmt.Errorf("error is %v, want a conflict", err)
			}
			return nil
		},
	))
	c, err := s.Cell(t.Context(), "c")
	must(t, err)
	if c.Revision != 1 || string(c.Value) != "1" {
		t.Errorf("the cell is %+v, want it set once", c)
	}
	if done, err := s.Handled(t.Context(), "a"); err != nil || !done {
		t.Errorf("handled is %t, %v", done, err)
	}
}

// A panic ends the request that it is of, and no store.
func TestAWriteThatPanicsLetsOthersWrite(t *testing.T) {
	s := open(t, filepath.Join(t.TempDir(), "state.db"))
	func() {
		defer func() { _ = recover() }()
		_ = s.Panicking()
		t.Error("it did not panic")
	}()
	if _, err := s.SetCell(t.Context(), cells.Cell{Name: "c", Value: []byte(`1`)}); err != nil {
		t.Error(err)
	}
}
