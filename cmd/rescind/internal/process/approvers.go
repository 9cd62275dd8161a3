package process

import (
	"context"
	"fmt"
	"time"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/internal/google/directory"
	"github.com/rescind-dev/rescind/notify/slack"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/trail"
)

// people are those of the workspace, nil without Slack.
func people(c config.Config, lookup func(string) (string, bool)) (*slack.People, error) {
	if c.Slack.BotToken == (config.Secret{}) {
		return nil, nil
	}
	token, err := c.Slack.BotToken.Read(lookup)
	if err != nil {
		return nil, fmt.Errorf("slack.bot_token: %w", err)
	}
	a := c.Approvals.Approvers
	return slack.NewPeople(slack.PeopleConfig{
		Token: slack.Secret(token), APIURL: c.Slack.APIURL, Team: c.Slack.Team, Users: a.Users,
		Groups: a.SlackUsergroups, ByMail: a.ByMail(), Domains: a.MailDomains(),
	})
}

// directories are the groups that the configuration names: those whose members are
// approvers, together and nil for none, and those whose members can act through an
// account, by its e-mail.
type directories struct {
	approvers authority.Directory
	acting    map[string]authority.Directory
}

// newDirectories makes no call.
func newDirectories(ctx context.Context, c config.Config, who *slack.People, now func() time.Time) (directories, error) {
	out := directories{acting: map[string]authority.Directory{}}
	var err error
	if out.approvers, err = approvers(ctx, c, who, now); err != nil {
		return directories{}, err
	}
	for account, group := range c.Approvals.ActsForGroups() {
		if out.acting[account], err = googleGroup(ctx, c, group); err != nil {
			return directories{}, err
		}
	}
	return out, nil
}

func googleGroup(ctx context.Context, c config.Config, emails ...string) (authority.Directory, error) {
	return directory.New(ctx, directory.Options{Emails: emails, Endpoint: c.Google.Endpoints.CloudIdentity, Insecure: c.Google.Insecure})
}

func approvers(ctx context.Context, c config.Config, who *slack.People, now func() time.Time) (authority.Directory, error) {
	a := c.Approvals.Approvers
	if !a.Grouped() || a.Misconfigured() != "" {
		return nil, nil
	}
	var all authority.Directories
	if len(a.SlackUsergroups) > 0 {
		if who == nil {
			return nil, fmt.Errorf("approvals.approvers.slack_usergroups: no Slack is configured to look them up in")
		}
		all = append(all, who)
	}
	if len(a.GoogleGroups) > 0 {
		g, err := googleGroup(ctx, c, a.GoogleGroups...)
		if err != nil {
			return nil, err
		}
		all = append(all, g)
	}
	return authority.Remembering(all, now), nil
}

// outOfReach is a directory that this process cannot ask.
type outOfReach struct{ err error }

// Approver says why not.
func (d outOfReach) Approver(context.Context, string, bool) (authority.Membership, error) {
	return authority.Membership{}, d.err
}

// Desk takes decisions where nobody works on what is decided: what it
// records is due at once, for a process that serves. It reaches Google and Slack
// for nothing but who is in a group, where groups may answer.
func Desk(c config.Config, st remediate.Store, ledger *trail.Ledger, lookup func(string) (string, bool)) desk.Desk {
	return desk.Desk{
		Store: st, Authority: lookedUp(c.Approvals.Authority(), groups(c, lookup)), ExpiresIn: time.Duration(c.Approvals.ExpiresIn),
		Now: time.Now, HandOver: true, Ledger: ledger, OnCall: pagerNames(c),
	}
}

// groups are those of the configuration. What cannot be asked from here is a
// failed look-up, not a reason to go on without it.
func groups(c config.Config, lookup func(string) (string, bool)) directories {
	out := directories{approvers: approverGroups(c, lookup), acting: map[string]authority.Directory{}}
	for account, group := range c.Approvals.ActsForGroups() {
		d, err := googleGroup(context.Background(), c, group)
		if err != nil {
			d = outOfReach{err}
		}
		out.acting[account] = d
	}
	return out
}

func approverGroups(c config.Config, lookup func(string) (string, bool)) authority.Directory {
	if lookup == nil {
		lookup = func(string) (string, bool) { return "", false }
	}
	who, err := people(c, lookup)
	if err != nil && len(c.Approvals.Approvers.SlackUsergroups) == 0 {
		who, err = nil, nil // Slack is not asked
	}
	var d authority.Directory
	if err == nil {
		d, err = approvers(context.Background(), c, who, time.Now)
	}
	if err != nil {
		return outOfReach{err}
	}
	return d
}

// lookedUp is the authority with its groups.
func lookedUp(au authority.Authority, groups directories) authority.Authority {
	au.Directory = groups.approvers
	for account, acting := range au.ActsFor {
		acting.Members = groups.acting[account]
		au.ActsFor[account] = acting
	}
	return au
}
