package config

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/notify/pagerduty"
	"github.com/rescind-dev/rescind/remediate/authority"
)

func (a Approvals) check(k *checks) {
	k.refuse(a.ExpiresIn > 0, "approvals.expires_in", "approvals.expires_in is 0s: a question would expire before anyone reads it")
	k.refuse(slices.Contains([]string{"leave", "revert", "escalate"}, a.OnExpiry), "approvals.on_expiry",
		"approvals.on_expiry is %q, want leave, revert or escalate", a.OnExpiry)
	a.Escalation.check(k, a.Mentions() != "" || a.Escalation.PagerDuty.RoutingKey != Secret{})
	for choice, n := range map[string]int{"revert": a.Quorum.Revert, "keep": a.Quorum.Keep, "exempt": a.Quorum.Exempt, "undo": a.Quorum.Undo} {
		k.refuse(n >= 1, "approvals.quorum."+choice, "approvals.quorum.%s is %d, want at least 1", choice, n)
	}
	for severity, d := range a.MaxExempt.bySeverity() {
		k.refuse(d <= authority.MaxExemption, "approvals.max_exempt."+string(severity),
			"approvals.max_exempt.%s is %s, want at most %s: what lasts longer belongs into a policy file", severity, d, authority.MaxExemption)
	}
	for i, s := range a.StepUp {
		k.refuse(slices.Contains([]string{"low", "medium", "high", "critical"}, s), fmt.Sprintf("approvals.step_up[%d]", i),
			"approvals.step_up: %q is not a severity, want low, medium, high or critical", s)
	}
	a.checkActsFor(k)
	for id, principal := range a.Approvers.Users {
		email, ok := strings.CutPrefix(principal, "user:")
		k.refuse(ok && strings.Contains(email, "@"), "approvals.approvers.users."+id,
			"approvals.approvers.users: %s is %q, want user:E-MAIL, as the audit log names people", id, principal)
	}
}

func (g Guardrails) check(k *checks) {
	for key, n := range map[string]int{
		"max_reverts.per_policy_per_hour": g.MaxReverts.PerPolicy, "max_reverts.per_project_per_hour": g.MaxReverts.PerProject,
		"max_reverts.per_actor_per_hour": g.MaxReverts.PerActor, "max_reverts.total_per_hour": g.MaxReverts.Total, "fight.same_change": g.Fight.SameChange,
	} {
		k.refuse(n >= 1, "guardrails."+key, "guardrails.%s is %d, want at least 1; to revert nothing unasked, set policies to approve", key, n)
	}
	reserve := g.MaxReverts.ReservePercent
	k.refuse(reserve >= 0 && reserve <= 100, "guardrails.max_reverts.reserve_percent",
		"guardrails.max_reverts.reserve_percent is %d, want 1 to 100, or 0 to keep nothing for findings of high and critical severity", reserve)
	for key, d := range map[string]Duration{"max_event_age": g.MaxEventAge, "fight.within": g.Fight.Within} {
		k.refuse(d > 0, "guardrails."+key, "guardrails.%s is %s, want a duration above zero", key, time.Duration(d))
	}
}

// check takes whether there is anybody to page.
func (e Escalation) check(k *checks, reached bool) {
	k.refuse(e.Usergroup == "" || usergroupID.MatchString(e.Usergroup), "approvals.escalation.usergroup",
		"approvals.escalation.usergroup is %q, want the id of a Slack user group, such as S01ONCALL", e.Usergroup)
	if e.PagerDuty.URL != "" {
		err := pagerduty.CheckURL(e.PagerDuty.URL)
		k.refuse(err == nil, "approvals.escalation.pagerduty.url", "approvals.escalation.pagerduty.url: %v", err)
	}
	k.refuse(e.After == 0 || reached, "approvals.escalation.after",
		"approvals.escalation.after is set, and nobody is there to page: set usergroup or pagerduty")
}
