// Package storetest states the contract of remediate.Store as tests. Every
// implementation runs all of them.
package storetest

import (
	"testing"

	"github.com/rescind-dev/rescind/remediate"
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

		{"an owed change comes back as it went in, once, until it is settled", keepsOwed},
		{"what is owed is listed as it came, in all and by place, and can be read in pieces", listsOwed},
		{"each place that owes is listed once, in pieces", listsPlaces},
	} {
		t.Run(test.name, func(t *testing.T) { test.run(t, open(t)) })
	}
}
