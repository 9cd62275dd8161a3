package remediate_test

import (
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
)

func TestAThousandThatARoundupSpeaksForKeepNothingOutOfASweep(t *testing.T) {
	t.Parallel()
	b := floods(t)
	fs := b.flood(20)
	b.settle()
	for range 1_100 {
		f := b.createsOnly(fs[0])
		_, err := b.Work(t.Context(), f.ID)
		b.must(err)
	}
	n, err := b.Sweep(t.Context())
	b.must(err)
	if n >= 200 {
		t.Errorf("a sweep looked at %d findings", n)
	}
	if m := b.roundup(); strings.Contains(m.Text, "at least") {
		t.Fatalf("the first roundup has numbers:\n%s", m.Text)
	}
	b.pass(11 * time.Second)
	_, err = b.Sweep(t.Context())
	b.must(err)
	if m := b.roundup(); !strings.Contains(m.Text, "At least 1000 more need an answer") {
		t.Errorf("roundup:\n%s", m.Text)
	}
}

func TestHundredsOfFindingsInAMinuteAreShownOrCountedAndAllShownInTheEnd(t *testing.T) {
	t.Parallel()
	b := floods(t)
	fs := b.flood(220, func(f *finding.Finding) { f.ExpiresAt = b.Clock().Add(24 * time.Hour) })
	b.sweeps(2 * time.Minute)
	b.wantCards(20)
	if m := b.roundup(); !strings.Contains(m.Text, "200 more need an answer") {
		t.Errorf("roundup:\n%s", m.Text)
	}
	b.sweeps(15 * time.Minute)
	b.wantCards(220)
	b.toldOnce(fs[:50])
	b.atMostOneASecond()
	if m := b.roundup(); !strings.Contains(m.Text, "has a card of its own") {
		t.Errorf("roundup:\n%s", m.Text)
	}
	t.Logf("%d messages in %s", len(b.calls), b.Clock().Sub(fs[0].CreatedAt).Round(time.Minute))
}

func TestTheRecordOfAFloodStaysSmallAndIsSeldomWritten(t *testing.T) {
	t.Parallel()
	b := floods(t)
	b.flood(21)
	c, err := b.Store.Cell(t.Context(), "flood/C01PAY")
	b.must(err)
	for range 200 {
		b.opens(b.ofAnotherCause)
	}
	after, err := b.Store.Cell(t.Context(), "flood/C01PAY")
	b.must(err)
	if n := after.Revision - c.Revision; n > 40 {
		t.Errorf("200 more findings wrote the record %d times", n)
	}
	if n := len(b.floodOf("C01PAY").Wanted); n != 20 {
		t.Errorf("%d times are kept, want 20", n)
	}
}
