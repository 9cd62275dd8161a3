package remediate_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/group"
)

// floods is a burst whose channel takes 20 messages in ten minutes before its
// roundup speaks for what comes.
func floods(t *testing.T) *burst {
	t.Helper()
	return newBurst(t, func(c *setup) { c.RoundupAbove = 20 })
}

// flood opens so many findings of as many causes in a minute.
func (b *burst) flood(n int, change ...func(*finding.Finding)) (out []finding.Finding) {
	b.t.Helper()
	for range n {
		out = append(out, b.opens(append([]func(*finding.Finding){b.ofAnotherCause}, change...)...))
		b.pass(time.Minute / time.Duration(n))
	}
	return out
}

// sweeps sweeps every minute, as Cloud Scheduler does, for that long.
func (b *burst) sweeps(d time.Duration) {
	b.t.Helper()
	for until := b.Clock().Add(d); b.Clock().Before(until); {
		begin := b.Clock()
		if _, err := b.SweepFor(b.t.Context(), 50*time.Second); err != nil {
			b.t.Fatal(err)
		}
		b.pass(max(time.Second, time.Minute-b.Clock().Sub(begin)))
	}
}

func isRoundup(m simslack.Message) bool {
	return bytes.Contains(m.Blocks, []byte("MANY FINDINGS"))
}

// roundups are the messages that speak for many, the other cards those that do not.
func (b *burst) roundups() (roundups, cards []simslack.Message) {
	for _, m := range b.cards() {
		switch {
		case strings.Contains(m.Text, "<!subteam^"): // a page
		case isRoundup(m):
			roundups = append(roundups, m)
		default:
			cards = append(cards, m)
		}
	}
	return roundups, cards
}

func (b *burst) roundup() simslack.Message {
	b.t.Helper()
	ds, _ := b.roundups()
	if len(ds) != 1 {
		b.t.Fatalf("%d roundups, want one: %+v", len(ds), ds)
	}
	if err := simslack.CheckBlocks(ds[0].Blocks); err != nil {
		b.t.Fatal(err)
	}
	return ds[0]
}

func (b *burst) wantCards(want int) {
	b.t.Helper()
	if _, cards := b.roundups(); len(cards) != want {
		b.t.Errorf("%d cards, want %d", len(cards), want)
	}
}

// toldOnce names the findings that are on two cards.
func (b *burst) toldOnce(fs []finding.Finding) {
	b.t.Helper()
	_, cards := b.roundups()
	for _, f := range fs {
		n, answer, named := 0, []byte("v1."+f.ID+"."), []byte("`"+f.ID+"`")
		for _, c := range cards {
			if bytes.Contains(c.Blocks, answer) || bytes.Contains(c.Blocks, named) {
				n++
			}
		}
		if want := b.stored(f).Surfaces; n > 1 || len(want) != n {
			b.t.Fatalf("finding %s is on %d cards and stored to be on %v", f.ID, n, want)
		}
	}
}

// floodOf is the record of the channel.
func (b *burst) floodOf(channel string) (d group.Roundup) {
	b.t.Helper()
	c, err := b.Store.Cell(b.t.Context(), "flood/"+channel)
	b.must(err)
	b.must(json.Unmarshal(c.Value, &d))
	return d
}
