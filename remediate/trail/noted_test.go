package trail_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// metered counts the bytes that go to and come from a store's cells.
type metered struct {
	cells.Store
	bytes int
}

func (s *metered) Cell(ctx context.Context, name string) (cells.Cell, error) {
	c, err := s.Store.Cell(ctx, name)
	s.bytes += len(c.Value)
	return c, err
}

func (s *metered) SetCell(ctx context.Context, c cells.Cell) (cells.Cell, error) {
	s.bytes += len(c.Value)
	return s.Store.SetCell(ctx, c)
}

func headOf(finding, n int) trail.Head {
	return trail.NewHead(fmt.Sprint("finding/", finding), n, strings.Repeat("a", 64), time.Time{})
}

func TestANoteCostsTheSameHoweverManyWait(t *testing.T) {
	b := newBook(t)
	store := &metered{Store: b.store}
	roots := trail.NewRoots(store, b.Ledger, func() time.Time { return b.now })
	cost := func(from, to int) int {
		store.bytes = 0
		for i := from; i < to; i++ {
			if err := roots.Note(t.Context(), headOf(i, 1)); err != nil {
				t.Fatal(err)
			}
		}
		return store.bytes / (to - from)
	}
	first := cost(0, 200)
	cost(200, 1800)
	if last := cost(1800, 2000); first == 0 || last > 2*first {
		t.Errorf("a note moves %d bytes among the first two hundred and %d among the tenth", first, last)
	}
	if err := roots.Extend(t.Context(), nil, nil); err != nil {
		t.Fatal(err)
	}
	held, err := roots.Coverage(t.Context())
	if err != nil || len(held.Heads) != 2000 {
		t.Errorf("the roots hold %d heads, %v; want two thousand", len(held.Heads), err)
	}
}

// TestI8ANoteThatWasTakenIsInARootWhereverAProcessDied notes more than a pile's cell
// takes and sweeps, with a process that dies at each write in turn.
func TestI8ANoteThatWasTakenIsInARootWhereverAProcessDied(t *testing.T) {
	const chains, times = 150, 2
	for dies := 1; ; dies += 37 {
		g := newGrove(t)
		g.cells.dies = dies
		died := false
		latest := map[string]int{}
		for n := range times {
			for i := range chains {
				switch err := g.roots.Note(t.Context(), headOf(i, n+1)); {
				case err == nil:
					latest[headOf(i, 0).Chain] = n + 1
				case errors.Is(err, errDied):
					died, g.cells.dies = true, 0
				default:
					t.Fatal(err)
				}
			}
			if err := g.extend(); errors.Is(err, errDied) {
				died, g.cells.dies = true, 0
			} else if err != nil {
				t.Fatal(err)
			}
		}
		g.cells.dies = 0
		if err := g.extend(); err != nil {
			t.Fatal(err)
		}
		held, err := g.roots.Coverage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for chain, n := range latest {
			if held.Heads[chain].N != n {
				t.Errorf("died before write %d: the roots have %s at %d, want %d", dies, chain, held.Heads[chain].N, n)
			}
		}
		before := g.cells.sets
		if err := g.extend(); err != nil || g.cells.sets != before {
			t.Errorf("died before write %d: %d writes of a sweep with nothing to do, %v", dies, g.cells.sets-before, err)
		}
		if !died {
			if dies < chains {
				t.Errorf("%d writes in all: the test cannot fail", dies)
			}
			return
		}
	}
}

func TestI8APartThatIsMissingIsSaidAndKeepsNothingElseOut(t *testing.T) {
	g := newGrove(t)
	for i := range 400 {
		if err := g.roots.Note(t.Context(), headOf(i, 1)); err != nil {
			t.Fatal(err)
		}
	}
	part, err := g.store.Cell(t.Context(), "trail/pile/0/0")
	if err != nil || part.Revision == 0 {
		t.Fatalf("%+v, %v: there is no part", part, err)
	}
	part.Value, part.KeepUntil = nil, g.now // as if it were gone
	if _, err := g.store.SetCell(t.Context(), part); err != nil {
		t.Fatal(err)
	}
	if err := g.extend(); err == nil || !strings.Contains(err.Error(), "trail/pile/0/0 is missing") {
		t.Errorf("it says %v, want which cell is missing", err)
	}
	held, err := g.roots.Coverage(t.Context())
	if err != nil || len(held.Heads) != 400-32 {
		t.Errorf("the roots hold %d heads, %v; want all but the part's", len(held.Heads), err)
	}
}

// During an upgrade a release without piles notes heads where it always did.
func TestHeadsThatAReleaseWithoutPilesNotedAreInTheNextRoot(t *testing.T) {
	g := newGrove(t)
	old := map[string]trail.Head{"finding/1": headOf(1, 3), "finding/2": headOf(2, 1)}
	value, err := json.Marshal(old)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := g.store.SetCell(t.Context(), cells.Cell{Name: "trail/noted/3", Value: value}); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(g.roots.Note(t.Context(), headOf(2, 2)), g.extend()); err != nil {
		t.Fatal(err)
	}
	held, err := g.roots.Coverage(t.Context())
	if err != nil || held.Heads["finding/1"].N != 3 || held.Heads["finding/2"].N != 2 {
		t.Errorf("the roots hold %v, %v", held.Heads, err)
	}
	left, _, err := cells.Read[map[string]trail.Head](t.Context(), g.store, "trail/noted/3")
	if err != nil || len(left) != 0 {
		t.Errorf("left in the old cell: %v, %v", left, err)
	}
}
