package main

import (
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/rescind-dev/rescind/remediate/state"
)

// tamper replaces text in everything that the store keeps, as somebody may who
// can write to it.
func (b *bureau) tamper(from, to string) {
	b.t.Helper()
	db, err := bbolt.Open(b.db, 0o600, nil)
	if err != nil {
		b.t.Fatal(err)
	}
	changed := 0
	err = db.Update(func(tx *bbolt.Tx) error {
		return tx.ForEach(func(_ []byte, bucket *bbolt.Bucket) error {
			return bucket.ForEach(func(k, v []byte) error {
				next := strings.ReplaceAll(string(v), from, to)
				if next == string(v) {
					return nil
				}
				changed++
				return bucket.Put(k, []byte(next))
			})
		})
	})
	if err != nil || db.Close() != nil || changed == 0 {
		b.t.Fatalf("put %q in place of %q: %v, %d records changed", to, from, err, changed)
	}
}

func TestI8ShowSaysWhetherTheTrailIsAsItWasWritten(t *testing.T) {
	b := newBureau(t, "ada@example.com")
	old := newFinding(reportedID, state.Reported)
	asked := newFinding(askedID, state.Pending)
	b.keep(old, asked)
	if out := b.ran("findings show", reportedID); !strings.Contains(out, "not chained") {
		t.Errorf("an old trail is said to be something else than not chained:\n%s", out)
	}
	b.ran("findings revert", "--reason", "not ours", askedID)
	out := b.ran("findings show", askedID)
	for _, want := range []string{"\n  2  ", "approved by user:ada@example.com: revert approved", "2 events, verified; the hash of the last is "} {
		if !strings.Contains(out, want) {
			t.Errorf("the page lacks %q:\n%s", want, out)
		}
	}
	b.tamper("approved by user:ada", "approved by user:eve")
	for _, format := range []string{"table", "json"} {
		code, out, errs := b.run("findings show", "--format", format, askedID)
		if code != exitFailed || out == "" || !strings.Contains(errs, "breaks at event 2") {
			t.Errorf("%s: exit %d, stderr %q, want exit 1, the page and where the trail breaks", format, code, errs)
		}
	}
}
