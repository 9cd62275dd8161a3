package remediate_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/group"

	"github.com/rescind-dev/rescind/internal/cloud"
	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

// floods is a burst whose channel takes 20 messages in ten minutes before its
// digest speaks for what comes.
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

func isDigest(m simslack.Message) bool {
	return strings.Contains(string(m.Blocks), "MANY FINDINGS")
}

// digests are the messages that speak for many, the other cards those that do not.
func (b *burst) digests() (digests, cards []simslack.Message) {
	for _, m := range b.cards() {
		switch {
		case strings.Contains(m.Text, "<!subteam^"): // a page
		case isDigest(m):
			digests = append(digests, m)
		default:
			cards = append(cards, m)
		}
	}
	return digests, cards
}

func (b *burst) digest() simslack.Message {
	b.t.Helper()
	ds, _ := b.digests()
	if len(ds) != 1 {
		b.t.Fatalf("%d digests, want one: %+v", len(ds), ds)
	}
	if err := simslack.CheckBlocks(ds[0].Blocks); err != nil {
		b.t.Fatal(err)
	}
	return ds[0]
}

func (b *burst) wantCards(want int) {
	b.t.Helper()
	if _, cards := b.digests(); len(cards) != want {
		b.t.Errorf("%d cards, want %d", len(cards), want)
	}
}

// toldTwice names the findings that are on two cards.
func (b *burst) toldOnce(fs []finding.Finding) {
	b.t.Helper()
	_, cards := b.digests()
	for _, f := range fs {
		n := 0
		for _, c := range cards {
			if strings.Contains(string(c.Blocks), "v1."+f.ID+".") || strings.Contains(string(c.Blocks), "`"+f.ID+"`") {
				n++
			}
		}
		if want := b.stored(f).Surfaces; n > 1 || len(want) != n {
			b.t.Fatalf("finding %s is on %d cards and stored to be on %v", f.ID, n, want)
		}
	}
}

func TestAFloodIsTwentyCardsAndOneDigestUntilItIsOver(t *testing.T) {
	b := floods(t)
	later := func(f *finding.Finding) { f.ExpiresAt = b.Clock().Add(6 * time.Hour) }
	fs := b.flood(100, later)
	b.sweeps(3 * time.Minute)
	b.wantCards(20)
	m := b.digest()
	for _, want := range []string{"80 more need an answer", "80 no-public-invoker", "80 high", "The newest 5 of them", fs[99].ID, "jo-100@example.com", "api-100",
		"https://rescind.example.com/findings?state=pending", "rescind findings list --state pending", "Critical findings still get a card"} {
		if !strings.Contains(string(m.Blocks), want) {
			t.Errorf("the digest lacks %q:\n%s", want, m.Blocks)
		}
	}
	if strings.Contains(string(m.Blocks), `"actions"`) || strings.Contains(string(m.Blocks), `"button"`) {
		t.Errorf("the digest has buttons:\n%s", m.Blocks)
	}
	for _, f := range fs[90:] { // on the command line
		_, err := b.Answer(t.Context(), f.ID, finding.Answer{Choice: finding.ChooseRevert, Principal: ada, Digest: f.Plan.Digest})
		b.must(err)
		_, err = b.Work(t.Context(), f.ID)
		b.must(err)
	}
	b.sweeps(2 * time.Minute)
	if m := b.digest(); !strings.Contains(m.Text, "70 more need an answer") || !strings.Contains(m.Text, "10 reverted") {
		t.Errorf("the digest after ten answers:\n%s", m.Text)
	}
	b.wantCards(20)
	b.sweeps(10 * time.Minute)
	b.wantCards(90)
	b.toldOnce(fs)
	b.wantStates(map[state.State]int{state.Pending: 90, state.Reverted: 10})
	b.atMostOneASecond()
	if m := b.digest(); regexp.MustCompile(`\d+ more|By policy`).MatchString(string(m.Blocks)) || !strings.Contains(m.Text, "has a card of its own") {
		t.Errorf("the digest at the end:\n%s", m.Text)
	}
	calls := len(b.calls)
	b.sweeps(30 * time.Minute)
	if n := len(b.calls); n != calls {
		t.Errorf("%d more calls to Slack when all was told", n-calls)
	}
	b.flood(25, later) // the next flood has a digest of its own
	b.sweeps(2 * time.Minute)
	if ds, _ := b.digests(); len(ds) != 2 || !strings.Contains(ds[1].Text, "5 more need an answer") {
		t.Errorf("digests: %+v", ds)
	}
}

func TestWhoseQuestionEndsFirstIsToldOfFirstAfterAFlood(t *testing.T) {
	b := floods(t)
	i := 0
	fs := b.flood(60, func(f *finding.Finding) {
		i++
		f.ExpiresAt = b.Clock().Add(6*time.Hour - time.Duration(i)*time.Minute)
	})
	b.sweeps(14 * time.Minute)
	b.wantCards(60)
	_, cards := b.digests()
	for k, f := range fs[20:] {
		at := slices.IndexFunc(cards, func(c simslack.Message) bool { return strings.Contains(string(c.Blocks), f.ID) })
		if off := at - (59 - k); off < -1 || off > 1 { // neighbours may change places in the line
			t.Errorf("the card about the %dth deadline is number %d", 40-k, at-19)
		}
	}
}

func TestAFindingThatEndsInAFloodNeverGetsACard(t *testing.T) {
	b := floods(t)
	b.flood(20)
	b.flood(5, func(f *finding.Finding) { f.State, f.Decision = state.Reported, judge.Report })
	fs := b.flood(10, func(f *finding.Finding) { f.ExpiresAt = b.Clock().Add(5 * time.Minute) })
	b.sweeps(2 * time.Minute)
	if m := b.digest(); !strings.Contains(m.Text, "10 more need an answer") || !strings.Contains(m.Text, "5 reported") {
		t.Errorf("digest:\n%s", m.Text)
	}
	b.sweeps(30 * time.Minute)
	b.wantCards(20)
	for _, f := range fs {
		if f := b.stored(f); f.State != state.Expired || len(f.Surfaces) > 0 || len(f.Outbox) > 0 {
			t.Fatalf("finding %s is %s, on %v, owes %v", f.ID, f.State, f.Surfaces, f.Outbox)
		}
	}
}

func TestACriticalFindingInAFloodHasItsOwnCard(t *testing.T) {
	b := floods(t)
	b.flood(40)
	f := b.opens(b.ofAnotherCause, func(f *finding.Finding) { f.Severity = policies.Critical })
	// And one of a cause that is held back.
	actor := func(f *finding.Finding) { f.Actors = []cloud.Actor{{Principal: "user:same@example.com"}} }
	b.opens(actor)
	g := b.opens(actor, func(f *finding.Finding) { f.Severity = policies.Critical })
	b.sweeps(2 * time.Minute)
	b.wantCards(22)
	for _, f := range []finding.Finding{f, g} {
		if f := b.stored(f); len(f.Surfaces) != 1 {
			t.Errorf("the critical finding is on %v", f.Surfaces)
		}
	}
	if m := b.digest(); !strings.Contains(m.Text, "21 more need an answer") {
		t.Errorf("digest:\n%s", m.Text)
	}
}

func TestFindingsThatJoinAMessageAreNoFlood(t *testing.T) {
	b := floods(t)
	for range 100 {
		b.opens()
	}
	b.settle()
	if m := b.card(); !strings.Contains(string(m.Blocks), "100 ×") {
		t.Errorf("message:\n%s", m.Blocks)
	}
}

func TestACauseThatIsHeldBackSharesOneCardAfterTheFlood(t *testing.T) {
	b := floods(t)
	b.flood(20)
	for range 30 {
		b.opens()
	}
	b.sweeps(2 * time.Minute)
	if m := b.digest(); !strings.Contains(m.Text, "30 more need an answer") {
		t.Errorf("digest:\n%s", m.Text)
	}
	b.sweeps(13 * time.Minute)
	b.wantCards(21)
	if _, cards := b.digests(); !strings.Contains(string(cards[20].Blocks), "30 ×") {
		t.Errorf("the last card:\n%s", cards[20].Blocks)
	}
}

func TestTwoProcessesHaveOneFloodAndOneDigest(t *testing.T) {
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
	b.digest()
	both(60)
	b.wantCards(100)
	b.digest()
	b.atMostOneASecond()
}

func TestACrashBeforeTheDigestsPlaceIsStoredLeavesAtMostOneThatClaimsNothing(t *testing.T) {
	for at := 1; at <= 12; at++ {
		for _, failure := range []failure{answerLost, dies} {
			t.Run(fmt.Sprint(failure, " ", at), func(t *testing.T) {
				b := floods(t)
				fs := b.flood(20, func(f *finding.Finding) { f.ExpiresAt = b.Clock().Add(6 * time.Hour) })
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
				ds, _ := b.digests()
				claims := slices.DeleteFunc(slices.Clone(ds), func(m simslack.Message) bool { return !strings.Contains(m.Text, "more need an answer") })
				if len(ds) > 2 || len(claims) != 1 {
					t.Fatalf("%d digests, of which %d have numbers: %+v", len(ds), len(claims), ds)
				}
				b.sweeps(16 * time.Minute)
				b.toldOnce(fs)
				b.wantCards(31)
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
		t.Errorf("paged %d times for a digest that nobody can see, want once", len(p.paged))
	}
	for _, f := range fs {
		if b.stored(f).Undelivered && f.ID != p.paged[0] {
			t.Errorf("finding %s counts as undelivered, though the digest speaks for it", f.ID)
		}
	}
	b.failing(nil)
	b.sweeps(20 * time.Minute)
	b.wantCards(50)
	b.toldOnce(fs)
	b.atMostOneASecond()
}

func TestATurnedOffDigestLetsGoOfWhatItHeldBack(t *testing.T) {
	b := floods(t)
	fs := b.flood(30, func(f *finding.Finding) { f.ExpiresAt = b.Clock().Add(6 * time.Hour) })
	b.settle()
	b.change(func(c *setup) { c.RoundupAbove = 0 })
	b.sweeps(5 * time.Minute)
	b.wantCards(30)
	b.toldOnce(fs)
}

func TestTenThousandThatADigestSpeaksForKeepNothingOutOfASweep(t *testing.T) {
	b := floods(t)
	fs := b.flood(20)
	b.settle()
	for range 10_000 {
		f := b.createsOnly(fs[0])
		_, err := b.Work(t.Context(), f.ID)
		b.must(err)
	}
	n, err := b.Sweep(t.Context())
	b.must(err)
	if n >= 200 {
		t.Errorf("a sweep looked at %d findings", n)
	}
	if m := b.digest(); strings.Contains(m.Text, "at least") {
		t.Fatalf("the first digest has numbers:\n%s", m.Text)
	}
	b.pass(11 * time.Second)
	_, err = b.Sweep(t.Context())
	b.must(err)
	if m := b.digest(); !strings.Contains(m.Text, "At least 1000 more need an answer") {
		t.Errorf("digest:\n%s", m.Text)
	}
}

func TestForTheDigestOneFloodIsOnePage(t *testing.T) {
	b, p := escalating(t)
	b.change(func(c *setup) { c.RoundupAbove, c.PageAfter = 20, 5*time.Minute })
	b.flood(20, func(f *finding.Finding) { f.ExpiresAt = b.Clock().Add(6 * time.Hour) })
	b.flood(30, func(f *finding.Finding) {
		f.ExpiresAt, f.PageAt = b.Clock().Add(6*time.Hour), b.Clock().Add(5*time.Minute)
	})
	b.sweeps(8 * time.Minute)
	if len(p.paged) != 1 {
		t.Errorf("%d pages for thirty findings in one digest, want one", len(p.paged))
	}
}

func TestAThousandFindingsInAMinuteAreShownOrCountedAndAllShownInTheEnd(t *testing.T) {
	b := floods(t)
	fs := b.flood(1000, func(f *finding.Finding) { f.ExpiresAt = b.Clock().Add(24 * time.Hour) })
	b.sweeps(2 * time.Minute)
	b.wantCards(20)
	if m := b.digest(); !strings.Contains(m.Text, "980 more need an answer") {
		t.Errorf("digest:\n%s", m.Text)
	}
	b.sweeps(40 * time.Minute)
	b.wantCards(1000)
	b.toldOnce(fs[:50])
	b.atMostOneASecond()
	if m := b.digest(); !strings.Contains(m.Text, "has a card of its own") {
		t.Errorf("digest:\n%s", m.Text)
	}
	t.Logf("%d messages in %s", len(b.calls), b.Clock().Sub(fs[0].CreatedAt).Round(time.Minute))
}

// Findings is that of a store which has an index: no test waits for ten thousand
// copies.
func (s *indexed) Findings(_ context.Context, q finding.Query) (out []finding.Finding, _ error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.of {
		if q.Matches(f) {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b finding.Finding) int {
		return cmp.Or(b.CreatedAt.Compare(a.CreatedAt), strings.Compare(a.ID, b.ID))
	})
	if q.Limit > 0 && len(out) > q.Limit {
		out = out[:q.Limit]
	}
	return out, nil
}

// floodOf is the record of the channel.
func (b *burst) floodOf(channel string) (d group.Roundup) {
	b.t.Helper()
	c, err := b.Store.Cell(b.t.Context(), "flood/"+channel)
	b.must(err)
	b.must(json.Unmarshal(c.Value, &d))
	return d
}

func TestTheRecordOfAFloodStaysSmallAndIsSeldomWritten(t *testing.T) {
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
