package policies

import (
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
)

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

// Verdict is one policy's judgement of one change.
type Verdict string

// The verdicts. Compliant is the zero value only in that no Result is ever
// returned for it.
const (
	Compliant Verdict = ""
	Violation Verdict = "violation"
	Unknown   Verdict = "unknown"
	Exempt    Verdict = "exempt"
)

// Remediation names a kind of step that ends a violation.
type Remediation string

// The remediations a policy may list.
const (
	RemoveGrants     Remediation = "remove-grants"
	RequireInvoker   Remediation = "require-invoker-iam"
	RestoreIdentity  Remediation = "restore-identity"
	RestoreIngress   Remediation = "restore-ingress"
	RestoreConstrain Remediation = "restore-constraint"
	RestoreCondition Remediation = "restore-condition"
)

// Input is all that one evaluation reads. Evaluation is a pure function of it.
type Input struct {
	Change cloud.Change
	Facts  Facts
	Now    time.Time // for `now` and the expiry of exemptions
}

// Result is one policy's verdict on one change, when it is not Compliant.
type Result struct {
	Policy      string
	Title       string
	Severity    Severity
	Verdict     Verdict
	Message     string // the policy's message, rendered; a fixed sentence when it could not be
	Enforcement Enforcement
	// EnforcedBy says which override decided Enforcement ("folders/4001"),
	// empty for the policy's own.
	EnforcedBy string
	// StepUp is what the policy asks of those who answer.
	StepUp StepUp
	// Reasons are sentences: what matched, on which facts, from where; for
	// Unknown, what could not be known and why; last, the policy's advice.
	Reasons []string
	// Grants are the grants that violate, each on its own, in order. When
	// Verdict is Unknown they are those that may violate, and so are
	// InvokerCheck and Identity.
	Grants []cloud.Grant
	// InvokerCheck is true when the disabled invoker check violates by itself.
	InvokerCheck bool
	// Identity is true when the workload's identity violates by itself.
	Identity bool
	// Remediation is what the policy lists, in its order.
	Remediation []Remediation
	// Exemption is set when Verdict is Exempt.
	Exemption *Exemption
	// Needs are the questions whose answers the evaluation lacked: absent
	// from Input.Facts altogether, or there but not Known. A caller answers
	// the absent ones and evaluates again.
	Needs []Question
}

// Exemption is a stated exception from one policy: what it covers, who owns
// it, why, and until when.
type Exemption struct {
	Resource string   // pattern over the full resource name, "*" within one part
	Members  []string // narrows to these members, when set
	Roles    []string // narrows to these roles, when set
	Owner    string
	Reason   string
	Expires  time.Time // the start of the day (UTC) from which it no longer holds
}
