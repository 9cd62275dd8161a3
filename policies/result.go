package policies

import (
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
)

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
	// Serving are the revisions that violate by what they run as, where requests are to
	// reach them and the template makes others.
	Serving []cloud.Share
	// Remediation is what the policy lists, in its order.
	Remediation []Remediation
	// Exemption is set when Verdict is Exempt.
	Exemption *Exemption
	// Needs are the questions whose answers the evaluation lacked: absent
	// from Input.Facts altogether, or there but not Known. A caller answers
	// the absent ones and evaluates again.
	Needs []Question
}
