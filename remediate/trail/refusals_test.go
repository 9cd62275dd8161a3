package trail_test

import (
	"context"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/trail"
)

// refuse has so many refusals recorded, and returns what is in the ledger then.
func (b *book) refuse(n int) []trail.Record {
	b.t.Helper()
	for range n {
		b.Refuse(b.t.Context(), trail.Record{Who: "user:eve@example.com", What: "keep: not an approver"})
	}
	return b.list(b.Ledger)
}

func TestSoManyRefusalsAMinuteAreRecordedAndTheOthersCounted(t *testing.T) {
	b := newBook(t)
	if got := b.refuse(30); len(got) != 30 || got[29].Kind != trail.Refused || got[29].Count != 0 {
		t.Fatalf("%d records, the last %+v; want each of thirty", len(got), got[len(got)-1])
	}
	if got := b.refuse(12); len(got) != 30 {
		t.Errorf("%d records within the minute, want no more", len(got))
	}
	b.now = b.now.Add(time.Minute)
	b.CountRefusals(t.Context())
	b.CountRefusals(t.Context())
	got := b.list(b.Ledger)
	if last := got[len(got)-1]; len(got) != 31 || last.Count != 12 || last.Kind != trail.Refused || last.Who != "" {
		t.Errorf("%d records, the last %+v; want the number of the others, once", len(got), last)
	}
	if got := b.refuse(1); len(got) != 32 {
		t.Errorf("%d records, want the first of the next minute", len(got))
	}
}

func TestWhatAMinuteLeftOutIsCountedByTheFirstRefusalOfAnother(t *testing.T) {
	b := newBook(t)
	b.refuse(31)
	b.now = b.now.Add(5 * time.Minute)
	got := b.refuse(1)
	if len(got) != 32 || got[30].Count != 1 || got[31].Count != 0 {
		t.Errorf("%d records, the last two %+v", len(got), got[30:])
	}
}

func TestNoLedgerKeepsNothing(t *testing.T) {
	var l *trail.Ledger
	ctx := context.Background()
	l.Note(ctx, trail.Record{})
	l.Refuse(ctx, trail.Record{})
	l.CountRefusals(ctx)
}
