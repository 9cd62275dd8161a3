package remediate_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// ofAnotherCause makes every finding one that shares no message.
func (b *burst) ofAnotherCause(f *finding.Finding) {
	f.Actors = []cloud.Actor{{Principal: fmt.Sprintf("user:jo-%d@example.com", b.made)}}
}

// atMostOneASecond checks the times of all messages that Slack was sent.
func (b *burst) atMostOneASecond() {
	b.t.Helper()
	for i := 1; i < len(b.calls); i++ {
		if gap := b.calls[i].Sub(b.calls[i-1]); gap < time.Second {
			b.t.Fatalf("messages %d and %d of %d are %s apart", i, i+1, len(b.calls), gap)
		}
	}
}

func TestHundredsOfFindingsInAMinuteMakeAMessageASecondAndLoseNone(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		n      int
		sameIs func(*burst) func(*finding.Finding)
	}{
		{"more than a sweep looks at, each of its own cause", 220, func(b *burst) func(*finding.Finding) { return b.ofAnotherCause }},
		{"seventy of one cause", 70, func(*burst) func(*finding.Finding) { return func(*finding.Finding) {} }},
	} {
		t.Run(row.name, func(t *testing.T) {
			b := newBurst(t)
			begin := b.Clock()
			for range row.n {
				b.opens(row.sameIs(b), func(f *finding.Finding) { f.ExpiresAt = begin.Add(24 * time.Hour) })
				b.pass(time.Minute / time.Duration(row.n))
			}
			b.settle()
			b.atMostOneASecond()
			b.allShown(row.n)
			t.Logf("%d messages in %s", len(b.calls), b.calls[len(b.calls)-1].Sub(begin).Round(time.Second))
		})
	}
}

// allShown checks that every finding is named where it is said to be shown.
func (b *burst) allShown(n int) {
	b.t.Helper()
	fs, err := b.Store.Findings(b.t.Context(), finding.Query{})
	b.must(err)
	cards := map[string]simslack.Message{}
	for _, m := range b.cards() {
		cards[m.TS] = m
	}
	for _, f := range fs {
		if len(f.Surfaces) != 1 {
			b.t.Fatalf("finding %s is shown on %v", f.ID, f.Surfaces)
		}
		g, ok := cards[f.Surfaces[0].ID]
		if !ok || !strings.Contains(string(g.Blocks), f.ID) && !strings.Contains(string(g.Blocks), "more: rescind findings list") {
			b.t.Fatalf("finding %s is not on the card it is said to be on: %+v", f.ID, g)
		}
	}
	if len(fs) != n {
		b.t.Errorf("%d findings, want %d", len(fs), n)
	}
}

func TestSlacksOwnLimitIsKeptAndCountsAsNoAttempt(t *testing.T) {
	t.Parallel()
	b := newBurst(t)
	b.failing(func(string) *simslack.Fault { return &simslack.Fault{Status: 429, RetryAfter: "30"} })
	f := b.opens()
	b.failing(nil)
	if f := b.stored(f); f.Attempts != 0 || !f.Owes(finding.Notify) || f.DueAt.Sub(b.Clock()) < 29*time.Second {
		t.Errorf("attempts %d, owes %v, due in %s", f.Attempts, f.Outbox, f.DueAt.Sub(b.Clock()))
	}
	b.opens(b.ofAnotherCause) // the channel is quiet for all
	if n := len(b.calls); n != 1 {
		t.Errorf("%d calls within the time that Slack asked for", n)
	}
	b.settle()
	b.allShown(2)
	if gap := b.calls[1].Sub(b.calls[0]); gap < 30*time.Second {
		t.Errorf("called again after %s", gap)
	}
}

func TestTwoProcessesShareAChannelsTurns(t *testing.T) {
	t.Parallel()
	b := newBurst(t)
	other := b.twin()
	for range 20 {
		f := b.opens(b.ofAnotherCause)
		if _, err := other.Work(t.Context(), f.ID); err != nil {
			t.Fatal(err)
		}
	}
	for range 60 {
		_, err := other.Sweep(t.Context())
		b.must(err)
		_, err = b.Sweep(t.Context())
		b.must(err)
		b.pass(time.Second / 2)
	}
	b.atMostOneASecond()
	b.allShown(20)
}
