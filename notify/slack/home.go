package slack

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"time"

	api "github.com/slack-go/slack"

	"github.com/rescind-dev/rescind/remediate"
	"github.com/rescind-dev/rescind/remediate/finding"
	"github.com/rescind-dev/rescind/remediate/state"
)

// told is what Slack tells the app unasked, as far as it is read.
// https://docs.slack.dev/apis/events-api
type told struct {
	Type      string
	Challenge string
	TeamID    string `json:"team_id"`
	AppID     string `json:"api_app_id"`
	Event     struct {
		Type string
		User string
		Tab  string
	}
}

func parseEvent(b []byte) (told, error) {
	var e told
	if err := json.Unmarshal(b, &e); err != nil {
		return told{}, errors.New("read event: it is not JSON")
	}
	if e.Type == "url_verification" {
		return e, nil
	}
	return e, present(named{"team", e.TeamID}, named{"app", e.AppID}, named{"type", e.Event.Type})
}

func (e told) person() Interaction {
	return Interaction{TeamID: e.TeamID, AppID: e.AppID, UserID: e.Event.User}
}

// opensHome reports whether somebody looks at the app's home tab.
func (e told) opensHome() bool {
	return e.Type == "event_callback" && e.Event.Type == "app_home_opened" && e.Event.Tab == "home" && e.Event.User != ""
}

// Events is the handler of POST /slack/events. It says who it is when Slack asks,
// and has the home tab drawn for whoever opens it.
func (r *Receiver) Events() http.Handler {
	return r.handler(EventsPath, func(ctx context.Context, s remediate.Signed) reply {
		e, err := parseEvent(s.Body)
		if err != nil {
			r.Log.WarnContext(ctx, "event unreadable", "error", err)
			return failed(http.StatusBadRequest)
		}
		if e.Type == "url_verification" {
			return reply{body: map[string]string{"challenge": e.Challenge}}
		}
		return r.event(ctx, s, e)
	})
}

func (r *Receiver) event(ctx context.Context, s remediate.Signed, e told) reply {
	switch {
	case r.foreign(e.person()) || !e.opensHome():
		return reply{}
	case r.Courier != nil:
		if err := r.Courier.Send(ctx, s); err != nil {
			r.Log.WarnContext(ctx, "event not passed on", "error", err)
			return failed(http.StatusServiceUnavailable) // Slack tells it again
		}
	case r.Later != nil:
		r.Later(func(ctx context.Context) { _ = r.publishHome(ctx, e.Event.User) })
	}
	return reply{}
}

// takeEvent draws the home tab of an event that travelled.
func (r *Receiver) takeEvent(ctx context.Context, s remediate.Signed) error {
	e, err := parseEvent(s.Body)
	if err != nil {
		r.Log.WarnContext(ctx, "event unreadable", "error", err)
		return nil
	}
	if r.foreign(e.person()) || !e.opensHome() {
		return nil
	}
	return r.publishHome(ctx, e.Event.User)
}

// publishHome draws the home tab. One that could not be drawn is drawn when it
// is opened the next time.
func (r *Receiver) publishHome(ctx context.Context, userID string) error {
	blocks, err := r.Clerk.home(ctx, userID, r.Now())
	if err != nil {
		r.Log.WarnContext(ctx, "home tab not drawn", "slack_user", userID, "error", err)
		return err
	}
	_, err = r.api.PublishViewContext(ctx, api.PublishViewContextRequest{UserID: userID, View: api.HomeTabViewRequest{
		Type: api.VTHomeTab, Blocks: api.Blocks{BlockSet: blocks},
	}})
	if err = classify("views.publish", err); err != nil {
		r.Log.WarnContext(ctx, "home tab not drawn", "slack_user", userID, "error", err)
	}
	return nil
}

// What the parts of the home tab look back and ahead.
const (
	homeDecided = 30 * 24 * time.Hour
	homeEnding  = 7 * 24 * time.Hour
	homeLooks   = 500
)

// home is an inbox: what waits for the person, what they decided, and which
// exemptions end soon. Three lists of twenty are far below Slack's hundred
// blocks.
func (c *Clerk) home(ctx context.Context, userID string, now time.Time) ([]api.Block, error) {
	principal, no := c.known(ctx, userID)
	if no != nil {
		return nothingFor(no.Why), nil //nolint:nilerr // why not is what is shown
	}
	var refused *finding.RefusedError
	err := c.Desk.Admits(ctx, principal)
	switch {
	case errors.As(err, &refused):
		return nothingFor(refused.Why + "."), nil
	case err != nil:
		return nil, err
	}
	waiting, err := c.Findings.Findings(ctx, finding.Query{States: []state.State{state.Pending}, Limit: homeLooks})
	if err != nil {
		return nil, err
	}
	recent, err := c.Findings.Findings(ctx, finding.Query{Since: now.Add(-homeDecided), Limit: homeLooks})
	if err != nil {
		return nil, err
	}
	exempted, err := c.Findings.Findings(ctx, finding.Query{States: []state.State{state.Exempted}, Limit: homeLooks})
	if err != nil {
		return nil, err
	}
	decidedBy := func(f finding.Finding) bool {
		return slices.ContainsFunc(f.Answers, func(a finding.Answer) bool { return a.Principal == principal })
	}
	return slices.Concat(
		c.part("Waiting for a decision", waiting, func(f finding.Finding) bool { return !decidedBy(f) }),
		c.part("Decided by you in the last 30 days", recent, decidedBy),
		c.part("Exemptions that end within a week", exempted, func(f finding.Finding) bool {
			return f.Exemption != nil && f.Exemption.Until.After(now) && f.Exemption.Until.Before(now.Add(homeEnding))
		}),
	), nil
}

// nothingFor is the home tab of somebody who may not decide.
func nothingFor(why string) []api.Block {
	return []api.Block{homeText(safe("There is nothing here for you: " + why))}
}

// part is a heading and the findings below it.
func (c *Clerk) part(title string, fs []finding.Finding, wanted func(finding.Finding) bool) []api.Block {
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
