// Package scan walks over what is live, and has every resource judged: what no
// event told of is found all the same.
//
// It promises that of several processes one walks at a time; that one which dies
// is gone on from, and one resource scanned twice at most; and that what cannot
// be read is counted, and keeps nothing else from being scanned.
//
// It judges nothing by itself (package remediate does), and a walk is no snapshot:
// what changes behind it is found by the next one.
//
//   - scan.go begins a walk, or goes on with one; walk.go takes it a step further
//   - round.go is how far it came
package scan
