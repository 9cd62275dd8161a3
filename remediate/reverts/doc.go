// Package reverts counts what is reverted unasked, for all processes that share a
// store together.
//
// The automatic reverts are a log: what is allowed, and what is given back, is added
// to its end, which one cell holds. Whoever adds to it knows all that stands before
// it, or the compare-and-set fails. So the count is exact, to the nanosecond, however
// many processes there are, and a crash has a revert counted or not, but never half.
// A process remembers the last hour and reads what was added since it looked: a revert
// costs one read and one write of a cell that holds a few, be it the tenth of the hour
// or the three thousandth. A process that starts reads the last hour once.
//
// To keep the whole hour in one cell took half a megabyte of JSON, twice for each
// revert. Sums in a cell for each policy, project and actor would take several writes,
// which a crash comes between.
//
// What is not known is an error, and no room: a part of the log that is missing, or
// that a later release wrote.
package reverts
