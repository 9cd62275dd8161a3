package policies

import (
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/internal/cloud"
)

// Policy is one policy as loaded, for showing.
type Policy struct {
	Name        string
	Title       string
	Severity    Severity
	On          []cloud.Kind
	When        string // CEL: true is a violation
	Message     string // CEL: a sentence saying what is wrong; empty for the title
	Advice      string // CEL: sentences on how to do without the violation; empty for none
	Rationale   string // why, with the public document it follows
	Remediation []Remediation
	Enforcement Enforcement
	StepUp      StepUp // what those who answer a finding have to show besides
	Overrides   []Override
	Exemptions  []Exemption
	BuiltIn     bool
	Source      string // the file it was read from
}

// Override changes a policy's enforcement for all that a project, folder or
// organization holds.
type Override struct {
	Scope       cloud.Resource // a container
	Enforcement Enforcement
}

func (p Policy) clone() Policy {
	p.On = slices.Clone(p.On)
	p.Remediation = slices.Clone(p.Remediation)
	p.Overrides = slices.Clone(p.Overrides)
	p.Exemptions = slices.Clone(p.Exemptions)
	for i, x := range p.Exemptions {
		p.Exemptions[i] = x.clone()
	}
	return p
}

// Enforcement is what a policy asks for when it is violated. The zero value is
// not a valid word but is treated as Audit everywhere.
type Enforcement string

// The three enforcements, weakest first.
const (
	Audit   Enforcement = "audit"   // report
	Approve Enforcement = "approve" // ask
	Revert  Enforcement = "revert"  // act, within the guardrails
)

// Severity is how bad a violation is.
type Severity string

// The severities.
const (
	Low      Severity = "low"
	Medium   Severity = "medium"
	High     Severity = "high"
	Critical Severity = "critical"
)

// StepUp is a further proof of identity that answering a finding takes. The zero
// value is none.
type StepUp string

// StepUpIAP takes an answer on the finding's page, behind Identity-Aware Proxy.
const StepUpIAP StepUp = "iap"

// Remediation names a kind of step that ends a violation.
type Remediation string

// The remediations a policy may list.
const (
	RemoveGrants     Remediation = "remove-grants"
	RequireInvoker   Remediation = "require-invoker-iam"
	RestoreIdentity  Remediation = "restore-identity"
	RestoreRevision  Remediation = "restore-revision"
	RestoreIngress   Remediation = "restore-ingress"
	RestoreConstrain Remediation = "restore-constraint"
	RestoreCondition Remediation = "restore-condition"
)

// join lists words in a sentence.
func join[T ~string](words []T, between string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = string(w)
	}
	return strings.Join(out, between)
}
