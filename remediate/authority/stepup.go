package authority

import (
	"strings"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// viaIAP begins the Via of an answer whose IAP assertion was verified.
const viaIAP = "iap:"

// StepsUp reports whether the finding is answered on the page behind IAP alone:
// a stolen Slack session must not decide what matters most, in either
// direction.
func (au Authority) StepsUp(f finding.Finding) bool {
	return f.StepUp == policies.StepUpIAP || au.StepUp[f.Severity]
}

// behindIAP reports whether the answer came through IAP. The command line is not
// as good: the credentials it shows live for months in a file.
func behindIAP(a finding.Answer) bool { return strings.HasPrefix(a.Via, viaIAP) }
