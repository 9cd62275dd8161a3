package process

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/rescind-dev/rescind/remediate/authority"
	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/group"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/functions"
	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/notify/slack"
	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
)

func newNotifier(c config.Config, o Options, st remediate.Store, groups directories) (group.Plain, error) {
	if !c.Slack.Configured() {
		return logNotifier{o.Log}, nil
	}
	token, err := c.Slack.BotToken.Read(o.Lookup)
	if err != nil {
		return nil, fmt.Errorf("slack.bot_token: %w", err)
	}
	route, err := config.CompileRoutes(c.Slack.Routes)
	if err != nil {
		return nil, err
	}
	var turns *slack.Turns
	if !o.Rushed {
		turns = slack.NewTurns(st, o.Now)
	}
	card := needing(cardOptions(c), lookedUp(c.Approvals.Authority(), groups))
	return slack.NewNotifier(slack.Config{
		Token: slack.Secret(token), APIURL: c.Slack.APIURL, Route: route, Channels: config.Channels(c.Slack.Routes),
		Turns: turns, Card: card, Now: o.Now,
	})
}

// needing has cards say who it takes, and offer no answer that a click cannot give.
func needing(o notify.Options, au authority.Authority) notify.Options {
	o.Needs, o.StepsUp = au.Needs, au.StepsUp
	return o
}

// logNotifier tells the log, where there is no Slack.
type logNotifier struct{ log *slog.Logger }

// Notify logs the finding's state; it has no surface.
func (n logNotifier) Notify(ctx context.Context, f finding.Finding) ([]finding.Surface, error) {
	n.log.InfoContext(ctx, "finding", "finding", f.ID, "policy", f.Policy, "resource", f.Resource.String(),
		"state", string(f.State), "why", f.Why, "actor", f.Change.Actor.Principal)
	return nil, nil
}

// addSlack adds what takes people's answers: from Slack itself, or as a worker
// those that travelled.
func (a *App) addSlack(routes *functions.Routes, takes map[string]functions.Take, c config.Config, o Options) error {
	if !c.Slack.Configured() {
		return nil
	}
	r, err := newReceiver(c, o, nil, a.clerk(c, a.answers(o)), a.later)
	if err != nil {
		return err
	}
	switch {
	case c.Slack.Mode == "socket":
		if a.socket, err = newSocket(c, o, r); err != nil {
			return err
		}
	case o.Role != Worker:
		*routes = slackRoutes(*routes, r)
	}
	takes[desk.SignedBySlack] = r.Take
	return nil
}

func newSocket(c config.Config, o Options, r *slack.Receiver) (*slack.Socket, error) {
	token, err := c.Slack.AppToken.Read(o.Lookup)
	if err != nil {
		return nil, fmt.Errorf("slack.app_token: %w", err)
	}
	return slack.NewSocket(r, slack.SocketConfig{AppToken: slack.Secret(token), Wait: o.Wait})
}

func slackRoutes(routes functions.Routes, r *slack.Receiver) functions.Routes {
	routes.Interactions, routes.Commands, routes.Home = r.Interactions(), r.Commands(), r.Events()
	return routes
}

// newReceiver returns what takes Slack's requests: with a courier it passes
// answers on, without one they are recorded here.
func newReceiver(c config.Config, o Options, courier desk.Courier, clerk *slack.ClerkConfig, later func(func(context.Context))) (*slack.Receiver, error) {
	token, err := c.Slack.BotToken.Read(o.Lookup)
	if err != nil {
		return nil, fmt.Errorf("slack.bot_token: %w", err)
	}
	var secrets []slack.Secret
	for i, s := range c.Slack.SigningSecrets {
		v, err := s.Read(o.Lookup)
		if err != nil {
			return nil, fmt.Errorf("slack.signing_secrets[%d]: %w", i, err)
		}
		secrets = append(secrets, slack.Secret(v))
	}
	return slack.NewReceiver(slack.ReceiverConfig{
		Secrets: secrets, Team: c.Slack.Team, AppID: c.Slack.AppID, Token: slack.Secret(token), APIURL: c.Slack.APIURL,
		Courier: courier, Clerk: clerk, Later: later, ResponseURLs: o.Notes, Now: o.Now, Log: o.Log,
	})
}

// clerk answers what people ask in Slack, and has it carried out.
func (a *App) clerk(c config.Config, answers counter) *slack.ClerkConfig {
	k := &slack.ClerkConfig{
		Approvers: a.people.Principal, Answers: answers, Findings: a.store, Previews: a.Desk(),
		Desk: a.Desk(), BaseURL: c.BaseURL, Channels: config.Channels(c.Slack.Routes),
	}
	if len(pagerNames(c)) > 0 {
		k.OnCall = answers
	}
	return k
}
