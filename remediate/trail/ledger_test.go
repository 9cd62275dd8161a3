package trail_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/store/memory"
	"github.com/rescind-dev/rescind/remediate/cells"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// book is a ledger in a store in memory, with a clock of its own.
type book struct {
	*trail.Ledger
	t     *testing.T
	store *memory.Store
	now   time.Time
	log   bytes.Buffer
}

func newBook(t *testing.T) *book {
	b := &book{t: t, store: memory.New(), now: time.Date(2026, 11, 20, 23, 59, 0, 0, time.UTC)}
	b.Ledger = b.over(b.store)
	return b
}

func (b *book) over(s cells.Store) *trail.Ledger {
	return trail.NewLedger(s, func() time.Time { return b.now }, slog.New(slog.NewTextHandler(&b.log, nil)))
}

func (b *book) append(what string) trail.Record {
	b.t.Helper()
	e, err := b.Append(b.t.Context(), trail.Record{Kind: trail.Alarm, What: what})
	if err != nil {
		b.t.Fatal(err)
	}
	return e
}

// list is all there is.
func (b *book) list(l *trail.Ledger) (out []trail.Record) {
	b.t.Helper()
	for e, err := range l.Records(b.t.Context(), time.Time{}, b.now.Add(time.Minute)) {
		if err != nil {
			b.t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

func (b *book) verify() (int, error) {
	return b.Verify(b.t.Context(), time.Time{}, b.now.Add(time.Minute))
}

func TestI8TheLedgerIsOneChainADay(t *testing.T) {
	b := newBook(t)
	for _, what := range []string{"a", "b"} {
		b.append(what)
	}
	b.now = b.now.Add(2 * time.Minute)
	b.append("c")
	var got []string
	for _, e := range b.list(b.Ledger) {
		got = append(got, fmt.Sprintf("%s %d %s", e.Day, e.N, e.What))
	}
	if s := strings.Join(got, ", "); s != "2026-11-20 1 a, 2026-11-20 2 b, 2026-11-21 1 c" {
		t.Errorf("the ledger is %s", s)
	}
	if n, err := b.verify(); n != 3 || err != nil {
		t.Errorf("verified %d: %v", n, err)
	}
	c, err := b.store.Cell(t.Context(), "ledger/2026-11-20/2")
	if want := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC).AddDate(0, 0, 400); err != nil || !c.KeepUntil.Equal(want) {
		t.Errorf("kept until %s, %v; want %s", c.KeepUntil, err, want)
	}
}

func TestTheLedgerIsReadFromAndUntilATime(t *testing.T) {
	b := newBook(t)
	begin := b.now
	for i := range 5 {
		b.append(fmt.Sprint(i))
		b.now = b.now.Add(30 * time.Second)
	}
	var got []string
	for e, err := range b.Records(t.Context(), begin.Add(30*time.Second), begin.Add(2*time.Minute)) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, e.What)
	}
	if s := strings.Join(got, ""); s != "123" {
		t.Errorf("got %s, want those from the first time on and before the second", s)
	}
}

// TestI8AnyChangeOfALedgerIsFound changes what is stored, in every way that one
// byte can be changed in.
func TestI8AnyChangeOfALedgerIsFound(t *testing.T) {
	t.Parallel()
	b := newBook(t)
	for _, what := range []string{"a", "b", "c"} {
		b.append(what)
	}
	changed := 0
	for n := 1; n <= 3; n++ {
		name := fmt.Sprint("ledger/2026-11-20/", n)
		c, err := b.store.Cell(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		var was trail.Record
		if err := json.Unmarshal(c.Value, &was); err != nil {
			t.Fatal(err)
		}
		stored := c.Value
		for at := range stored {
			c.Value = bytes.Clone(stored)
			c.Value[at] ^= 1
			var is trail.Record
			if json.Unmarshal(c.Value, &is) == nil && is == was {
				continue
			}
			changed++
			if c, err = b.store.SetCell(t.Context(), c); err != nil {
				t.Fatal(err)
			}
			if _, err := b.verify(); err == nil {
				t.Errorf("record %d verifies as %s", n, c.Value)
			}
		}
		c.Value = stored
		if _, err = b.store.SetCell(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := b.verify(); n != 3 || err != nil || changed < 300 {
		t.Errorf("put back, %d verify: %v; %d changes were tried", n, err, changed)
	}
}

func TestI8ARecordThatIsGoneIsMissed(t *testing.T) {
	b := newBook(t)
	b.append("a")
	b.append("b")
	l := b.over(without{b.store, "ledger/2026-11-20/2"})
	_, err := l.Verify(t.Context(), b.now, b.now.Add(time.Minute))
	if err == nil || !strings.Contains(err.Error(), "record 2 of the ledger of 2026-11-20 is missing: it has 2") {
		t.Errorf("verify: %v", err)
	}
}

// without is a store that lost a cell.
type without struct {
	cells.Store
	name string
}

func (w without) Cell(ctx context.Context, name string) (cells.Cell, error) {
	if name == w.name {
		return cells.Cell{Name: name}, nil
	}
	return w.Store.Cell(ctx, name)
}

func TestManyProcessesAppendAtOnceAndNothingIsLost(t *testing.T) {
	b := newBook(t)
	var all sync.WaitGroup
	for p := range 8 {
		l := b.over(b.store)
		all.Go(func() {
			for i := range 10 {
				if _, err := l.Append(t.Context(), trail.Record{What: fmt.Sprint(p, " ", i)}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if n, err := b.verify(); n != 80 || err != nil {
		t.Errorf("%d records, %v; want 80 in one chain", n, err)
	}
}

func TestACrashBetweenRecordAndHeadIsHealedByTheNextAppend(t *testing.T) {
	b := newBook(t)
	b.append("a")
	dying := b.over(headless{b.store})
	for _, what := range []string{"b", "c"} {
		if _, err := dying.Append(t.Context(), trail.Record{What: what}); err != nil {
			t.Errorf("a record that is stored is an error: %v", err)
		}
	}
	if n, err := b.verify(); n != 3 || err != nil {
		t.Errorf("before: %d records, %v; want three, though the head tells of one", n, err)
	}
	if e := b.append("d"); e.N != 4 {
		t.Errorf("appended as number %d, want 4", e.N)
	}
	if n, err := b.verify(); n != 4 || err != nil {
		t.Errorf("after: %d records, %v", n, err)
	}
}

// headless is a store whose process dies before the head is written.
type headless struct{ cells.Store }

var errDied = errors.New("the process died")

func (h headless) SetCell(ctx context.Context, c cells.Cell) (cells.Cell, error) {
	if strings.HasSuffix(c.Name, "/head") {
		return cells.Cell{}, errDied
	}
	return h.Store.SetCell(ctx, c)
}

func TestADayThatCannotBeReadHidesNoOther(t *testing.T) {
	b := newBook(t)
	b.append("lost")
	b.append("behind it")
	b.now = b.now.Add(time.Hour)
	b.append("of the next day")
	c, err := b.store.Cell(t.Context(), "ledger/2026-11-20/1")
	if err != nil {
		t.Fatal(err)
	}
	c.Value = []byte("{")
	if _, err := b.store.SetCell(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	var said []string
	for e, err := range b.Records(t.Context(), time.Time{}, b.now.Add(time.Minute)) {
		if err != nil {
			said = append(said, err.Error())
			continue
		}
		said = append(said, e.What)
	}
	if got := strings.Join(said, "\n"); got != "record 1 of the ledger of 2026-11-20 cannot be read: unexpected EOF\nof the next day" {
		t.Errorf("it goes through:\n%s", got)
	}
}
