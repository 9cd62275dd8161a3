// Package finding is the record that people talk about: what one policy makes of
// one change, what was decided of it and by whom, and how it ended.
//
// It promises that every step of a finding's life is a value: a method that
// takes a finding to the next one, with an event in its timeline and what it owes
// in its outbox, reads no clock and calls nobody. A step that the table of states
// (package state) does not know is refused, and the finding that it was tried on
// cannot be stored. The words that are stored never change meaning.
//
// It decides nothing: who may answer is for package authority, what to do about a
// change for package judge, and when a step is taken for package remediate.
//
//   - finding.go is the record; store.go where it is kept and looked up
//   - begun.go, answered.go and applied.go are the steps that a change, a person
//     or a timer, and carrying the plan out take it by; to.go is what all of them
//     come to
//   - outbox.go is what a finding owes, due.go when the sweep comes again for it,
//     expiry.go when a question expires
//   - shown.go is where people see it, delivered.go what becomes of it when they
//     cannot
//   - answer.go is what a person says, refused.go why that was not accepted
//   - undo.go is the record of an undo; subject.go what a finding is about, and for
//     how long it speaks for that; actors.go who made the change
//   - known.go says whether a release knows all that a record says
//   - timeline.go is the audit trail of one finding
package finding
