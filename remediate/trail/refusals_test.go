package trail_test

import (
	"context"
	"strings"
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

func TestARecordIsAsLongAsALineHasRoomFor(t *testing.T) {
	b := newBook(t)
	long := strings.Repeat("ä", 5000)
	b.Refuse(t.Context(), trail.Record{Who: long, Via: long, Finding: long, Class: long, What: long, Plan: long})
	r := b.list(b.Ledger)[0]
	for field, got := range map[string][2]int{
		"who": {len([]rune(r.Who)), trail.MaxWho}, "via": {len([]rune(r.Via)), trail.MaxWho}, "what": {len([]rune(r.What)), 1000},
		"finding": {len([]rune(r.Finding)), trail.MaxName}, "class": {len([]rune(r.Class)), trail.MaxName}, "plan": {len([]rune(r.Plan)), trail.MaxName},
	} {
		if got[0] != got[1] {
			t.Errorf("%s has %d characters, want %d", field, got[0], got[1])
		}
	}
}

func TestNoLedgerKeepsNothing(t *testing.T) {
	var l *trail.Ledger
	ctx := context.Background()
	l.Note(ctx, trail.Record{})
	l.Refuse(ctx, trail.Record{})
	l.CountRefusals(ctx)
}
