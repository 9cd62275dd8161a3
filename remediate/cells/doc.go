// Package cells keeps small values that several processes change: counts, places
// where somebody left off, what belongs together.
//
// It promises that of two who change one value at once none overwrites the other:
// a value is set only by whoever saw the one before. It does not promise order or
// speed: what hundreds of processes change at once belongs into cells of its own.
// The keys in use are listed in the documentation of package remediate.
package cells
