package reverts_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/store/memory"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/reverts"
)

var errStruck = errors.New("struck")

// rig is one process, which allows so many reverts in an hour, over a store whose
// calls are counted and can fail.
type rig struct {
	*reverts.Log
	t     *testing.T
	store *store
	now   time.Time
	limit int
}

func newRig(t *testing.T, limit int) *rig {
	g := &rig{t: t, store: &store{Store: memory.New()}, now: time.Date(2026, 11, 20, 3, 0, 0, 0, time.UTC), limit: limit}
	g.restart()
	return g
}

// restart makes of it a process that knows nothing yet.
func (g *rig) restart() { g.Log = reverts.NewLog(g.store, func() time.Time { return g.now }) }

// allowed counts a revert of the finding, if there is room.
func (g *rig) allowed(finding string) (ok bool, err error) {
	err = g.Change(g.t.Context(), func(t *reverts.Tally) []reverts.Entry {
		if ok = t.Beside(finding, reverts.Thing{}) < g.limit; !ok || t.Has(finding) {
			return nil
		}
		return []reverts.Entry{{Finding: finding, Policy: "no-public-invoker", Project: "pay-prod", Actor: "FJ0yHdPPPsG5Dt3p", At: g.now}}
	})
	return ok, err
}

// allow counts so many reverts, a second after each other.
func (g *rig) allow(name string, n int) {
	g.t.Helper()
	for i := range n {
		g.now = g.now.Add(time.Second)
		if ok, err := g.allowed(fmt.Sprint(name, i)); !ok || err != nil {
			g.t.Fatalf("revert %s%d is not allowed: %v", name, i, err)
		}
	}
}

// full checks that there is no room for one more revert.
func (g *rig) full() {
	g.t.Helper()
	if ok, err := g.allowed("one more"); ok || err != nil {
		g.t.Errorf("one more is allowed: %t, %v; want that there is no room", ok, err)
	}
}

// unknown checks that no revert is allowed, as that says.
func (g *rig) unknown(says string) {
	g.t.Helper()
	if _, err := g.allowed("one more"); err == nil || !strings.Contains(err.Error(), says) {
		g.t.Errorf("error is %v, want %q", err, says)
	}
}

// store counts the calls for the log and the bytes that they take, and fails as told.
type store struct {
	cells.Store
	calls, bytes int
	lost         string // what cells are called that are gone: they begin so
	refuses      string // the cell that cannot be set
}

func (s *store) Cell(ctx context.Context, name string) (cells.Cell, error) {
	if s.lost != "" && strings.HasPrefix(name, s.lost) {
		return cells.Cell{Name: name}, nil
	}
	c, err := s.Store.Cell(ctx, name)
	s.calls, s.bytes = s.calls+1, s.bytes+len(c.Value)
	return c, err
}

func (s *store) SetCell(ctx context.Context, c cells.Cell) (cells.Cell, error) {
	if c.Name == s.refuses {
		return cells.Cell{}, errStruck
	}
	s.calls, s.bytes = s.calls+1, s.bytes+len(c.Value)
	return s.Store.SetCell(ctx, c)
}

// The last hour was one list, which each revert read and wrote twice: two megabytes for
// each, where there were 2,900.
func TestARevertCostsTheSameHoweverManyThereWereInTheLastHour(t *testing.T) {
	t.Parallel()
	cost := func(before int) (calls, bytes int) {
		g := newRig(t, 3000)
		g.allow("before", before)
		g.store.calls, g.store.bytes = 0, 0
		g.allow("of", 64)
		return g.store.calls, g.store.bytes
	}
	fewCalls, fewBytes := cost(0)
	if most := 64*2 + 2; fewCalls > most { // the two are segments that are full
		t.Errorf("64 reverts take %d calls, want a read and a write for each, %d at most", fewCalls, most)
	}
	calls, bytes := cost(2900)
	t.Logf("64 reverts after none: %d calls, %d bytes; after 2,900: %d calls, %d bytes", fewCalls, fewBytes, calls, bytes)
	if calls > fewCalls+2 || bytes > fewBytes*5/4 || bytes > 64*(8<<10) {
		t.Errorf("64 reverts after 2,900 take %d calls and %d bytes, after none %d and %d", calls, bytes, fewCalls, fewBytes)
	}
}

func TestAProcessThatStartsKnowsTheLastHour(t *testing.T) {
	t.Parallel()
	g := newRig(t, 101)
	g.allow("a", 100)
	g.restart()
	g.allow("b", 1)
	g.full()
	g.now = g.now.Add(time.Hour - 100*time.Second)
	g.full() // the first is an hour ago
	g.now = g.now.Add(time.Nanosecond)
	if ok, err := g.allowed("c"); !ok || err != nil {
		t.Errorf("one more once the first is over: %t, %v", ok, err)
	}
	g.full()
}

// Two processes add to one log; each knows what the other added.
func TestProcessesCountWhatTheOthersAdded(t *testing.T) {
	t.Parallel()
	g := newRig(t, 100)
	other := newRig(t, 100)
	other.store, other.now = g.store, g.now
	other.restart()
	for i := range 50 {
		g.allow(fmt.Sprint("a", i, "-"), 1)
		other.allow(fmt.Sprint("b", i, "-"), 1)
	}
	g.full()
	other.full()
}

func TestWhatIsGivenBackLeavesRoomForEverybody(t *testing.T) {
	t.Parallel()
	g := newRig(t, 40)
	g.allow("a", 40)
	back := func(*reverts.Tally) []reverts.Entry { return []reverts.Entry{{Finding: "a0", At: g.now, Back: true}} }
	for range 2 { // the second finds nothing to give back
		if err := g.Change(t.Context(), back); err != nil {
			t.Fatal(err)
		}
	}
	g.restart()
	g.allow("b", 1)
	g.full()
}

// What is missing may be any number of reverts.
func TestNothingIsAllowedWhereAPartOfTheLastHourIsMissing(t *testing.T) {
	t.Parallel()
	g := newRig(t, 3000)
	g.allow("a", 70)
	g.restart()
	g.store.lost = "reverts/"
	g.unknown("is missing")
	g.now = g.now.Add(2 * time.Hour) // by then the store may have forgotten it
	g.allow("b", 1)
}

// Whoever stores a full segment may die before the next one begins.
func TestAFullSegmentIsStoredOnce(t *testing.T) {
	t.Parallel()
	g := newRig(t, 34)
	g.allow("a", 32)
	g.store.refuses = "reverts"
	g.unknown("struck")
	g.restart()
	g.unknown("struck")
	g.store.refuses = ""
	g.allow("b", 2)
	g.restart()
	g.full()
}

func TestNothingIsAllowedWhereAFullSegmentCannotBeStored(t *testing.T) {
	t.Parallel()
	g := newRig(t, 34)
	g.allow("a", 32)
	c, err := g.store.Cell(t.Context(), "reverts")
	if err != nil {
		t.Fatal(err)
	}
	number, _, _ := strings.Cut(strings.TrimPrefix(string(c.Value), `[{"segment":`), ",")
	g.store.refuses = "reverts/" + number
	g.unknown("struck")
}

func TestAClockThatIsSetBackCountsWhatItHadPassed(t *testing.T) {
	t.Parallel()
	g := newRig(t, 2)
	g.allow("a", 1)
	g.now = g.now.Add(time.Hour)
	g.allow("b", 1)
	g.now = g.now.Add(-time.Minute)
	g.full()
}

// A store that is brought back from a copy has less than was known.
func TestAStoreThatIsAnEarlierOneIsReadAnew(t *testing.T) {
	t.Parallel()
	g := newRig(t, 4)
	g.allow("a", 1)
	copied := memory.New()
	c, err := g.store.Store.Cell(t.Context(), "reverts")
	if err != nil {
		t.Fatal(err)
	}
	c.Revision = 0
	if _, err := copied.SetCell(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	g.allow("b", 3)
	g.full()
	g.store.Store = copied
	g.allow("c", 3)
	g.full()
}

// before is how the release before stored a revert, in a list of the last hour.
type before struct {
	Finding string    `json:"finding"`
	Policy  string    `json:"policy"`
	Project string    `json:"project,omitempty"`
	Actor   string    `json:"actor,omitempty"`
	At      time.Time `json:"at"`
}

// Releases that are neighbours allow no more than the limit together: this one counts
// what the other did, and what this one counted the other cannot read.
func TestTheReleaseBeforeAndThisOneAllowNoMoreThanTheLimit(t *testing.T) {
	t.Parallel()
	g := newRig(t, 51)
	var old []before
	for i := range 50 {
		old = append(old, before{Finding: fmt.Sprint("old", i), Policy: "no-public-invoker", At: g.now})
	}
	if _, err := cells.Set(t.Context(), g.store, cells.Cell{Name: "reverts"}, old, g.now.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if ok, err := g.allowed("old7"); !ok || err != nil {
		t.Errorf("what the release before counted is allowed: %t, %v", ok, err)
	}
	if _, _, err := cells.Read[[]before](t.Context(), g.store, "reverts"); err != nil {
		t.Fatalf("the release before cannot read its own: %v", err)
	}
	g.allow("a", 1)
	g.full()
	if _, _, err := cells.Read[[]before](t.Context(), g.store, "reverts"); !errors.Is(err, fault.ErrLater) {
		t.Errorf("the release before reads it with %v, want an error that says that a later release wrote it", err)
	}
	g.restart()
	g.full()
}

func TestWhatALaterReleaseCountedIsNoRoom(t *testing.T) {
	t.Parallel()
	for _, value := range []string{
		`[{"segment":7,"entries":[],"weight":2}]`,
		`[{"segment":7,"entries":[{"finding":"f","policy":"p","at":"2026-11-20T03:00:00Z","weight":2}]}]`,
		`{"segments":[]}`,
		`[{"segment":7,"entries":[]},{"segment":8,"entries":[]}]`,
	} {
		g := newRig(t, 3)
		if _, err := g.store.SetCell(t.Context(), cells.Cell{Name: "reverts", Value: []byte(value)}); err != nil {
			t.Fatal(err)
		}
		g.unknown("count automatic reverts")
	}
}
