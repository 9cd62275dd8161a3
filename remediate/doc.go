// Package remediate is the engine: it takes one change to findings, and findings
// to their ends.
//
// It promises that what is done is decided on live state, that a revert is the
// exact inverse of what violates and nothing more, that unknown is never
// reverted on its own, and that every finding ends with a reason. It does not
// know Google's or Slack's libraries: it declares the clients it needs.
//
// # The record
//
// A finding ([finding.Finding]) is one policy's verdict on one change: what it is
// about, the plan that would end it, the state it is in, who answered what, its
// timeline, where it is shown, and what it owes. It is stored whole, by
// compare-and-set on its revision. Nothing else says how far anything is: a
// process keeps no state that a crash could lose.
//
// # Its life
//
// The states, and which may follow which and by what, are one table in package
// state. Every step is a pure function in package finding: begun.go has how a
// finding begins, answered.go what people and silence make of it, applied.go how
// its plan is carried out, shown.go what people see; expiry.go and due.go say when. A step adds an event to the
// timeline and effects to the outbox, and is stored with them in one write before
// any of them is done. Whoever stored it works them off, and the sweep does what
// is left.
//
// # What several processes share
//
// Beside findings the store holds what was learned (which account runs what), which
// changes were handled, which are owed a judgement (package owed), the pause, and cells: small values set by compare-and-set.
// Their keys:
//
//	reverts                  the automatic reverts of the last hour (revertlimit.go)
//	alarms                   the alarms that are owed to people (package alarm)
//	alarm/ID                 that this alarm was raised (likewise)
//	owed/PLACE               who works a place off, and until when it rests (package owed)
//	served/SERVICE           how a service's traffic was seen to stand (served.go)
//	before/WORKLOAD          what it had, since when and by whose change (package before)
//	baseline/PROJECT         when the project was first read (likewise)
//	scan, scan NAME          how far a walk over live state is (package scan)
//	group/ID                 findings of one cause that share a message (package group)
//	flood/CHANNEL            a channel's new messages and its roundup (package group)
//	ledger/DAY/N             the N-th record of a day's ledger (package trail)
//	ledger/DAY/head          how far that day's chain goes
//	ledger/exported          up to where the ledger was taken out
//	trail/pile/N             heads that are to be bound by the next root (package trail)
//	trail/pile/N/PART        those of them that did not fit into the pile's own cell
//	trail/noted/N            such heads as a release without piles noted them
//	trail/roots, trail/root/N how far the roots go, and one of them
//	signed/HASH              that a signed request was taken, and what came of it (package desk)
//	writes PROJECT/REGION    the turns of writes to Google Cloud (internal/google)
//	slack/turn/CHANNEL       when a channel takes its next message (notify/slack)
//
// # The way of a change
//
// receive.go has what cannot be judged within a second owed, and judged in its turn;
// handle.go takes it in: ours, in scope (package scope), seen before (handled.go)? read.go reads
// what is live; blame.go tells what the change made from what it left as it was; package
// judge says which policies object; exemptions, confirmentry.go
// and limits.go lower what may be done unasked; standing.go and settled.go leave out what
// rescind wrote itself, and what people decided before; record.go and join.go store a new
// finding, or add to one that is open. work.go then does what it owes: apply.go
// claims the plan, after approval and pause were looked at once more; steps.go and
// write.go make its writes, and verify.go looks whether they hold. sweep.go does
// what is due, onexpiry.go what a question is worth that nobody answered. scan.go
// judges what no event told of.
package remediate
