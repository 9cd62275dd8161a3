package storetest

import (
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
)

func cell(t *testing.T, s remediate.Store, name string) cells.Cell {
	t.Helper()
	c, err := s.Cell(t.Context(), name)
	if err != nil {
		t.Fatalf("cell %q: %v", name, err)
	}
	return c
}

func setCell(t *testing.T, s remediate.Store, c cells.Cell) cells.Cell {
	t.Helper()
	got, err := s.SetCell(t.Context(), c)
	if err != nil {
		t.Fatalf("set cell %q: %v", c.Name, err)
	}
	return got
}

func keepsCells(t *testing.T, s remediate.Store) {
	for _, name := range []string{"a", "a/b", "a/b c\x00é", strings.Repeat("long", 20_000)} {
		wantSame(t, "before it is set", cell(t, s, name), cells.Cell{Name: name})
		want := cells.Cell{Name: name, Value: []byte{0, 1, 255}, KeepUntil: noon}
		got := setCell(t, s, want)
		want.Revision, want.KeepUntil = 1, noon.UTC()
		wantSame(t, "set", got, want)
		got.Value[0] = 7 // the caller's own
		wantSame(t, "stored", cell(t, s, name), want)
		setCell(t, s, cells.Cell{Name: name, Revision: 1, Value: []byte("2")})
		wantSame(t, "set anew", cell(t, s, name), cells.Cell{Name: name, Revision: 2, Value: []byte("2")})
	}
	if _, err := s.SetCell(t.Context(), cells.Cell{}); err == nil {
		t.Error("a cell without a name was set")
	}
}

func refusesStaleCell(t *testing.T, s remediate.Store) {
	first := setCell(t, s, cells.Cell{Name: "c", Value: []byte("1")})
	for _, revision := range []int64{0, 2} {
		_, err := s.SetCell(t.Context(), cells.Cell{Name: "c", Revision: revision})
		wantError(t, "set at another revision", err, fault.ErrConflict)
	}
	if _, err := s.SetCell(cancelled(t), cells.Cell{Name: "c", Revision: 1}); err == nil {
		t.Error("set with a cancelled context")
	}
	if _, err := s.Cell(cancelled(t), "c"); err == nil {
		t.Error("read with a cancelled context")
	}
	wantSame(t, "stored", cell(t, s, "c"), first)
}

func racesCell(t *testing.T, s remediate.Store) {
	var won atomic.Int32
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if _, err := s.SetCell(t.Context(), cells.Cell{Name: "c", Value: []byte("1")}); err == nil {
				won.Add(1)
			}
		})
	}
	all.Wait()
	if won.Load() != 1 || cell(t, s, "c").Revision != 1 {
		t.Errorf("%d won, stored is %+v; want one at revision 1", won.Load(), cell(t, s, "c"))
	}
}
