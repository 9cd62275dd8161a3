package judge

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/cloud"
	"github.com/rescind-dev/rescind/policies"
)

// A guardrail looks at a judgement and says what the decision may be at most,
// and why; an empty why means that it has nothing to say. The guardrails that
// need the store (fights and rates) are in remediate/limits.go.
type guardrail func(j Judge, g Judgement, c cloud.Change, now Snapshot) (atMost Decision, why string)

// guardrails, in the order of the documentation. Each adds its own reason.
var guardrails = []guardrail{stale, unknown, newContent, trafficAsks, controllerOwned, googleManaged, constraintAsks, nothingToApply}

// maxSkew is how far a clock at Google may be ahead of ours.
const maxSkew = 5 * time.Minute

func stale(j Judge, g Judgement, c cloud.Change, now Snapshot) (Decision, string) {
	age := now.At.Sub(c.Time)
	switch {
	case j.MaxEventAge == 0:
		return "", ""
	case c.Time.IsZero():
		return Ask, "the entry does not say when the change was made"
	case age < -maxSkew:
		return Ask, fmt.Sprintf("the entry is dated %s ahead: its time cannot be trusted", (-age).Round(time.Second))
	case age <= j.MaxEventAge:
		return "", ""
	}
	return Ask, fmt.Sprintf("stale: the change is %s old, and nothing older than %s is reverted without being asked",
		Span(age), Span(j.MaxEventAge))
}

func unknown(_ Judge, g Judgement, _ cloud.Change, _ Snapshot) (Decision, string) {
	if g.Verdict != policies.Unknown {
		return "", ""
	}
	return Ask, "not certain: what is unknown is never reverted without being asked"
}

// newContent keeps what somebody chose to run from rights that they did not have,
// unless a person gives them.
func newContent(_ Judge, g Judgement, _ cloud.Change, now Snapshot) (Decision, string) {
	for _, s := range g.Plan.Steps {
		if s.Kind != policies.RestoreIdentity || s.After.ServiceAccount == "" {
			continue
		}
		if why := newContentAs(now.Workload, s.After.ServiceAccount); why != "" {
			return Ask, "new content: what is deployed now would run as " + s.After.ServiceAccount + "; " + why
		}
	}
	return "", ""
}

// trafficAsks keeps a change of traffic for a person, unless the policy says itself that
// it is to be made.
func trafficAsks(_ Judge, g Judgement, _ cloud.Change, now Snapshot) (Decision, string) {
	i := slices.IndexFunc(g.Plan.Steps, func(s Step) bool { return s.Kind == policies.RestoreRevision })
	if i < 0 {
		return "", ""
	}
	why := "the traffic is given back: no account changes"
	if w := now.Workload; len(w.Content.Changes) > 0 {
		why = fmt.Sprintf("new content: as %s it would have rights that it did not have, so the traffic is given back instead; %s",
			cmp.Or(w.Previous.Email, "the account of before"), strings.Join(w.Content.Changes, "; "))
	}
	if slices.Contains(g.Remediation, policies.RestoreRevision) {
		return Revert, why
	}
	return Ask, why + "; asked, as the policy does not list restore-revision itself"
}

// controllerOwned asks about what a product would write again that deploys the
// workload. Who may call the workload it does not write, and whoever sets its label
// on one of theirs must not keep a grant by it.
func controllerOwned(_ Judge, g Judgement, c cloud.Change, now Snapshot) (Decision, string) {
	if len(g.Grants) > 0 && !g.InvokerCheck && !g.Identity {
		return "", ""
	}
	for _, w := range []*cloud.Workload{now.Workload, c.Workload} {
		if w != nil && w.Controller != "" {
			return Ask, fmt.Sprintf("owned by %s, which would undo a direct change at its next deploy: change it there", w.Controller)
		}
	}
	return "", ""
}

func googleManaged(_ Judge, g Judgement, _ cloud.Change, _ Snapshot) (Decision, string) {
	isManaged := func(gr cloud.Grant) bool {
		email, ok := gr.Member.ServiceAccount()
		return ok && cloud.IsGoogleManaged(email)
	}
	if len(g.Grants) == 0 || g.InvokerCheck || g.Identity || slices.ContainsFunc(g.Grants, func(gr cloud.Grant) bool { return !isManaged(gr) }) {
		return "", ""
	}
	return Report, "the members are Google-managed accounts, which are never touched"
}

func nothingToApply(_ Judge, g Judgement, _ cloud.Change, _ Snapshot) (Decision, string) {
	if g.Plan.Executable() || g.Verdict != policies.Violation {
		return "", ""
	}
	return Ask, g.Plan.Missing
}
