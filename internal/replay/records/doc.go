// Package records makes records of whatever a history is stored as: it unpacks an input,
// cuts it into JSON values, and hands them on, several at once and yet in their order.
//
// What it promises: each value of an input is one record, whatever is broken before it,
// and so is each thing that is no value; a record knows its line. What it holds at a
// time is bounded, whatever the input is. A record is passed over without being read
// only where the caller's literals say that it may be, and where it shows that it is a
// log entry; one in 64 of those is handed on all the same, to be held against that.
//
//   - unpack.go is from bytes to text, sniff.go says what is none
//   - read.go and block.go cut text into blocks, which several goroutines take apart
//   - days.go is what times they are of
//   - indented.go takes apart arrays as gcloud writes them
//   - splitter.go is the exact way: any JSON, however it is laid out; seek.go is what
//     comes after something broken
package records
