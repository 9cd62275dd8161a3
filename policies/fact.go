package policies

import "github.com/rescind-dev/rescind/policies/fact"

// FactKind is what a Question asks: see package fact, which has all of these.
type FactKind = fact.Kind

// Question is one look-up.
type Question = fact.Question

// Fact is the answer to a Question.
type Fact = fact.Fact

// Facts is a snapshot of answers.
type Facts = fact.All

// The facts that a policy can need; package fact says what each of them is.
const (
	ConstraintEnforced    = fact.ConstraintEnforced
	RuntimeIdentity       = fact.RuntimeIdentity
	RoleInvokes           = fact.RoleInvokes
	Ancestors             = fact.Ancestors
	ConstraintAllows      = fact.ConstraintAllows
	ConstraintHeld        = fact.ConstraintHeld
	ConstraintInherited   = fact.ConstraintInherited
	ProjectNumber         = fact.ProjectNumber
	OrganizationDomain    = fact.OrganizationDomain
	ConstraintConditional = fact.ConstraintConditional
	ConstraintAbout       = fact.ConstraintAbout
	ServicesBelow         = fact.ServicesBelow
	HoldsBasicRole        = fact.HoldsBasicRole
	AccountGranted        = fact.AccountGranted
)

// doubt is one thing that is not known.
type doubt struct {
	question Question // zero for what no look-up can answer
	what     string   // "whether X is enforced for P"; empty when why says it all
	why      string
}

func (d doubt) String() string {
	if d.what == "" {
		return d.why
	}
	return d.what + " is unknown: " + d.why
}

// Why a fact is unknown that says nothing of it itself.
const (
	notLookedUp = "it was not looked up"
	noReason    = "no reason given"
)

// looker returns a fact, or why it is unknown.
type looker func(Question) (Fact, *doubt)
