package trail_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/trail"
)

// spoil changes what is stored of the n-th record of a day, and leaves the head at most
// before it, as where its writer died before it wrote the head.
func (b *book) spoil(day string, n int, to func([]byte) []byte) {
	b.t.Helper()
	name := fmt.Sprintf("ledger/%s/%d", day, n)
	c, err := b.store.Cell(b.t.Context(), name)
	if err != nil || c.Revision == 0 {
		b.t.Fatalf("%s: %v", name, err)
	}
	c.Value = to(c.Value)
	head, headErr := b.store.Cell(b.t.Context(), "ledger/"+day+"/head")
	head.Value = []byte(`{"n":0,"hash":""}`)
	_, err = b.store.SetCell(b.t.Context(), c)
	if _, again := b.store.SetCell(b.t.Context(), head); err != nil || headErr != nil || again != nil {
		b.t.Fatal(err, headErr, again)
	}
}

// later is a record with a field that this release does not know.
func later(b []byte) []byte {
	return append(bytes.TrimSuffix(b, []byte("}")), `,"region":"europe-west1"}`...)
}

func broken([]byte) []byte { return []byte("{") }

// To go on behind a record takes its number and its hash alone.
func TestTheLedgerGoesOnBehindARecordOfALaterRelease(t *testing.T) {
	b := newBook(t)
	b.append("theirs")
	b.spoil("2026-11-20", 1, later)
	e, err := b.Append(t.Context(), trail.Record{Kind: trail.Alarm, What: "mine"})
	if err != nil || e.N != 2 {
		t.Fatalf("appended as %d: %v", e.N, err)
	}
	b.spoil("2026-11-20", 1, func(b []byte) []byte { return bytes.Replace(b, []byte(`,"region":"europe-west1"`), nil, 1) })
	if n, err := b.Ledger.Verify(t.Context(), time.Time{}, b.now.Add(time.Minute)); n != 2 || err != nil {
		t.Errorf("the chain has %d records: %v", n, err)
	}
}

// What nobody can read any more must not keep all that comes after it out of the roots and
// in the store.
func TestI8ARecordThatCannotBeReadKeepsNoOtherDayBack(t *testing.T) {
	for name, spoilt := range map[string]func([]byte) []byte{"of a later release": later, "broken": broken} {
		g, x := newGrove(t), &taken{}
		for _, what := range []string{"a", "spoilt", "c"} {
			g.append(what)
		}
		g.spoil("2026-11-20", 2, spoilt)
		said := ""
		for range 3 {
			for _, err := range []error{g.extend(), g.export(x)} {
				if err != nil {
					said += err.Error() + "\n"
				}
			}
			g.now = g.now.Add(2 * time.Hour)
		}
		g.append("of the next day")
		for range 3 {
			_ = g.extend()
			_ = g.export(x)
		}
		held, err := g.roots.Coverage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]int{"of a later release": 3, "broken": 1}[name]
		if a, b := held.Heads["ledger/2026-11-20"].N, held.Heads["ledger/2026-11-21"].N; a != want || b != 1 {
			t.Errorf("%s: the roots hold %d and %d records of the days, want %d and 1", name, a, b, want)
		}
		out := strings.Join(x.records, ", ")
		if want := map[string]string{"of a later release": "20/1 a", "broken": "20/1 a, 21/1 of the next day"}[name]; out != want {
			t.Errorf("%s: taken out are %s, want %s: the later release takes its own, and what is behind it", name, out, want)
		}
		if !strings.Contains(said, "record 2 of the ledger of 2026-11-20 cannot be read") {
			t.Errorf("%s: it says %q", name, said)
		}
	}
}
