package remediate_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/remediate/finding"
)

func TestTwoProcessesHaveOneFloodAndOneRoundup(t *testing.T) {
	t.Parallel()
	b := floods(t)
	other := b.twin()
	for i := range 100 {
		f := b.opens(b.ofAnotherCause, func(f *finding.Finding) {
			f.ExpiresAt = b.Clock().Add(6 * time.Hour)
			if i%2 == 0 {
				f.Outbox = nil // for the other process
			}
		})
		if i%2 == 0 {
			f = b.stored(f)
			f.Outbox = []finding.Effect{finding.Notify}
			_, err := b.Store.Update(t.Context(), f)
			b.must(err)
			_, err = other.Work(t.Context(), f.ID)
			b.must(err)
		}
		b.pass(600 * time.Millisecond)
	}
	both := func(n int) {
		for range n {
			for _, r := range []*engine{b.engine, other} {
				_, err := r.SweepFor(t.Context(), 10*time.Second)
				b.must(err)
			}
			b.pass(20 * time.Second)
		}
	}
	both(6)
	b.wantCards(20)
	b.roundup()
	both(60)
	b.wantCards(100)
	b.roundup()
	b.atMostOneASecond()
}

func TestACrashBeforeTheRoundupsPlaceIsStoredLeavesAtMostOneThatClaimsNothing(t *testing.T) {
	t.Parallel()
	for at := 1; at <= 12; at++ {
		for _, failure := range []failure{answerLost, dies} {
			t.Run(fmt.Sprint(failure, " ", at), func(t *testing.T) {
				b := newBurst(t, func(c *setup) { c.RoundupAbove = 5 })
				fs := b.flood(5, func(f *finding.Finding) { f.ExpiresAt = b.Clock().Add(6 * time.Hour) })
				b.settle()
				doomed := b.twin()
				doomed.change(func(c *setup) { c.Store = fatedStore{b.Store, &fate{failure: failure, at: at}} })
				f := b.createsOnly(b.stored(fs[0]))
				_, _ = doomed.Work(t.Context(), f.ID)
				b.pass(2 * time.Second)
				_, _ = doomed.Sweep(t.Context())
				fs = append(fs, f)
				fs = append(fs, b.flood(10, func(f *finding.Finding) { f.ExpiresAt = b.Clock().Add(6 * time.Hour) })...)
				b.sweeps(3 * time.Minute)
				ds, _ := b.roundups()
				claims := slices.DeleteFunc(slices.Clone(ds), func(m simslack.Message) bool { return !strings.Contains(m.Text, "more need an answer") })
				if len(ds) > 2 || len(claims) != 1 {
					t.Fatalf("%d roundups, of which %d have numbers: %+v", len(ds), len(claims), ds)
				}
				b.sweeps(16 * time.Minute)
				b.toldOnce(fs)
				b.wantCards(16)
			})
		}
	}
}

// createsOnly stores one more finding of a cause of its own for somebody to work on.
func (b *burst) createsOnly(like finding.Finding) finding.Finding {
	b.t.Helper()
	b.made++
	f := like
	f.ID, f.Group, f.Surfaces, f.InRoundup, f.Timeline = finding.ID(fmt.Sprint("change ", b.made), public, f.Resource), "", nil, "", f.Timeline[:1]
	f.CreatedAt, f.DueAt, f.Outbox = b.Clock(), b.Clock().Add(30*time.Second), []finding.Effect{finding.Notify}
	b.ofAnotherCause(&f)
	f, err := b.Store.Create(b.t.Context(), f)
	b.must(err)
	return f
}

func TestSlackDownInAFloodPagesForTheFirstAndIsCaughtUp(t *testing.T) {
	t.Parallel()
	b, p := escalating(t)
	b.change(func(c *setup) { c.RoundupAbove = 20 })
	later := func(f *finding.Finding) { f.ExpiresAt = b.Clock().Add(6 * time.Hour) }
	fs := b.flood(20, later)
	b.settle()
	b.failing(func(string) *simslack.Fault { return &simslack.Fault{Status: 503} })
	fs = append(fs, b.flood(30, later)...)
	for range 30 {
		b.pass(30 * time.Second)
		_, _ = b.Sweep(t.Context())
	}
	if len(p.paged) != 1 {
		t.Errorf("paged %d times for a roundup that nobody can see, want once", len(p.paged))
	}
	for _, f := range fs {
		if b.stored(f).Undelivered && f.ID != p.paged[0] {
			t.Errorf("finding %s counts as undelivered, though the roundup speaks for it", f.ID)
		}
	}
	b.failing(nil)
	b.sweeps(20 * time.Minute)
	b.wantCards(50)
	b.toldOnce(fs)
	b.atMostOneASecond()
}

func TestForTheRoundupOneFloodIsOnePage(t *testing.T) {
	t.Parallel()
	b, p := escalating(t)
	b.change(func(c *setup) { c.RoundupAbove, c.PageAfter = 20, 5*time.Minute })
	b.flood(20, func(f *finding.Finding) { f.ExpiresAt = b.Clock().Add(6 * time.Hour) })
	b.flood(30, func(f *finding.Finding) {
		f.ExpiresAt, f.PageAt = b.Clock().Add(6*time.Hour), b.Clock().Add(5*time.Minute)
	})
	b.sweeps(8 * time.Minute)
	if len(p.paged) != 1 {
		t.Errorf("%d pages for thirty findings in one roundup, want one", len(p.paged))
	}
}
