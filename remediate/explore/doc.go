// Package explore holds the explorer: tests that take the engine through every
// story there is, to a stated depth, and nothing that is imported.
//
// It drives the real engine (the remediator, its desk, authority and group
// notifier) over a store, a cloud and people that are values, so that a world can
// be copied at any moment and told on in every way: the acts of a story are
// changes and their deliveries, clicks, time that passes, sweeps, a switch that is
// thrown, a neighbour that fails. A mishap strikes one act of a story at one of the
// calls that it makes to the store, to Google Cloud or to those it tells: the
// process dies, the call fails or its answer is lost, or another process does
// something in between. Two worlds that differ in nothing that can matter later
// are one, and are told on once.
//
// After every act the rules hold (rules_test.go says which, by the numbers of
// docs/security.md), and every world is led to a calm end, in which every finding
// has ended, owes nothing, and is shown as it ended. A story that breaks a rule is
// the shortest there is, as shorter ones are told first; it is printed so that
// -explore.story tells it again.
//
// Its limits: one or two resources, at most three changes, two mishaps at most in
// one story. A process keeps nothing in memory between two acts, so two processes
// are told apart only where one is stopped within an act. Worlds that differ in
// the revision of a record alone are taken for one.
package explore
