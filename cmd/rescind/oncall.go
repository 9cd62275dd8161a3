package main

import (
	"fmt"
	"slices"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/notify/pagerduty"
	"github.com/rescind-dev/rescind/notify/slack"
	"github.com/rescind-dev/rescind/remediate"
)

// check takes whether there is anybody to page.
func (e escalationConfig) check(k *configCheck, reached bool) {
	k.refuse(e.Usergroup == "" || usergroupID.MatchString(e.Usergroup), "approvals.escalation.usergroup",
		"approvals.escalation.usergroup is %q, want the id of a Slack user group, such as S01ONCALL", e.Usergroup)
	if e.PagerDuty.URL != "" {
		err := pagerduty.CheckURL(e.PagerDuty.URL)
		k.refuse(err == nil, "approvals.escalation.pagerduty.url", "approvals.escalation.pagerduty.url: %v", err)
	}
	k.refuse(e.After == 0 || reached, "approvals.escalation.after",
		"approvals.escalation.after is set, and nobody is there to page: set usergroup or pagerduty")
}

// mentions is the user group that is mentioned when on-call is paged: where
// nothing is said of escalation, the first of those whose members may answer,
// so that a card's question can always be put to somebody. It is empty where
// there is none.
func (a approvalsConfig) mentions() string {
	if a.Escalation.Usergroup != "" || a.Escalation.PagerDuty.RoutingKey != (secret{}) {
		return a.Escalation.Usergroup
	}
	if i := slices.IndexFunc(a.Approvers.SlackUsergroups, usergroupID.MatchString); i >= 0 {
		return a.Approvers.SlackUsergroups[i]
	}
	return ""
}

// newOnCall returns who is paged: PagerDuty, and the user group where there is
// a Slack to mention it in.
func newOnCall(c config, w world, n remediate.Notifier) ([]remediate.Pager, error) {
	var out []remediate.Pager
	e := c.Approvals.Escalation
	if e.PagerDuty.RoutingKey != (secret{}) {
		key, err := e.PagerDuty.RoutingKey.read(w.lookup)
		if err != nil {
			return nil, fmt.Errorf("approvals.escalation.pagerduty.routing_key: %w", err)
		}
		p, err := pagerduty.New(pagerduty.Config{RoutingKey: pagerduty.Key(key), URL: e.PagerDuty.URL, Card: cardOptions(c)})
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	if s, ok := n.(*slack.Notifier); ok && c.Approvals.mentions() != "" {
		p, err := s.OnCall(c.Approvals.mentions())
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}

// pagerNames are the names of those that newOnCall returns, for a process that
// records pages and leaves them to another.
func pagerNames(c config) []string {
	var out []string
	if c.Approvals.Escalation.PagerDuty.RoutingKey != (secret{}) {
		out = append(out, (*pagerduty.Pager)(nil).Name())
	}
	if c.Slack.configured() && c.Approvals.mentions() != "" {
		out = append(out, (*slack.OnCall)(nil).Name())
	}
	return out
}

func cardOptions(c config) notify.Options {
	return notify.Options{BaseURL: c.BaseURL, OnExpiry: remediate.Expiry(c.Approvals.OnExpiry), Page: len(pagerNames(c)) > 0}
}
