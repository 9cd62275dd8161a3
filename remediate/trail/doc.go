// Package trail is the audit trail: the timeline of each finding, and the ledger
// of what is no finding's state, such as refusals, pauses, starts and alarms.
//
// It promises that each line is numbered and bears a hash of itself and of all
// before it in its chain, so that a line that is changed, taken out or put in
// between shows. The hashes have no key: whoever may write to the store can forge a
// whole chain, so the proof is the copy in a log that others own.
package trail
