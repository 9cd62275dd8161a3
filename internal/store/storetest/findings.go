package storetest

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
	"github.com/rescind-dev/rescind/remediate/trail"
)

func createsAtRevisionOne(t *testing.T, s remediate.Store) {
	f := newFinding("f1")
	f.Revision = 7
	if got := create(t, s, f); got.Revision != 1 {
		t.Errorf("created at revision %d, want 1", got.Revision)
	}
	if got := read(t, s, "f1"); got.Revision != 1 {
		t.Errorf("read at revision %d, want 1", got.Revision)
	}
}

func createsOnce(t *testing.T, s remediate.Store) {
	first := create(t, s, newFinding("f1"))
	second := newFinding("f1")
	second.Message = "another"
	_, err := s.Create(t.Context(), second)
	wantError(t, "second create", err, fault.ErrExists)
	wantSame(t, "stored", read(t, s, "f1"), first)
}

func refusesNoID(t *testing.T, s remediate.Store) {
	if _, err := s.Create(t.Context(), newFinding("")); err == nil {
		t.Error("created a finding without an id")
	}
}

func updates(t *testing.T, s remediate.Store) {
	f := create(t, s, newFinding("f1"))
	f.State = state.Kept
	got := update(t, s, f)
	if got.Revision != 2 || got.State != state.Kept {
		t.Errorf("updated to revision %d, state %s, want 2, kept", got.Revision, got.State)
	}
	wantSame(t, "stored", read(t, s, "f1"), got)
	if got := update(t, s, got); got.Revision != 3 {
		t.Errorf("updated again to revision %d, want 3", got.Revision)
	}
}

func refusesStaleUpdate(t *testing.T, s remediate.Store) {
	stale := create(t, s, newFinding("f1"))
	now := update(t, s, stale)
	for _, revision := range []int64{stale.Revision, now.Revision + 1, 0} {
		f := newFinding("f1")
		f.Revision, f.State = revision, state.Reverted
		_, err := s.Update(t.Context(), f)
		wantError(t, "update at revision "+strconv.FormatInt(revision, 10), err, fault.ErrConflict)
	}
	wantSame(t, "stored", read(t, s, "f1"), now)
}

func refusesRewrittenTrail(t *testing.T, s remediate.Store) {
	f := newFinding("f1")
	f.Timeline = []trail.Event{
		{At: noon, State: state.Pending, What: "asked", N: 1, Hash: "a1"},
		{At: noon, State: state.Kept, Who: "user:ada@example.com", What: "kept", N: 2, Hash: "b2"},
	}
	stored := create(t, s, f)
	for what, rewrite := range map[string]func(*finding.Finding){
		"without its trail":          func(f *finding.Finding) { f.Timeline = nil },
		"without its last event":     func(f *finding.Finding) { f.Timeline = f.Timeline[:1] },
		"with another word":          func(f *finding.Finding) { f.Timeline[0].What = "told" },
		"with another hash":          func(f *finding.Finding) { f.Timeline[1].Hash = "c3" },
		"at another nanosecond":      func(f *finding.Finding) { f.Timeline[1].At = noon.Add(1) },
		"with an event put in front": func(f *finding.Finding) { f.Timeline = append(f.Timeline[1:], f.Timeline...) },
	} {
		f := read(t, s, "f1")
		rewrite(&f)
		_, err := s.Update(t.Context(), f)
		if err == nil || errors.Is(err, fault.ErrConflict) {
			t.Errorf("update %s: %v, want an error, and none that says to try again", what, err)
		}
		wantSame(t, "stored", read(t, s, "f1"), stored)
	}
	stored.Timeline = append(stored.Timeline, trail.Event{At: noon, State: state.Kept, What: "more"})
	wantSame(t, "extended", update(t, s, stored).Timeline[2].What, "more")
}

func refusesMissteps(t *testing.T, s remediate.Store) {
	stored := create(t, s, newFinding("f1"))
	for what, step := range map[string]func(*finding.Finding){
		"with a move that was refused": func(f *finding.Finding) { f.Misstep = `no person leads from "pending" to "reverted"` },
		"with an event that does not follow": func(f *finding.Finding) {
			f.Timeline = append(f.Timeline, trail.Event{At: noon, State: state.Reverted, What: "reverted", N: 1, Hash: "a1"})
		},
		"with one that does, and one that does not follow it": func(f *finding.Finding) {
			f.Timeline = append(f.Timeline, trail.Event{At: noon, State: state.Kept, What: "kept", N: 1, Hash: "a1"},
				trail.Event{At: noon, State: state.Applying, What: "applying", N: 2, Hash: "b2"})
		},
	} {
		f := read(t, s, "f1")
		step(&f)
		_, err := s.Update(t.Context(), f)
		if err == nil || errors.Is(err, fault.ErrConflict) {
			t.Errorf("update %s: %v, want an error, and none that says to try again", what, err)
		}
		wantSame(t, "stored", read(t, s, "f1"), stored)
	}
	f := newFinding("f2")
	f.Misstep = `no person leads from "" to "kept"`
	if _, err := s.Create(t.Context(), f); err == nil {
		t.Error("a finding whose move was refused was created")
	}
}

func findsNothing(t *testing.T, s remediate.Store) {
	create(t, s, newFinding("f1"))
	_, err := s.Finding(t.Context(), "f2")
	wantError(t, "read", err, fault.ErrNotFound)
	_, err = s.Update(t.Context(), newFinding("f2"))
	wantError(t, "update", err, fault.ErrNotFound)
	_, err = s.Identity(t.Context(), "api@pay-prod.iam.gserviceaccount.com")
	wantError(t, "identity", err, fault.ErrNotFound)
}

func racesCreate(t *testing.T, s remediate.Store) {
	won := race(t, fault.ErrExists, func(i int) error {
		f := newFinding("f1")
		f.Message = strconv.Itoa(i)
		_, err := s.Create(t.Context(), f)
		return err
	})
	if got := read(t, s, "f1").Message; got != strconv.Itoa(won) {
		t.Errorf("stored is the finding of %s, the winner was %d", got, won)
	}
}

func racesUpdate(t *testing.T, s remediate.Store) {
	f := create(t, s, newFinding("f1"))
	won := race(t, fault.ErrConflict, func(i int) error {
		f := f
		f.Message = strconv.Itoa(i)
		_, err := s.Update(t.Context(), f)
		return err
	})
	got := read(t, s, "f1")
	if got.Message != strconv.Itoa(won) || got.Revision != 2 {
		t.Errorf("stored is the finding of %s at revision %d, the winner was %d", got.Message, got.Revision, won)
	}
}

// race runs 50 at once, of which one must succeed and the others lose with the
// error. It returns the winner.
func race(t *testing.T, lost error, run func(i int) error) int {
	t.Helper()
	const racers = 50
	errs := make([]error, racers)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i := range racers {
		wg.Go(func() {
			<-start
			errs[i] = run(i)
		})
	}
	close(start)
	wg.Wait()
	winners, winner := 0, -1
	for i, err := range errs {
		switch {
		case err == nil:
			winners, winner = winners+1, i
		case !errors.Is(err, lost):
			t.Errorf("racer %d: %v, want %v", i, err, lost)
		}
	}
	if winners != 1 {
		t.Fatalf("%d winners, want 1", winners)
	}
	return winner
}

func copiesDeeply(t *testing.T, s remediate.Store) {
	given := full(t)
	returned := create(t, s, given)
	want := read(t, s, given.ID)
	overwrite(&given)
	overwrite(&returned)
	wantSame(t, "after writing to what create took and gave", read(t, s, given.ID), want)

	given = read(t, s, want.ID)
	returned = update(t, s, given)
	want = read(t, s, want.ID)
	overwrite(&given)
	overwrite(&returned)
	listed, err := s.Findings(t.Context(), finding.Query{})
	if err != nil {
		t.Fatal(err)
	}
	overwrite(&listed[0])
	due, err := s.Due(t.Context(), want.DueAt, 0)
	if err != nil {
		t.Fatal(err)
	}
	overwrite(&due[0])
	wantSame(t, "after writing to what update took and gave, and to the lists", read(t, s, want.ID), want)
}

// overwrite writes through every reference that a finding holds.
func overwrite(f *finding.Finding) {
	f.Reasons[0] = "overwritten"
	f.Actors[0].Delegation[0] = "overwritten"
	f.Change.Deltas[0].Grant.Role = "overwritten"
	f.Change.Policy.Bindings[0].Members[0] = "overwritten"
	f.Change.Workload.Labels["overwritten"] = "yes"
	f.Change.Constraint.Name = "overwritten"
	f.Change.Unread[0].Why = "overwritten"
	f.Plan.Steps[0].Before.Grants[0].Role = "overwritten"
	*f.Plan.Steps[0].After.InvokerIAMDisabled = false
	f.Answers[0].Reason = "overwritten"
	f.Timeline[0].What = "overwritten"
	f.Surfaces[0].ID = "overwritten"
	f.Outbox[0] = "overwritten"
}

func heedsCancellation(t *testing.T, s remediate.Store) {
	f := create(t, s, newFinding("f1"))
	ctx := cancelled(t)
	for name, call := range map[string]func() error{
		"Create":        func() error { _, err := s.Create(ctx, newFinding("f2")); return err },
		"Finding":       func() error { _, err := s.Finding(ctx, "f1"); return err },
		"Update":        func() error { _, err := s.Update(ctx, f); return err },
		"Findings":      func() error { _, err := s.Findings(ctx, finding.Query{}); return err },
		"Due":           func() error { _, err := s.Due(ctx, noon, 0); return err },
		"Handled":       func() error { _, err := s.Handled(ctx, "c1"); return err },
		"MarkHandled":   func() error { return s.MarkHandled(ctx, "c1", noon) },
		"LearnIdentity": func() error { return s.LearnIdentity(ctx, remediate.Sighting{Email: "a@b", At: noon}) },
		"Identity":      func() error { _, err := s.Identity(ctx, "a@b"); return err },
	} {
		wantError(t, name, call(), context.Canceled)
	}
	all, err := s.Findings(t.Context(), finding.Query{})
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, "stored", all, []finding.Finding{f})
	if done, err := s.Handled(t.Context(), "c1"); done || err != nil {
		t.Errorf("handled: %t, %v, want false", done, err)
	}
	_, err = s.Identity(t.Context(), "a@b")
	wantError(t, "identity", err, fault.ErrNotFound)
}

func keepsStrangeNames(t *testing.T, s remediate.Store) {
	long := strings.Repeat("x", 100_000)
	f := newFinding("f1")
	f.Resource = cloud.RunResource(cloud.RunService, "p", "l", long)
	create(t, s, f)
	g := newFinding("f2")
	g.Resource = cloud.RunResource(cloud.RunService, "p", "l", "a\x00b")
	create(t, s, g)
	wantIDs(t, "of the long name", query(t, s, finding.Query{Resource: f.Resource}), "f1")
	wantIDs(t, "of a name that another begins with", query(t, s,
		finding.Query{Resource: cloud.RunResource(cloud.RunService, "p", "l", "a")}))
	mark(t, s, long)
	wantHandled(t, s, long, true)
	learn(t, s, sightingOf(long, "w", noon))
	wantSighting(t, s, sightingOf(long, "w", noon))
}

func sealsEvents(t *testing.T, s remediate.Store) {
	f := newFinding("f1")
	f.Message = "no text: \xff"
	f.Timeline = f.Timeline.With(f.ID, trail.Event{At: noon, State: state.Pending, What: "asked"})
	first := create(t, s, f)
	next := first
	next.State, next.EndedAt = state.Kept, noon
	next.Timeline = next.Timeline.With(f.ID, trail.Event{At: noon, State: state.Kept, What: "kept"})
	second := update(t, s, next)
	for what, got := range map[string]finding.Finding{"created": first, "updated": second, "read": read(t, s, f.ID)} {
		if err := got.VerifyTrail(); err != nil || got.Timeline.Seal() == "" {
			t.Errorf("%s: %v; it seals %q", what, err, got.Timeline.Seal())
		}
	}
	wantSame(t, "the event stored before", second.Timeline[0], first.Timeline[0])
	second.Actors = nil
	changed := update(t, s, second) // as no transition does
	if changed.VerifyTrail() == nil {
		t.Error("an actor is gone, no event tells of it, and the trail verifies")
	}
}
