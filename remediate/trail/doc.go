// Package trail is the audit trail: the timeline of each finding, and the ledger
// of what is no finding's state, such as refusals, pauses, starts and alarms.
//
// It promises that each line is numbered and bears a hash of itself and of all
// before it in its chain, so that a line that is changed, taken out or put in
// between shows. The hashes have no key: whoever may write to the store can forge a
// whole chain, so the proof is the copy in a log that others own.
//
// A hash holds what the record said as well, and roots hold how far every chain had
// come, so that what was changed beside a trail, or taken out, shows too.
//
//   - timeline.go is a finding's chain, of the events in event.go; seal.go is what a
//     hash holds of the record
//   - ledger.go is the other, of the records in record.go, a chain a day;
//     ledgerread.go reads and verifies it, ledgerexport.go takes it out
//   - root.go is a root; roots.go, noted.go and, for an upgrade, notedold.go keep
//     them up to date; rootsread.go reads them and compares
//   - refusals.go bounds what a flood of refusals costs
//   - line.go is a line of either, as it is listed and as it leaves the store;
//     copy.go reads the copy back, excerpt.go is what an export is made of
package trail
