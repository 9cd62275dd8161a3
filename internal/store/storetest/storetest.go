// Package storetest states the contract of remediate.Store as tests. Every
// implementation runs all of them.
package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"

	"github.com/google/go-cmp/cmp"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/state"
)

// Run runs the suite; open returns a new, empty store for each test.
func Run(t *testing.T, open func(t *testing.T) remediate.Store) {
	for _, test := range []struct {
		name string
		run  func(*testing.T, remediate.Store)
	}{
		{"a created finding has revision 1, whatever it came with", createsAtRevisionOne},
		{"a second create of one id is refused and changes nothing", createsOnce},
		{"a finding without an id is refused", refusesNoID},
		{"an update at the stored revision replaces the finding", updates},
		{"an update at another revision is refused and changes nothing", refusesStaleUpdate},
		{"an update whose trail does not extend the stored one is refused and changes nothing", refusesRewrittenTrail},
		{"new events seal what the record says, and those stored stay as they are", sealsEvents},
		{"a finding that moved where no arrow leads is refused and changes nothing", refusesMissteps},
		{"what is not stored is not found", findsNothing},
		{"of racing creates of one id one wins", racesCreate},
		{"of racing updates of one revision one wins", racesUpdate},
		{"every field of a finding comes back as it went in", roundTrips},
		{"times keep their nanoseconds and come back in UTC", keepsTimes},
		{"what a caller holds is not what is stored", copiesDeeply},
		{"a call whose context is cancelled fails and writes nothing", heedsCancellation},

		{"a query selects by each of its fields", selects},
		{"a query sees an updated finding as it is now, once", selectsUpdated},
		{"findings come newest first, those of one instant by id", ordersNewestFirst},
		{"a limit keeps the first of them", limits},
		{"a list can be read in pieces", pages},
		{"what comes after a place is listed from there", listsAfter},
		{"what is due at the time is listed, earliest first", listsDue},
		{"a finding is due when it was last set to be", moveDue},

		{"a change is handled once it was marked, however often", marksHandled},
		{"a change without an id is never handled", neverHandlesNoID},
		{"the latest sighting of an account is kept, in any order", keepsLatestSighting},
		{"sightings of different accounts are apart", keepsSightingsApart},
		{"names of any length and bytes can be kept", keepsStrangeNames},

		{"a pause comes back as it was set, and is the zero pause before", keepsPause},
		{"a pause set at another revision is refused and changes nothing", refusesStalePause},
		{"of racing pauses at one revision one wins", racesPause},

		{"a cell comes back as it was set, and has no value before", keepsCells},
		{"a cell set at another revision is refused and changes nothing", refusesStaleCell},
		{"of racing sets of one cell at one revision one wins", racesCell},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}

// noon has nanoseconds and a zone, so that a store that loses either shows.
var noon = time.Date(2026, 11, 20, 12, 0, 0, 123456789, time.FixedZone("CET", 3600))

func newFinding(id string) finding.Finding {
	return finding.Finding{
		ID: id, Policy: "no-public-invoker", State: state.Pending,
		Resource:  cloud.RunResource(cloud.RunService, "pay-prod", "europe-west1", "api"),
		Actors:    []cloud.Actor{{Principal: "user:eve@example.com"}},
		Reasons:   []string{"anyone can invoke it"},
		CreatedAt: noon, UpdatedAt: noon,
	}
}

func create(t *testing.T, s remediate.Store, f finding.Finding) finding.Finding {
	t.Helper()
	got, err := s.Create(t.Context(), f)
	if err != nil {
		t.Fatalf("create %s: %v", f.ID, err)
	}
	return got
}

func update(t *testing.T, s remediate.Store, f finding.Finding) finding.Finding {
	t.Helper()
	got, err := s.Update(t.Context(), f)
	if err != nil {
		t.Fatalf("update %s: %v", f.ID, err)
	}
	return got
}

func read(t *testing.T, s remediate.Store, id string) finding.Finding {
	t.Helper()
	got, err := s.Finding(t.Context(), id)
	if err != nil {
		t.Fatalf("finding %s: %v", id, err)
	}
	return got
}

func wantError(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got error %v, want %v", what, err, want)
	}
}

func wantSame(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("%s (-want +got):\n%s", what, d)
	}
}

func wantIDs(t *testing.T, what string, got []finding.Finding, want ...string) {
	t.Helper()
	var ids []string
	for _, f := range got {
		ids = append(ids, f.ID)
	}
	wantSame(t, what, ids, want)
}

func cancelled(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
