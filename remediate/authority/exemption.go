package authority

import (
	"time"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/judge"
)

// MaxExemption is the longest that an exemption may be configured to last:
// beyond it the exemption belongs into a policy file, where it has an owner and
// is reviewed.
const MaxExemption = 365 * 24 * time.Hour

// minExemptReason is how many characters a reason to exempt has at least.
const minExemptReason = 10

// exemptAtMost is how long an exemption lasts at most where nobody configured
// it; one of another severity than these, as long as a critical one.
var exemptAtMost = map[policies.Severity]time.Duration{
	policies.Low: 720 * time.Hour, policies.Medium: 720 * time.Hour, policies.High: 720 * time.Hour, policies.Critical: 168 * time.Hour,
}

// LongestExemption is how long an exemption of a finding of that severity lasts at most,
// and so how long anything that people left as it is stays settled.
func (au Authority) LongestExemption(s policies.Severity) time.Duration {
	for _, most := range []map[policies.Severity]time.Duration{au.MaxExempt, exemptAtMost} {
		if d, ok := most[s]; ok {
			return d
		}
	}
	return exemptAtMost[policies.Critical]
}

// admitsExemption says what is wrong with an answer to exempt, or nil.
func (au Authority) admitsExemption(f finding.Finding, a finding.Answer) error {
	most := au.LongestExemption(f.Severity)
	switch {
	case visible(a.Reason) < minExemptReason:
		return finding.RefuseAs(finding.ClassReason, "an exemption takes a reason of at least %d characters", minExemptReason)
	case !a.Until.After(a.At):
		return finding.RefuseAs(finding.ClassDuration, "an exemption has to end later than now")
	case a.Until.Sub(a.At) > most:
		return finding.RefuseAs(finding.ClassDuration, "an exemption of this severity (%s) lasts at most %s", f.Severity, judge.Span(most))
	}
	return nil
}
