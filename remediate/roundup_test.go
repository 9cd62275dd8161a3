package remediate_test

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	simslack "github.com/rescind-dev/rescind/internal/sim/slack"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
	"github.com/rescind-dev/rescind/remediate/state"
)

func TestAFloodIsTwentyCardsAndOneRoundupUntilItIsOver(t *testing.T) {
	t.Parallel()
	b := floods(t)
	later := func(f *finding.Finding) { f.ExpiresAt = b.Clock().Add(6 * time.Hour) }
	fs := b.flood(100, later)
	b.sweeps(3 * time.Minute)
	b.wantCards(20)
	m := b.roundup()
	for _, want := range []string{"80 more need an answer", "80 no-public-invoker", "80 high", "The newest 5 of them", fs[99].ID, "jo-100@example.com", "api-100",
		"https://rescind.example.com/findings?state=pending", "rescind findings list --state pending", "Critical findings still get a card"} {
		if !strings.Contains(string(m.Blocks), want) {
			t.Errorf("the roundup lacks %q:\n%s", want, m.Blocks)
		}
	}
	if strings.Contains(string(m.Blocks), `"actions"`) || strings.Contains(string(m.Blocks), `"button"`) {
		t.Errorf("the roundup has buttons:\n%s", m.Blocks)
	}
	for _, f := range fs[90:] { // on the command line
		_, err := b.Answer(t.Context(), f.ID, finding.Answer{Choice: finding.ChooseRevert, Principal: ada, Digest: f.Plan.Digest})
		b.must(err)
		_, err = b.Work(t.Context(), f.ID)
		b.must(err)
	}
	b.sweeps(2 * time.Minute)
	if m := b.roundup(); !strings.Contains(m.Text, "70 more need an answer") || !strings.Contains(m.Text, "10 reverted") {
		t.Errorf("the roundup after ten answers:\n%s", m.Text)
	}
	b.wantCards(20)
	b.sweeps(10 * time.Minute)
	b.wantCards(90)
	b.toldOnce(fs)
	b.wantStates(map[state.State]int{state.Pending: 90, state.Reverted: 10})
	b.atMostOneASecond()
	if m := b.roundup(); regexp.MustCompile(`\d+ more|By policy`).MatchString(string(m.Blocks)) || !strings.Contains(m.Text, "has a card of its own") {
		t.Errorf("the roundup at the end:\n%s", m.Text)
	}
	calls := len(b.calls)
	b.sweeps(30 * time.Minute)
	if n := len(b.calls); n != calls {
		t.Errorf("%d more calls to Slack when all was told", n-calls)
	}
	b.flood(25, later) // the next flood has a roundup of its own
	b.sweeps(2 * time.Minute)
	if ds, _ := b.roundups(); len(ds) != 2 || !strings.Contains(ds[1].Text, "5 more need an answer") {
		t.Errorf("roundups: %+v", ds)
	}
}

func TestWhoseQuestionEndsFirstIsToldOfFirstAfterAFlood(t *testing.T) {
	t.Parallel()
	b := floods(t)
	i := 0
	fs := b.flood(60, func(f *finding.Finding) {
		i++
		f.ExpiresAt = b.Clock().Add(6*time.Hour - time.Duration(i)*time.Minute)
	})
	b.sweeps(14 * time.Minute)
	b.wantCards(60)
	_, cards := b.roundups()
	for k, f := range fs[20:] {
		at := slices.IndexFunc(cards, func(c simslack.Message) bool { return strings.Contains(string(c.Blocks), f.ID) })
		if off := at - (59 - k); off < -1 || off > 1 { // neighbours may change places in the line
			t.Errorf("the card about the %dth deadline is number %d", 40-k, at-19)
		}
	}
}

func TestAFindingThatEndsInAFloodNeverGetsACard(t *testing.T) {
	t.Parallel()
	b := floods(t)
	b.flood(20)
	b.flood(5, func(f *finding.Finding) { f.State, f.Decision = state.Reported, judge.Report })
	fs := b.flood(10, func(f *finding.Finding) { f.ExpiresAt = b.Clock().Add(5 * time.Minute) })
	b.sweeps(2 * time.Minute)
	if m := b.roundup(); !strings.Contains(m.Text, "10 more need an answer") || !strings.Contains(m.Text, "5 reported") {
		t.Errorf("roundup:\n%s", m.Text)
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
	t.Parallel()
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
	if m := b.roundup(); !strings.Contains(m.Text, "21 more need an answer") {
		t.Errorf("roundup:\n%s", m.Text)
	}
}

func TestFindingsThatJoinAMessageAreNoFlood(t *testing.T) {
	t.Parallel()
	b := floods(t)
	for range 40 {
		b.opens()
	}
	b.settle()
	if m := b.card(); !strings.Contains(string(m.Blocks), "40 ×") {
		t.Errorf("message:\n%s", m.Blocks)
	}
}

func TestACauseThatARoundupSpokeForSharesOneCardAfterTheFlood(t *testing.T) {
	t.Parallel()
	b := floods(t)
	b.flood(20)
	for range 30 {
		b.opens()
	}
	b.sweeps(2 * time.Minute)
	if m := b.roundup(); !strings.Contains(m.Text, "30 more need an answer") {
		t.Errorf("roundup:\n%s", m.Text)
	}
	b.sweeps(13 * time.Minute)
	b.wantCards(21)
	if _, cards := b.roundups(); !strings.Contains(string(cards[20].Blocks), "30 ×") {
		t.Errorf("the last card:\n%s", cards[20].Blocks)
	}
}

func TestATurnedOffRoundupLetsGoOfWhatItSpokeFor(t *testing.T) {
	t.Parallel()
	b := floods(t)
	fs := b.flood(30, func(f *finding.Finding) { f.ExpiresAt = b.Clock().Add(6 * time.Hour) })
	b.settle()
	b.change(func(c *setup) { c.RoundupAbove = 0 })
	b.sweeps(5 * time.Minute)
	b.wantCards(30)
	b.toldOnce(fs)
}

// In a flood that goes on every notice that comes tends to the roundup, and the
// sweep finds nothing due: it must see all the same that nobody can be told.
func TestAFloodThatGoesOnPagesForARoundupThatNobodySees(t *testing.T) {
	t.Parallel()
	b, p := escalating(t)
	b.change(func(c *setup) { c.RoundupAbove = 20 })
	later := func(f *finding.Finding) { f.ExpiresAt = b.Clock().Add(6 * time.Hour) }
	b.flood(20, later)
	b.settle()
	b.failing(func(string) *simslack.Fault { return &simslack.Fault{Status: 503} })
	for i := range 120 {
		b.opens(b.ofAnotherCause, later)
		if i%5 == 0 {
			_, _ = b.Sweep(t.Context())
			fs, err := b.Store.Findings(t.Context(), finding.Query{})
			b.must(err)
			if slices.ContainsFunc(fs, func(f finding.Finding) bool { return f.Owes(finding.PageBy(p.Name())) }) {
				t.Error("a sweep leaves a page to the next one")
			}
		}
		b.pass(11 * time.Second)
	}
	if len(p.paged) != 1 {
		t.Errorf("paged %d times in 22 minutes without Slack, want once", len(p.paged))
	}
}

// A finding that cannot be read keeps those that a roundup spoke for from no message of
// their own.
func TestARecordThatCannotBeReadKeepsNothingElseInARoundup(t *testing.T) {
	t.Parallel()
	b := floods(t)
	fs := b.flood(30, func(f *finding.Finding) { f.ExpiresAt = b.Clock().Add(6 * time.Hour) })
	b.change(func(c *setup) { c.Store = leftOut{c.Store, []error{errors.New("finding broken: unexpected EOF")}} })
	b.sweeps(2 * time.Minute)
	if m := b.roundup(); !strings.Contains(m.Text, "At least 10 more need an answer") {
		t.Errorf("roundup, of which one cannot be read:\n%s", m.Text)
	}
	b.sweeps(30 * time.Minute)
	b.wantCards(30)
	b.toldOnce(fs)
}
