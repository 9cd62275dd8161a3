package process

import (
	"fmt"

	"github.com/rescind-dev/rescind/remediate/group"

	"github.com/rescind-dev/rescind/cmd/rescind/internal/config"
	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/notify/pagerduty"
	"github.com/rescind-dev/rescind/notify/slack"
	"github.com/rescind-dev/rescind/remediate"
)

// newOnCall returns who is paged: PagerDuty, and the user group where there is
// a Slack to mention it in.
func newOnCall(c config.Config, o Options, st remediate.Store, n group.Plain) ([]remediate.Pager, error) {
	var out []remediate.Pager
	e := c.Approvals.Escalation
	if e.PagerDuty.RoutingKey != (config.Secret{}) {
		key, err := e.PagerDuty.RoutingKey.Read(o.Lookup)
		if err != nil {
			return nil, fmt.Errorf("approvals.escalation.pagerduty.routing_key: %w", err)
		}
		p, err := pagerduty.New(pagerduty.Config{RoutingKey: pagerduty.Key(key), URL: e.PagerDuty.URL, Card: cardOptions(c)})
		if err != nil {
			return nil, err
		}
		out = append(out, group.NewPager(p, st, o.Now))
	}
	if s, ok := n.(*slack.Notifier); ok && c.Approvals.Mentions() != "" {
		p, err := s.OnCall(c.Approvals.Mentions())
		if err != nil {
			return nil, err
		}
		out = append(out, group.NewPager(p, st, o.Now))
	}
	return out, nil
}

// pagerNames are the names of those that newOnCall returns, for a process that
// records pages and leaves them to another.
func pagerNames(c config.Config) []string {
	var out []string
	if c.Approvals.Escalation.PagerDuty.RoutingKey != (config.Secret{}) {
		out = append(out, (*pagerduty.Pager)(nil).Name())
	}
	if c.Slack.Configured() && c.Approvals.Mentions() != "" {
		out = append(out, (*slack.OnCall)(nil).Name())
	}
	return out
}

func cardOptions(c config.Config) notify.Options {
	return notify.Options{BaseURL: c.BaseURL, OnExpiry: remediate.Expiry(c.Approvals.OnExpiry), Page: len(pagerNames(c)) > 0}
}
