package trail_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/remediate/trail"
)

// taken is where the ledger is taken out to.
type taken struct {
	batches []int
	records []string
	failing error
}

func (x *taken) take(rs []trail.Record) error {
	if x.failing != nil {
		return x.failing
	}
	x.batches = append(x.batches, len(rs))
	for _, r := range rs {
		x.records = append(x.records, fmt.Sprint(r.Day[8:], "/", r.N, " ", r.What))
	}
	return nil
}

func (b *book) export(x *taken) error { return b.Export(b.t.Context(), x.take) }

func TestTheLedgerIsTakenOutInOrderAHundredAtATimeAndNothingTwice(t *testing.T) {
	b, x := newBook(t), &taken{}
	for i := range 130 {
		b.append(fmt.Sprint(i))
	}
	for range 4 {
		if err := b.export(x); err != nil {
			t.Fatal(err)
		}
	}
	if d := cmp.Diff([]int{100, 30}, x.batches); d != "" {
		t.Errorf("batches (-want +got):\n%s", d)
	}
	if x.records[0] != "20/1 0" || x.records[129] != "20/130 129" || len(x.records) != 130 {
		t.Errorf("%d records, from %q to %q", len(x.records), x.records[0], x.records[len(x.records)-1])
	}
	b.append("more")
	if err := b.export(x); err != nil || x.records[130] != "20/131 more" {
		t.Errorf("one more: %v, %q", err, x.records[130:])
	}
}

func TestWhatCouldNotBeTakenIsGivenAgainAlsoByAnotherProcess(t *testing.T) {
	b, x := newBook(t), &taken{failing: errors.New("the log is down")}
	b.append("a")
	b.append("b")
	if err := b.export(x); !errors.Is(err, x.failing) {
		t.Errorf("failed: %v", err)
	}
	x.failing = nil
	if err := b.over(b.store).Export(t.Context(), x.take); err != nil || len(x.records) != 2 {
		t.Errorf("taken then: %v, %v", x.records, err)
	}
	if err := b.export(x); err != nil || len(x.records) != 2 {
		t.Errorf("and once more: %v, %v", x.records, err)
	}
}

// The clock of another process may be behind: it still writes into the day before.
func TestADayIsDoneWithOnlySomeMinutesAfterItsEnd(t *testing.T) {
	b, x := newBook(t), &taken{}
	b.append("a")
	midnight := time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)
	for _, at := range []time.Duration{time.Minute, 9 * time.Minute} {
		b.now = midnight.Add(at)
		if err := b.export(x); err != nil {
			t.Fatal(err)
		}
	}
	b.now = midnight.Add(-time.Second)
	b.append("late")
	b.now = midnight.Add(9 * time.Minute)
	b.append("next")
	if err := b.export(x); err != nil {
		t.Fatal(err)
	}
	if want := []string{"20/1 a", "20/2 late"}; !slices.Equal(x.records, want) {
		t.Errorf("nine minutes after midnight %q are out, want %q", x.records, want)
	}
	b.now = midnight.Add(10 * time.Minute)
	if err := b.export(x); err != nil || x.records[len(x.records)-1] != "21/1 next" {
		t.Errorf("ten minutes after: %q, %v", x.records, err)
	}
	b.now = midnight.AddDate(0, 0, 3).Add(time.Hour)
	b.append("days later")
	for range 3 {
		if err := b.export(x); err != nil {
			t.Fatal(err)
		}
	}
	if got := x.records[len(x.records)-1]; got != "24/1 days later" || len(x.records) != 4 {
		t.Errorf("after days of nothing %q are out", x.records)
	}
}

func TestALineIsNamedTheSameEveryTimeItLeavesTheStore(t *testing.T) {
	b := newBook(t)
	r := b.append("a")
	l := r.Line()
	if l.Chain != "ledger/2026-11-20" || l.N != 1 || l.Kind != string(trail.Alarm) || l.What != "a" || l.InsertID() != r.Hash {
		t.Errorf("it is %+v, named %q", l, l.InsertID())
	}
	old := trail.Line{Chain: "finding/abc", N: 3}
	if got := old.InsertID(); got != "finding-abc-3" {
		t.Errorf("one from before there were hashes is named %q", got)
	}
}
