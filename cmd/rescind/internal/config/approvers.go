package config

import (
	"fmt"
	"maps"
	"net/mail"
	"regexp"
	"slices"
	"strings"

	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// Authority is what the configuration says of who may answer, the groups left
// out: those are looked up.
func (a Approvals) Authority() authority.Authority {
	out := authority.Authority{
		Approvers: map[string]bool{},
		Quorum: map[finding.Choice]int{
			finding.ChooseRevert: a.Quorum.Revert, finding.ChooseKeep: a.Quorum.Keep,
			finding.ChooseExempt: a.Quorum.Exempt, finding.ChooseUndo: a.Quorum.Undo,
		},
		MaxExempt: a.MaxExempt.bySeverity(), StepUp: map[policies.Severity]bool{}, ActsFor: a.acting(),
		Misconfigured: a.Approvers.Misconfigured(),
	}
	if a.Approvers.OnlyListed {
		out.Only = map[string]bool{}
	}
	for _, principal := range a.Approvers.Users {
		if a.Approvers.OnlyListed {
			out.Only[principal] = true
		}
		if !a.Approvers.OnlyListed || !a.Approvers.Grouped() { // else groups say which of them
			out.Approvers[principal] = true
		}
	}
	for _, s := range a.StepUp {
		out.StepUp[policies.Severity(s)] = true
	}
	return out
}

// Grouped reports whether the members of any group may answer.
func (a Approvers) Grouped() bool { return len(a.SlackUsergroups)+len(a.GoogleGroups) > 0 }

// ByMail reports whether somebody may be an approver whom the file does not name, by
// the mail of their Slack account.
func (a Approvers) ByMail() bool { return a.Grouped() && !a.OnlyListed }

// people is how many different people the file names.
func (a Approvers) people() int { return finding.People(slices.Collect(maps.Values(a.Users))...) }

// MailDomains are those whose mail names somebody: without a list, those of the
// people who are named. None is any.
func (a Approvers) MailDomains() []string {
	if len(a.Domains) > 0 {
		return a.Domains
	}
	var out []string
	for _, principal := range a.Users {
		if _, domain, ok := strings.Cut(principal, "@"); ok && !slices.Contains(out, strings.ToLower(domain)) {
			out = append(out, strings.ToLower(domain))
		}
	}
	slices.Sort(out)
	return out
}

// usergroupID is the form of a user group's id; its handle, "@oncall", is not it.
var usergroupID = regexp.MustCompile(`^S[A-Z0-9]{2,20}$`)

// Misconfigured says what is wrong with the approvers, or "". It is no error of
// the file: rescind goes on judging and telling, and nobody answers.
func (a Approvers) Misconfigured() string {
	var wrong []string
	for _, g := range a.SlackUsergroups {
		if !usergroupID.MatchString(g) {
			wrong = append(wrong, fmt.Sprintf("slack_usergroups: %q is not the id of a user group, such as S01ONCALL", g))
		}
	}
	for _, g := range a.GoogleGroups {
		if at, err := mail.ParseAddress(g); err != nil || at.Address != g {
			wrong = append(wrong, fmt.Sprintf("google_groups: %q is not a group's address", g))
		}
	}
	for _, d := range a.Domains {
		if d == "" || strings.ContainsAny(d, "@*/ ") {
			wrong = append(wrong, fmt.Sprintf("domains: %q is not a domain, such as example.com", d))
		}
	}
	switch {
	case len(wrong) > 0 || len(a.Users) > 0:
	case a.OnlyListed:
		wrong = append(wrong, "only_listed is true, and users names nobody")
	case !a.Grouped():
		wrong = append(wrong, "it names nobody")
	}
	return strings.Join(wrong, "; ")
}

// Alarms are what is wrong with the approvers, each for a person to mend.
func (a Approvals) Alarms() []string {
	var out []string
	if wrong := a.Approvers.Misconfigured(); wrong != "" {
		return []string{"approvals.approvers: " + wrong + "; every answer is refused"}
	}
	named := a.Approvers.people()
	for _, q := range []struct {
		choice string
		takes  int
	}{{"revert", a.Quorum.Revert}, {"keep", a.Quorum.Keep}, {"exempt", a.Quorum.Exempt}, {"undo", a.Quorum.Undo}} {
		if q.takes > named && (a.Approvers.OnlyListed || !a.Approvers.Grouped()) {
			out = append(out, fmt.Sprintf("approvals.quorum.%s is %d, and approvals.approvers names %d: nobody can", q.choice, q.takes, named))
		}
	}
	return out
}

// StepUpAlarms says that some findings can be answered on a page alone, where
// there are no pages.
func (c Config) StepUpAlarms(ps []policies.Policy) []string {
	steps := len(c.Approvals.StepUp) > 0 || slices.ContainsFunc(ps, func(p policies.Policy) bool { return p.StepUp != "" })
	if !steps || c.IAP.Audience != "" {
		return nil
	}
	return []string{"step_up is asked for, and iap.audience is empty: nobody can answer such a finding"}
}

// OpenDoor says of a configuration that any mail of the workspace names
// somebody; empty where it does not.
func (a Approvers) OpenDoor() string {
	if !a.ByMail() || len(a.MailDomains()) > 0 {
		return ""
	}
	return "approvals.approvers.domains is empty: any confirmed mail of the workspace names somebody, also one of another company"
}

// Mentions is the user group that is mentioned when on-call is paged: where
// nothing is said of escalation, the first of those whose members may answer,
// so that a card's question can always be put to somebody. It is empty where
// there is none.
func (a Approvals) Mentions() string {
	if a.Escalation.Usergroup != "" || a.Escalation.PagerDuty.RoutingKey != (Secret{}) {
		return a.Escalation.Usergroup
	}
	if i := slices.IndexFunc(a.Approvers.SlackUsergroups, usergroupID.MatchString); i >= 0 {
		return a.Approvers.SlackUsergroups[i]
	}
	return ""
}

// Spelled is the principal as the configuration spells it, or as it is: mail
// servers and IAM do not tell the case of addresses apart, and the list of
// approvers does.
func (a Approvals) Spelled(principal string) string {
	for _, known := range a.Approvers.Users {
		if finding.Canonical(known) == finding.Canonical(principal) {
			return known
		}
	}
	return principal
}
