package remediate_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// taken is an Exporter that remembers what it took; while failing, it refuses.
type taken struct {
	lines       []string // the finding's events, by number and state
	entries     []string
	undelivered int
	asked       int
	failing     error
}

func (x *taken) Export(_ context.Context, f finding.Finding, after int) error {
	x.asked++
	if x.failing != nil {
		return x.failing
	}
	for _, l := range f.Lines(after) {
		x.lines = append(x.lines, fmt.Sprint(l.N, " ", l.Kind))
	}
	return nil
}

func (x *taken) ExportRecords(_ context.Context, es []trail.Record) error {
	if x.failing != nil {
		return x.failing
	}
	for _, e := range es {
		x.entries = append(x.entries, e.What)
	}
	return nil
}

func (x *taken) Undelivered(context.Context, finding.Finding) error {
	x.undelivered++
	return nil
}

// exporting is a rig whose trail is taken.
func exporting(t *testing.T, enforce set) (*rig, *taken) {
	t.Helper()
	x := &taken{}
	return newRig(t, enforce, withLedger, func(c *setup) { c.Exporter, c.FallbackAfter = x, 10*time.Minute }), x
}

func TestI8EveryEventIsTakenOutOnceWhereNothingFails(t *testing.T) {
	t.Parallel()
	g, x := exporting(t, set{public: policies.Revert})
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	if want := []string{"1 approved", "2 applying", "3 reverted"}; !slices.Equal(x.lines, want) {
		t.Errorf("taken %q, want %q", x.lines, want)
	}
	if f.Owes(finding.Publish) || f.Published != 3 || !f.DueAt.IsZero() {
		t.Errorf("owes %v, published %d, due %s; want nothing owed", f.Outbox, f.Published, f.DueAt)
	}
}

func TestTakingTheTrailOutCostsNoWriteOfItsOwn(t *testing.T) {
	t.Parallel()
	g := newRig(t, set{public: policies.Approve})
	count := func(change ...func(*setup)) int {
		f := &fate{}
		g = newRig(t, set{public: policies.Revert}, append(change, func(c *setup) { c.Store = fatedStore{c.Store, f} })...)
		g.grant(apiPath, "roles/run.invoker", "allUsers")
		g.one()
		return f.calls
	}
	if without, with := count(), count(func(c *setup) { c.Exporter = &taken{} }); with != without {
		t.Errorf("%d calls of the store, %d without an exporter", with, without)
	}
}

func TestAFailingExporterHoldsNothingUpAndTheSweepTriesAgain(t *testing.T) {
	t.Parallel()
	g, x := exporting(t, set{public: policies.Revert})
	x.failing = errors.New("the log is gone")
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	g.want(f, state.Reverted, "removed")
	for range 20 {
		g.pass(time.Minute)
		g.sweepOnce()
	}
	if n := x.asked; n < 3 || n > 12 {
		t.Errorf("it was asked %d times in 20 minutes, want it to be asked later each time", n)
	}
	f = g.stored(f.ID)
	g.want(f, state.Reverted, "removed")
	if !f.Owes(finding.Publish) || f.Attempts != 0 || len(f.Timeline) != 3 {
		t.Errorf("owes %v after %d attempts, %d events", f.Outbox, f.Attempts, len(f.Timeline))
	}
	x.failing = nil
	g.pass(time.Hour)
	g.sweepOnce()
	if want := []string{"1 approved", "2 applying", "3 reverted"}; !slices.Equal(x.lines, want) {
		t.Errorf("taken in the end %q, want %q", x.lines, want)
	}
	if f = g.stored(f.ID); len(f.Outbox) != 0 || !f.DueAt.IsZero() {
		t.Errorf("owes %v, due %s", f.Outbox, f.DueAt)
	}
}

func TestAFailingExporterChangesNotWhenAQuestionExpiresNorWhenAGracePeriodEnds(t *testing.T) {
	t.Parallel()
	g, x := exporting(t, set{public: policies.Approve})
	x.failing = errors.New("the log is gone")
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	for !g.Clock().After(f.ExpiresAt) {
		g.pass(50 * time.Second)
		g.sweepOnce()
	}
	g.want(g.stored(f.ID), state.Expired, "nobody answered")

	late := &taken{failing: errors.New("the log is gone")}
	g = newRig(t, set{public: policies.Revert}, func(c *setup) { c.Exporter, c.Limits.Grace = late, 10*time.Minute })
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f = g.one()
	due := f.DueAt
	g.want(f, state.Waiting, "grace")
	g.pass(time.Minute)
	g.sweepOnce()
	if f = g.stored(f.ID); !f.DueAt.Equal(due) || f.State != state.Waiting {
		t.Errorf("%s, due %s, want it to wait until %s", f.State, f.DueAt, due)
	}
	g.pass(9 * time.Minute)
	g.sweepOnce()
	g.want(g.stored(f.ID), state.Reverted, "removed")
}

func TestTheLedgerIsTakenOutByTheSweepAndNothingTwiceOrLost(t *testing.T) {
	t.Parallel()
	g, x := exporting(t, set{})
	note := func(what string) {
		_, err := g.Ledger.Append(t.Context(), trail.Record{Kind: trail.Alarm, What: what})
		g.must(err)
	}
	note("a")
	note("b")
	g.sweepOnce()
	g.sweepOnce()
	x.failing = errors.New("gone")
	note("c")
	g.sweepOnce()
	x.failing = nil
	g.pass(72 * time.Hour) // days without an entry in between
	note("d")
	for range 3 {
		g.sweepOnce()
	}
	if want := []string{"a", "b", "c", "d"}; !slices.Equal(x.entries, want) {
		t.Errorf("taken %q, want %q", x.entries, want)
	}
}

func TestWhenNobodyCanBeToldTheFallbackIsToldOnce(t *testing.T) {
	t.Parallel()
	g, x := exporting(t, set{public: policies.Approve})
	g.told.failing = errors.New("Slack is down")
	g.grant(apiPath, "roles/run.invoker", "allUsers")
	f := g.one()
	since := g.Clock()
	for g.Clock().Before(since.Add(30 * time.Minute)) {
		g.pass(30 * time.Second)
		g.sweepOnce()
		if after := g.Clock().Sub(since); g.stored(f.ID).FellBack != (after >= 10*time.Minute) {
			t.Errorf("after %s: fallen back is %t", after, !(after >= 10*time.Minute))
		}
	}
	if x.undelivered != 1 || !g.stored(f.ID).UndeliveredSince.Equal(since) {
		t.Errorf("told %d times that nobody can be told, since %s; want once, since %s", x.undelivered, g.stored(f.ID).UndeliveredSince, since)
	}
	g.told.failing = nil
	g.pass(29 * time.Minute)
	g.sweepOnce()
	if f = g.stored(f.ID); f.FellBack || !f.UndeliveredSince.IsZero() || x.undelivered != 1 || len(g.told.states) != 1 {
		t.Errorf("through again: %+v, told %v", f, g.told.states)
	}
}
