package main

import (
	"context"
	"fmt"
	"net/mail"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/internal/google"
	"github.com/rescind-dev/rescind/notify/slack"
	"github.com/rescind-dev/rescind/policies"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// authority is what the configuration says of who may answer, the groups left
// out: those are looked up.
func authority(a approvalsConfig) remediate.Authority {
	out := remediate.Authority{
		Approvers: map[string]bool{},
		Quorum: map[finding.Choice]int{
			finding.ChooseRevert: a.Quorum.Revert, finding.ChooseKeep: a.Quorum.Keep,
			finding.ChooseExempt: a.Quorum.Exempt, finding.ChooseUndo: a.Quorum.Undo,
		},
		MaxExempt: a.MaxExempt.bySeverity(), StepUp: map[policies.Severity]bool{},
		Misconfigured: a.Approvers.misconfigured(),
	}
	for _, principal := range a.Approvers.Users {
		out.Approvers[principal] = true
	}
	for _, s := range a.StepUp {
		out.StepUp[policies.Severity(s)] = true
	}
	return out
}

// people are those of the workspace, nil without Slack.
func people(c config, lookup func(string) (string, bool)) (*slack.People, error) {
	if c.Slack.BotToken == (secret{}) {
		return nil, nil
	}
	token, err := c.Slack.BotToken.read(lookup)
	if err != nil {
		return nil, fmt.Errorf("slack.bot_token: %w", err)
	}
	a := c.Approvals.Approvers
	return slack.NewPeople(slack.PeopleConfig{
		Token: slack.Secret(token), APIURL: c.Slack.APIURL, Team: c.Slack.Team, Users: a.Users,
		Groups: a.SlackUsergroups, ByMail: a.grouped(), Domains: a.domains(),
	})
}

// directory is all groups together, nil where none is configured.
func directory(ctx context.Context, c config, who *slack.People, now func() time.Time) (remediate.Directory, error) {
	a := c.Approvals.Approvers
	if !a.grouped() || a.misconfigured() != "" {
		return nil, nil
	}
	var all remediate.Directories
	if len(a.SlackUsergroups) > 0 {
		if who == nil {
			return nil, fmt.Errorf("approvals.approvers.slack_usergroups: no Slack is configured to look them up in")
		}
		all = append(all, who)
	}
	if len(a.GoogleGroups) > 0 {
		g, err := google.NewGroups(ctx, google.GroupsOptions{
			Emails: a.GoogleGroups, Endpoint: c.Google.Endpoints.CloudIdentity, Insecure: c.Google.Insecure,
		})
		if err != nil {
			return nil, err
		}
		all = append(all, g)
	}
	return remediate.Remembering(all, now), nil
}

// outOfReach is a directory that this process cannot ask.
type outOfReach struct{ err error }

// Approver says why not.
func (d outOfReach) Approver(context.Context, string, bool) (remediate.Membership, error) {
	return remediate.Membership{}, d.err
}

func (a approversConfig) grouped() bool { return len(a.SlackUsergroups)+len(a.GoogleGroups) > 0 }

// domains are those whose mail names somebody: without a list, those of the
// people who are named. None is any.
func (a approversConfig) domains() []string {
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

// misconfigured says what is wrong with the approvers, or "". It is no error of
// the file: rescind goes on judging and telling, and nobody answers.
func (a approversConfig) misconfigured() string {
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
	if len(wrong) == 0 && len(a.Users) == 0 && !a.grouped() {
		wrong = append(wrong, "it names nobody")
	}
	return strings.Join(wrong, "; ")
}

// alarms are what is wrong with the approvers, each for a person to mend.
func (a approvalsConfig) alarms() []string {
	var out []string
	if wrong := a.Approvers.misconfigured(); wrong != "" {
		return []string{"approvals.approvers: " + wrong + "; every answer is refused"}
	}
	named := map[string]bool{}
	for _, principal := range a.Approvers.Users {
		named[strings.ToLower(principal)] = true
	}
	for _, q := range []struct {
		choice string
		takes  int
	}{{"revert", a.Quorum.Revert}, {"keep", a.Quorum.Keep}, {"exempt", a.Quorum.Exempt}, {"undo", a.Quorum.Undo}} {
		if q.takes > len(named) && !a.Approvers.grouped() {
			out = append(out, fmt.Sprintf("approvals.quorum.%s is %d, and approvals.approvers names %d: nobody can", q.choice, q.takes, len(named)))
		}
	}
	return out
}

// stepUpAlarms says that some findings can be answered on a page alone, where
// there are no pages.
func (c config) stepUpAlarms(ps []policies.Policy) []string {
	steps := len(c.Approvals.StepUp) > 0 || slices.ContainsFunc(ps, func(p policies.Policy) bool { return p.StepUp != "" })
	if !steps || c.IAP.Audience != "" {
		return nil
	}
	return []string{"step_up is asked for, and iap.audience is empty: nobody can answer such a finding"}
}

// openDoor says of a configuration that any mail of the workspace names
// somebody; empty where it does not.
func (a approversConfig) openDoor() string {
	if !a.grouped() || len(a.domains()) > 0 {
		return ""
	}
	return "approvals.approvers.domains is empty: any confirmed mail of the workspace names somebody, also one of another company"
}
