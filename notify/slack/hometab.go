package slack

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/rescind-dev/rescind/notify"
	"github.com/rescind-dev/rescind/remediate/fault"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"

	api "github.com/slack-go/slack"
)

// What the parts of the home tab look back and ahead.
const (
	homeDecided = 30 * 24 * time.Hour
	homeEnding  = 7 * 24 * time.Hour
	homeLooks   = 500
)

// home is an inbox: what waits for the person, what they decided, and which
// exemptions end soon. Three lists of twenty are far below Slack's hundred
// blocks.
func (c *clerk) home(ctx context.Context, userID string, now time.Time) ([]api.Block, error) {
	principal, refusal := c.known(ctx, userID)
	if refusal != nil {
		return nothingFor(refusal.Why), nil //nolint:nilerr // why not is what is shown
	}
	var refused *finding.RefusedError
	err := c.cfg.Desk.Admits(ctx, principal)
	switch {
	case errors.As(err, &refused):
		return nothingFor(refused.Why + "."), nil
	case err != nil:
		return nil, err
	}
	var found [3][]finding.Finding
	unread := 0
	for i, q := range []finding.Query{{States: []state.State{state.Pending}}, {Since: now.Add(-homeDecided)}, {States: []state.State{state.Exempted}}} {
		q.Limit = homeLooks
		fs, err := c.cfg.Findings.Findings(ctx, q)
		leftOut, err := fault.Readable(err)
		if err != nil {
			return nil, err
		}
		found[i], unread = fs, max(unread, leftOut) // one may be in several
	}
	var first []api.Block
	if unread > 0 {
		first = append(first, homeText(notify.Unread(unread)))
	}
	decidedBy := func(f finding.Finding) bool {
		return slices.ContainsFunc(f.Answers, func(a finding.Answer) bool { return finding.SamePerson(a.Principal, principal) })
	}
	return slices.Concat(
		first,
		c.part("Waiting for a decision", found[0], func(f finding.Finding) bool { return !decidedBy(f) }),
		c.part("Decided by you in the last 30 days", found[1], decidedBy),
		c.part("Exemptions that end within a week", found[2], func(f finding.Finding) bool {
			return f.Exemption != nil && f.Exemption.Until.After(now) && f.Exemption.Until.Before(now.Add(homeEnding))
		}),
	), nil
}

// nothingFor is the home tab of somebody who may not decide.
func nothingFor(why string) []api.Block {
	return []api.Block{homeText(safe("There is nothing here for you: " + why))}
}

// part is a heading and the findings below it.
func (c *clerk) part(title string, fs []finding.Finding, wanted func(finding.Finding) bool) []api.Block {
	out := []api.Block{api.NewHeaderBlock(plainText(title, maxHeader))}
	left := 0
	for _, f := range fs {
		switch {
		case !wanted(f):
		case len(out) > maxListed:
			left++
		default:
			out = append(out, homeText(c.item(f)))
		}
	}
	switch {
	case left > 0:
		out = append(out, homeText(count(left, "more finding")))
	case len(out) == 1:
		out = append(out, homeText("Nothing."))
	}
	return out
}

func homeText(escaped string) api.Block {
	return api.NewSectionBlock(markdown(escaped), nil, nil)
}
