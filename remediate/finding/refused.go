package finding

import (
	"errors"
	"fmt"
)

// RefusedClass says of what kind a refusal is, for whoever counts or audits
// them. The words are stored and never change meaning.
type RefusedClass string

// The classes.
const (
	ClassNotApprover   RefusedClass = "not-approver"     // not among those who may answer
	ClassUndetermined  RefusedClass = "undetermined"     // whether they are could not be looked up
	ClassIdentity      RefusedClass = "identity"         // a guest, a bot, somebody of another workspace, an unconfirmed mail
	ClassActor         RefusedClass = "actor"            // made the change
	ClassExpired       RefusedClass = "expired"          // the question ended before the answer came
	ClassDecided       RefusedClass = "decided"          // the finding takes no answer any more
	ClassStale         RefusedClass = "stale"            // the answer is about another plan
	ClassLate          RefusedClass = "late"             // it was signed too long ago, or before what was decided since
	ClassStepUp        RefusedClass = "step-up"          // takes the page behind IAP
	ClassReason        RefusedClass = "reason"           // no reason, or one that is too short or too long
	ClassDuration      RefusedClass = "duration"         // no end, or one that is too far away
	ClassDuplicate     RefusedClass = "quorum-duplicate" // the same person gave the same answer before
	ClassMisconfigured RefusedClass = "misconfigured"    // no answer can count until the configuration is mended
	ClassNoPlan        RefusedClass = "no-plan"          // there is nothing to apply or undo
	ClassNotFound      RefusedClass = "not-found"        // no such finding
	ClassInvalid       RefusedClass = "invalid"          // not an answer that the finding takes
)

// RefusedError is an answer that was not accepted, in words for the person who
// gave it.
type RefusedError struct {
	Class RefusedClass
	Why   string
}

// Error is the reason after "refused: "; see ReasonOf.
func (e *RefusedError) Error() string { return "refused: " + e.Why }

// RefuseAs is a refusal of that class, a *RefusedError; why reads on after
// "refused: ".
func RefuseAs(c RefusedClass, format string, args ...any) error {
	return &RefusedError{c, fmt.Sprintf(format, args...)}
}

// ClassOf is the class of a refusal, and empty for any other error.
func ClassOf(err error) RefusedClass {
	var refused *RefusedError
	if !errors.As(err, &refused) {
		return ""
	}
	return refused.Class
}

// Refuse is a refusal of what makes no answer: RefuseAs with ClassInvalid.
func Refuse(format string, args ...any) error { return RefuseAs(ClassInvalid, format, args...) }

// ReasonOf is why an answer was refused, in words for whoever gave it; of any
// other error its text.
func ReasonOf(err error) string {
	var refused *RefusedError
	if errors.As(err, &refused) {
		return refused.Why
	}
	return err.Error()
}
