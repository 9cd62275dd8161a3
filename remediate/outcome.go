package remediate

import "github.com/rescind-dev/rescind/remediate/finding"

// OutcomeKind says how the handling of one change ended.
type OutcomeKind string

// The outcomes of Handle and Scan. None of them is an error: an error means that the
// change must come again.
const (
	Compliant  OutcomeKind = "compliant"    // judged, and nothing to say
	Found      OutcomeKind = "found"        // one or more findings
	Duplicate  OutcomeKind = "duplicate"    // this change was handled to its end before
	OwnChange  OutcomeKind = "own change"   // rescind made it
	OutOfScope OutcomeKind = "out of scope" // never touched, counted
	Settled    OutcomeKind = "settled"      // violates, but people settled exactly this before
)

// Outcome is what became of one change.
type Outcome struct {
	Kind     OutcomeKind
	Findings []finding.Finding // those the change opened or joined, as stored
	Known    []finding.Finding // of a scan: those of before that speak for what it found
}
