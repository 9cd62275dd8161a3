// Package replay judges history: it reads exported audit-log entries and says
// what rescind would have found and done, on the same decode, evaluate and
// decide path as live handling.
//
// What it promises: every record is accounted for (judged, irrelevant, failed,
// duplicate, of an unknown method, or unreadable at a stated place), the order
// and the overlap of the inputs change nothing, and nothing is written to
// Google Cloud, for there is no client that could.
//
// What it cannot know is what no entry and no facts file says: such a
// verdict is unknown, never a guess.
//
//   - input.go finds what is to be read; package records makes records of it, reading.go
//     has them decoded (untildone.go while nothing comes, too), and foreign.go says what is no entry
//   - join.go puts the two entries of an operation together, history.go keeps all
//     changes until the last was read, learn.go and numbers.go what they show beside
//   - facts*.go answer what policies ask, from the facts file and from the history
//   - judged.go judges a change, older.go leaves out what was there before it, which held.go
//     follows; replay.go and sides.go judge all of them, past.go single ones; finding.go is what was found,
//     ended.go with which change it was over, tool.go what it seems to have been made with
//   - summary.go accounts for every record; summarytext.go, table.go, jsonl.go and text.go
//     write the report
package replay
