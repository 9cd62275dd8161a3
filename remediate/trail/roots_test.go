package trail_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/store/memory"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// forgetful is a store in memory that forgets a cell when it may, counts what is set,
// and whose process dies before a write once so many were made.
type forgetful struct {
	*memory.Store
	now  func() time.Time
	sets int
	dies int // before the write of that number from now; 0 for never
}

func (s *forgetful) Cell(ctx context.Context, name string) (cells.Cell, error) {
	c, err := s.Store.Cell(ctx, name)
	if err == nil && !c.KeepUntil.IsZero() && !s.now().Before(c.KeepUntil) {
		return cells.Cell{Name: name}, nil
	}
	return c, err
}

func (s *forgetful) SetCell(ctx context.Context, c cells.Cell) (cells.Cell, error) {
	s.sets++
	if s.dies > 0 {
		if s.dies--; s.dies == 0 {
			s.dies = -1
		}
	}
	if s.dies < 0 {
		return cells.Cell{}, errDied
	}
	return s.Store.SetCell(ctx, c)
}

// grove is trails of findings and a ledger, with roots over them.
type grove struct {
	*book
	cells  *forgetful
	roots  *trail.Roots
	trails map[string]trail.Timeline
	ended  map[string]time.Time
}

func newGrove(t *testing.T) *grove {
	g := &grove{book: newBook(t), trails: map[string]trail.Timeline{}, ended: map[string]time.Time{}}
	g.cells = &forgetful{Store: g.store, now: func() time.Time { return g.now }}
	g.Ledger = g.over(g.cells)
	g.roots = trail.NewRoots(g.cells, g.Ledger, g.cells.now)
	return g
}

// grow adds an event to the finding's trail; the last one ends it.
func (g *grove) grow(id string, last bool) {
	g.trails[id] = g.trails[id].With(id, trail.Event{At: g.now, State: state.Reported, What: fmt.Sprint(len(g.trails[id]))})
	if last && g.ended[id].IsZero() {
		g.ended[id] = g.now
	}
}

func (g *grove) head(id string) trail.Head {
	forget := time.Time{}
	if at := g.ended[id]; !at.IsZero() {
		forget = at.Add(trail.Keep)
	}
	return g.trails[id].HeadOf(id, forget)
}

func (g *grove) extend() error {
	return g.roots.Extend(g.t.Context(), nil, func([]trail.Root) error { return nil })
}

// check verifies all there is, as the command does.
func (g *grove) check() (trail.Coverage, error) {
	ctx := g.t.Context()
	held, err := g.roots.Coverage(ctx)
	errs := []error{err}
	_, err = g.Verify(ctx, time.Time{}, g.now.Add(time.Minute))
	errs = append(errs, err)
	for _, chain := range held.Chains() {
		h := held.Heads[chain]
		switch is, there := g.trails[h.Finding()]; {
		case h.MayBeGone(g.now):
		case h.Day() != "":
			errs = append(errs, g.Holds(ctx, h))
		case !there:
			errs = append(errs, fmt.Errorf("%s is gone", h))
		default:
			errs = append(errs, is.Holds(h.Finding(), h))
		}
	}
	return held, errors.Join(errs...)
}

// TestI8NothingThatRescindDoesLooksLikeTampering plays at random what processes do,
// with crashes, clocks that go on by months, and stores that forget.
func TestI8NothingThatRescindDoesLooksLikeTampering(t *testing.T) {
	for seed := range uint64(12) {
		g, r := newGrove(t), rand.New(rand.NewPCG(seed, 0))
		for step := range 120 {
			id := fmt.Sprint("f", r.IntN(6))
			switch r.IntN(8) {
			case 0, 1, 2:
				g.grow(id, r.IntN(3) == 0)
				if err := g.roots.Note(t.Context(), g.head(id)); err != nil {
					t.Fatal(err)
				}
			case 3:
				g.append("something")
			case 4, 5:
				if r.IntN(2) == 0 {
					g.cells.dies = 1 + r.IntN(5)
				}
				if err := g.extend(); err != nil && !errors.Is(err, errDied) {
					t.Fatal(err)
				}
			case 6:
				g.cells.dies = 1 + r.IntN(2)
				_, _ = g.Append(t.Context(), trail.Record{What: "cut off"})
			case 7:
				g.now = g.now.Add([]time.Duration{time.Minute, 25 * time.Hour, 70 * 24 * time.Hour}[r.IntN(3)])
				for id, at := range g.ended {
					if !g.now.Before(at.Add(trail.Keep)) {
						delete(g.trails, id)
						delete(g.ended, id)
					}
				}
			}
			g.cells.dies = 0
			if _, err := g.check(); err != nil {
				t.Fatalf("seed %d, step %d: %v", seed, step, err)
			}
		}
	}
}

func TestI8WhatWasNotedIsInARootAfterTheNextSweepWhereverTheOneBeforeDied(t *testing.T) {
	for dies := 1; ; dies++ {
		g := newGrove(t)
		g.append("a")
		for i := range 3 {
			id := fmt.Sprint("f", i)
			g.grow(id, false)
			if err := g.roots.Note(t.Context(), g.head(id)); err != nil {
				t.Fatal(err)
			}
		}
		g.cells.dies = dies
		died := g.extend()
		g.cells.dies = 0
		if err := g.extend(); err != nil {
			t.Fatal(err)
		}
		held, err := g.check()
		if err != nil || len(held.Heads) != 4 {
			t.Errorf("died before write %d: %v; %d heads, want three findings and a day", dies, err, len(held.Heads))
		}
		if died == nil {
			if dies < 4 {
				t.Errorf("a sweep made %d writes: the test cannot fail", dies)
			}
			return
		}
	}
}

func TestASweepWritesNothingWhereNothingChanged(t *testing.T) {
	g := newGrove(t)
	g.append("a")
	for range 2 {
		if err := g.extend(); err != nil {
			t.Fatal(err)
		}
	}
	before := g.cells.sets
	g.now = g.now.Add(10 * time.Second)
	if err := g.extend(); err != nil || g.cells.sets != before {
		t.Errorf("%d writes, %v; want none", g.cells.sets-before, err)
	}
}

func TestManyProcessesNoteAndSweepAtOnceAndNothingIsLost(t *testing.T) {
	b := newBook(t)
	var all sync.WaitGroup
	for p := range 6 {
		roots := trail.NewRoots(b.store, b.Ledger, func() time.Time { return b.now })
		all.Go(func() {
			for i := range 10 {
				h := trail.NewHead(fmt.Sprintf("finding/%d-%d", p, i), 1, strings.Repeat("a", 64), time.Time{})
				if err := errors.Join(roots.Note(t.Context(), h), roots.Extend(t.Context(), nil, nil)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	roots := trail.NewRoots(b.store, b.Ledger, func() time.Time { return b.now })
	if err := roots.Extend(t.Context(), nil, nil); err != nil {
		t.Fatal(err)
	}
	if held, err := roots.Coverage(t.Context()); err != nil || len(held.Heads) != 60 {
		t.Errorf("%d heads, %v; want sixty", len(held.Heads), err)
	}
}

func TestFindingsFromBeforeTheRootsAreInThemLittleByLittle(t *testing.T) {
	g := newGrove(t)
	places := []trail.Place{{ID: "a"}, {ID: "b"}, {ID: "c", Done: true}}
	var asked []string
	older := func(_ context.Context, after trail.Place, before time.Time) ([]trail.Head, trail.Place, error) {
		if !before.Equal(g.now) {
			t.Errorf("asked for those from before %s", before)
		}
		asked = append(asked, after.ID)
		next := places[len(asked)-1]
		return []trail.Head{trail.NewHead("finding/"+next.ID, 1, "h", time.Time{})}, next, nil
	}
	for range 5 {
		if err := g.roots.Extend(t.Context(), older, nil); err != nil {
			t.Fatal(err)
		}
	}
	held, err := g.roots.Coverage(t.Context())
	if err != nil || !slices.Equal(asked, []string{"", "a", "b"}) || len(held.Heads) != 3 {
		t.Errorf("asked after %q, %d heads, %v", asked, len(held.Heads), err)
	}
}

func TestRootsAreGivenOutUntilTheyWereTaken(t *testing.T) {
	g := newGrove(t)
	g.append("a")
	var got []int
	fails := errors.New("the log is away")
	for _, answer := range []error{fails, nil, nil} {
		err := g.roots.Extend(t.Context(), nil, func(rs []trail.Root) error {
			got = append(got, rs[0].N)
			return answer
		})
		if !errors.Is(err, answer) {
			t.Errorf("got %v, want %v", err, answer)
		}
	}
	if !slices.Equal(got, []int{1, 1}) {
		t.Errorf("given out %v, want the first twice", got)
	}
}

// Whoever can write to one cell of notes must not be able to stop all roots by it.
func TestI8NotesThatCannotBeReadKeepNoOthersOutOfARoot(t *testing.T) {
	g := newGrove(t)
	g.append("of the ledger")
	for i := range 40 { // over all cells of notes
		id := fmt.Sprint("f", i)
		g.grow(id, false)
		if err := g.roots.Note(t.Context(), g.head(id)); err != nil {
			t.Fatal(err)
		}
	}
	c, err := g.store.Cell(t.Context(), "trail/pile/0")
	if err != nil {
		t.Fatal(err)
	}
	notes := bytes.Count(c.Value, []byte(`"finding/`))
	c.Value = []byte("{")
	if _, err := g.store.SetCell(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if err := g.extend(); err == nil || !strings.Contains(err.Error(), "trail/pile/0") {
		t.Errorf("it says %v, want which notes cannot be read", err)
	}
	held, err := g.roots.Coverage(t.Context())
	if want := 40 - notes + 1; err != nil || notes == 0 || len(held.Heads) != want {
		t.Errorf("the roots hold %d heads (%v), want the %d that can be read and the ledger's", len(held.Heads), err, want-1)
	}
}
