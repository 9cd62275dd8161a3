package cells_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/store/memory"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
)

// overtaken is a store in which other processes are faster, so many times.
type overtaken struct {
	cells.Store
	times int
	set   int // how often a cell was tried to be set
}

func (s *overtaken) SetCell(ctx context.Context, c cells.Cell) (cells.Cell, error) {
	if s.set++; s.set <= s.times {
		return cells.Cell{}, fault.ErrConflict
	}
	return s.Store.SetCell(ctx, c)
}

var errDown = errors.New("the store is down")

// down is a store that can be read and not written.
type down struct{ cells.Store }

func (down) SetCell(context.Context, cells.Cell) (cells.Cell, error) { return cells.Cell{}, errDown }

func oneMore(n int) (int, bool, error) { return n + 1, true, nil }

func want(t *testing.T, s cells.Store, name string, n int) cells.Cell {
	t.Helper()
	got, c, err := cells.Read[int](t.Context(), s, name)
	if err != nil || got != n {
		t.Errorf("cell %s holds %d, %v; want %d", name, got, err, n)
	}
	return c
}

func TestACellThatWasNeverSetHoldsNothing(t *testing.T) {
	v, c, err := cells.Read[[]string](t.Context(), memory.New(), "new")
	if err != nil || v != nil || c.Revision != 0 || c.Name != "new" {
		t.Errorf("it holds %v at revision %d under %q: %v", v, c.Revision, c.Name, err)
	}
}

func TestWhatWasSetIsReadAndKeptUntilThen(t *testing.T) {
	s, until := memory.New(), time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	c := want(t, s, "count", 0)
	stored, err := cells.Set(t.Context(), s, c, 7, until)
	if err != nil || stored.Revision != 1 || !stored.KeepUntil.Equal(until) {
		t.Fatalf("stored at revision %d, kept until %s: %v", stored.Revision, stored.KeepUntil, err)
	}
	if c = want(t, s, "count", 7); !c.KeepUntil.Equal(until) {
		t.Errorf("kept until %s, want %s", c.KeepUntil, until)
	}
	if _, err := cells.Change(t.Context(), s, "count", time.Time{}, oneMore); err != nil {
		t.Fatal(err)
	}
	if c = want(t, s, "count", 8); !c.KeepUntil.IsZero() {
		t.Errorf("kept until %s, want for ever", c.KeepUntil)
	}
}

func TestWhatWasReadBeforeAnotherSetItSetsNothing(t *testing.T) {
	s := memory.New()
	c := want(t, s, "count", 0)
	if _, err := cells.Set(t.Context(), s, c, 1, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if _, err := cells.Set(t.Context(), s, c, 2, time.Time{}); !errors.Is(err, fault.ErrConflict) {
		t.Errorf("set by whoever did not see the one before: %v", err)
	}
	want(t, s, "count", 1)
}

func TestAValueThatIsNotWhatIsAskedForIsAnErrorAndIsLeft(t *testing.T) {
	s := memory.New()
	if _, err := s.SetCell(t.Context(), cells.Cell{Name: "count", Value: []byte(`"seven"`)}); err != nil {
		t.Fatal(err)
	}
	if v, _, err := cells.Read[int](t.Context(), s, "count"); err == nil || v != 0 {
		t.Errorf("read as %d: %v", v, err)
	}
	called := false
	_, err := cells.Change(t.Context(), s, "count", time.Time{}, func(n int) (int, bool, error) { called = true; return oneMore(n) })
	if err == nil || called {
		t.Errorf("changed for all that (%t): %v", called, err)
	}
	if c, _ := s.Cell(t.Context(), "count"); string(c.Value) != `"seven"` {
		t.Errorf("it holds %s", c.Value)
	}
}

func TestAChangeStartsOverOnWhatAnotherStored(t *testing.T) {
	s := memory.New()
	var seen []int
	n, err := cells.Change(t.Context(), s, "count", time.Time{}, func(n int) (int, bool, error) {
		if seen = append(seen, n); len(seen) == 1 { // another process, in between
			if _, err := cells.Change(t.Context(), s, "count", time.Time{}, func(int) (int, bool, error) { return 40, true, nil }); err != nil {
				t.Fatal(err)
			}
		}
		return oneMore(n)
	})
	if err != nil || n != 41 || !slices.Equal(seen, []int{0, 40}) {
		t.Errorf("it came to %d on %v: %v; want 41, on 0 and then 40", n, seen, err)
	}
	want(t, s, "count", 41)
}

func TestOfManyWhoChangeOneCellNoneIsLost(t *testing.T) {
	s := memory.New()
	var all sync.WaitGroup
	for range 20 {
		all.Go(func() {
			for range 5 {
				if _, err := cells.Change(t.Context(), s, "count", time.Time{}, oneMore); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	want(t, s, "count", 100)
}

func TestAChangeGivesUpInTheEndAndSaysThatOthersWereFaster(t *testing.T) {
	s := &overtaken{Store: memory.New(), times: 199}
	if n, err := cells.Change(t.Context(), s, "count", time.Time{}, oneMore); err != nil || n != 1 {
		t.Errorf("after 199 others: %d, %v", n, err)
	}
	s = &overtaken{Store: memory.New(), times: 1_000_000}
	n, err := cells.Change(t.Context(), s, "count", time.Time{}, oneMore)
	if !errors.Is(err, fault.ErrConflict) || n != 0 || s.set != 200 {
		t.Errorf("%d after %d attempts: %v", n, s.set, err)
	}
	want(t, s, "count", 0)
}

func TestAStoreThatFailsIsNotTriedAgain(t *testing.T) {
	calls := 0
	n, err := cells.Change(t.Context(), down{memory.New()}, "count", time.Time{}, func(n int) (int, bool, error) { calls++; return oneMore(n) })
	if !errors.Is(err, errDown) || n != 0 || calls != 1 {
		t.Errorf("%d after %d calls: %v", n, calls, err)
	}
}

func TestAChangeThatSaysNoStoresNothingAndReturnsWhatItReturned(t *testing.T) {
	refused := errors.New("refused")
	for name, tt := range map[string]struct {
		changed bool
		err     error
	}{"as there is nothing to change": {false, nil}, "with an error": {true, refused}} {
		s := &overtaken{Store: memory.New()}
		n, err := cells.Change(t.Context(), s, "count", time.Time{}, func(int) (int, bool, error) { return 9, tt.changed, tt.err })
		if n != 9 || !errors.Is(err, tt.err) || s.set != 0 {
			t.Errorf("%s: returned %d, %v, and set the cell %d times", name, n, err, s.set)
		}
	}
}

// Another release may have stored more than this one knows. To store the value again
// would lose it.
func TestAValueWithAFieldThatIsNotKnownIsRefusedAndLeftAsItIs(t *testing.T) {
	type mine struct {
		N int `json:"n"`
	}
	s := memory.New()
	for name, tc := range map[string]struct {
		value string
		later bool
	}{
		"a field more":            {`{"n":1,"per":"actor"}`, true},
		"a field more, in a list": {`[{"n":1,"per":"actor"}]`, false}, // no list is wanted
		"a value more":            {`{"n":1}{"n":2}`, false},
		"half a value":            {`{"n":`, false},
		"blanks alone":            {`  `, false},
	} {
		c, err := s.SetCell(t.Context(), cells.Cell{Name: name, Value: []byte(tc.value)})
		if err != nil {
			t.Fatal(err)
		}
		_, err = cells.Change(t.Context(), s, name, time.Time{}, func(v mine) (mine, bool, error) { return v, true, nil })
		if err == nil || errors.Is(err, fault.ErrLater) != tc.later {
			t.Errorf("%s: got error %v; want one, and that a later release wrote it: %v", name, err, tc.later)
		}
		if got, err := s.Cell(t.Context(), name); err != nil || got.Revision != c.Revision || string(got.Value) != tc.value {
			t.Errorf("%s: it is %q at revision %d (%v) now", name, got.Value, got.Revision, err)
		}
	}
}
