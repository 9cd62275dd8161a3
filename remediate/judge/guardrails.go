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
var guardrails = []guardrail{stale, unknown, newContent, trafficAsks, controllerOwned, instanceAsks, lostEarlier, googleManaged, agentUnknown, constraintAsks, nothingToApply}

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
	switch since := g.Plan.Steps[i].After.ChangedSince; {
	case since > 0:
		return Ask, fmt.Sprintf("%s; asked, as the service was changed %d more times after its traffic stood so", why, since)
	case slices.Contains(g.Remediation, policies.RestoreRevision):
		return Revert, why
	}
	return Ask, why + "; asked, as the policy does not list restore-revision itself"
}

// controllerOwned asks about what a product would write again that deploys the
// workload, or may. What is live says who owns it; an entry alone is what somebody
// wrote.
func controllerOwned(_ Judge, g Judgement, c cloud.Change, now Snapshot) (Decision, string) {
	w := cmp.Or(now.Workload, c.Workload)
	switch {
	case w == nil || !writtenAgain(g):
		return "", ""
	case w.Controller != "":
		return Ask, fmt.Sprintf("owned by %s, which would undo a direct change at its next deploy: change it there", w.Controller)
	case w.ControllerWhy != "":
		return Ask, w.ControllerWhy
	}
	return "", ""
}

// instanceAsks keeps what is done about an instance for a person. What runs in one is often
// somebody's work of the moment, and nothing is there to go back to.
func instanceAsks(_ Judge, _ Judgement, c cloud.Change, _ Snapshot) (Decision, string) {
	if c.Resource.Kind != cloud.RunInstance {
		return "", ""
	}
	return Ask, "an instance is never changed without being asked"
}

// lostEarlier keeps a condition for a person that an earlier change took away: which one it
// was is remembered of that event, and nothing bears it out.
func lostEarlier(_ Judge, g Judgement, c cloud.Change, _ Snapshot) (Decision, string) {
	removed := c.Removed()
	for _, s := range g.Plan.Steps {
		if s.Kind == policies.RestoreCondition && len(missingFrom(removed, s.After.Grants)) > 0 {
			return Ask, "the condition was taken away by an earlier change: whether it is to be put back is for a person to say"
		}
	}
	return "", ""
}

// writtenAgain reports whether anything that is to blame is what a controller writes.
// Of an ingress a judgement blames no part, so it is told by the plan, or by there being
// no part at all.
func writtenAgain(g Judgement) bool {
	return g.Identity || len(g.Grants) == 0 && !g.InvokerCheck || slices.ContainsFunc(g.Plan.Steps, func(s Step) bool {
		return s.Kind == policies.RestoreIdentity || s.Kind == policies.RestoreIngress
	})
}

func googleManaged(_ Judge, g Judgement, _ cloud.Change, _ Snapshot) (Decision, string) {
	if len(g.agents.own) == 0 || g.blames() {
		return "", ""
	}
	return Report, "the members are Google-managed accounts, which are never touched"
}

// agentUnknown asks where the plan takes something from an agent that may be the
// organization's own.
func agentUnknown(_ Judge, g Judgement, _ cloud.Change, _ Snapshot) (Decision, string) {
	doubts := g.agents.doubts(g.Plan.Grants(), true)
	if len(doubts) == 0 {
		return "", ""
	}
	return Ask, "a service agent that may be the organization's own: " + strings.Join(doubts, "; ")
}

func nothingToApply(_ Judge, g Judgement, _ cloud.Change, _ Snapshot) (Decision, string) {
	if g.Plan.Executable() || g.Verdict != policies.Violation {
		return "", ""
	}
	return Ask, g.Plan.Missing
}
