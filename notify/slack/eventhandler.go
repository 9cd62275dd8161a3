package slack

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	api "github.com/slack-go/slack"

	"github.com/rescind-dev/rescind/remediate/desk"
	"github.com/rescind-dev/rescind/remediate/finding"
)

// event is what Slack tells the app unasked, as far as it is read.
// https://docs.slack.dev/apis/events-api
type event struct {
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

func parseEvent(b []byte) (event, error) {
	var e event
	if err := json.Unmarshal(b, &e); err != nil {
		return event{}, errors.New("read event: it is not JSON")
	}
	if e.Type == "url_verification" {
		return e, nil
	}
	return e, present(named{"team", e.TeamID}, named{"app", e.AppID}, named{"type", e.Event.Type})
}

func (e event) person() Interaction {
	return Interaction{TeamID: e.TeamID, AppID: e.AppID, UserID: e.Event.User}
}

// opensHome reports whether somebody looks at the app's home tab.
func (e event) opensHome() bool {
	return e.Type == "event_callback" && e.Event.Type == "app_home_opened" && e.Event.Tab == "home" && e.Event.User != ""
}

// Events is the handler of POST /slack/events. It says who it is when Slack asks,
// and has the home tab drawn for whoever opens it.
func (r *Receiver) Events() http.Handler {
	return r.handler(EventsPath, func(ctx context.Context, s desk.Signed) reply {
		e, err := parseEvent(s.Body)
		if err != nil {
			r.cfg.Log.WarnContext(ctx, "event unreadable", "error", err)
			return failed(http.StatusBadRequest)
		}
		if e.Type == "url_verification" {
			return reply{body: map[string]string{"challenge": e.Challenge}}
		}
		return r.event(ctx, s, e)
	})
}

func (r *Receiver) event(ctx context.Context, s desk.Signed, e event) reply {
	switch {
	case r.foreign(e.person()) || !e.opensHome():
		return reply{}
	case r.cfg.Courier != nil:
		if err := r.cfg.Courier.Send(ctx, s); err != nil {
			r.cfg.Log.WarnContext(ctx, "event not passed on", "error", err)
			return failed(http.StatusServiceUnavailable) // Slack tells it again
		}
	case r.cfg.Later != nil:
		r.cfg.Later(func(ctx context.Context) { _ = r.publishHome(ctx, e.Event.User) })
	}
	return reply{}
}

// takeEvent draws the home tab of an event that travelled.
func (r *Receiver) takeEvent(ctx context.Context, s desk.Signed) error {
	e, err := parseEvent(s.Body)
	if err != nil {
		r.cfg.Log.WarnContext(ctx, "event unreadable", "error", err)
		return nil
	}
	if r.foreign(e.person()) || !e.opensHome() {
		return nil
	}
	_, _, err = r.once(ctx, s, r.signedAt(s), func(ctx context.Context) (string, error) { return "", r.publishHome(ctx, e.Event.User) })
	if finding.ClassOf(err) == finding.ClassLate { // it is drawn when it is opened the next time
		r.cfg.Log.InfoContext(ctx, "home tab not drawn", "slack_user", e.Event.User, "error", err)
		return nil
	}
	return err
}

// publishHome draws the home tab. One that could not be drawn is drawn when it
// is opened the next time.
func (r *Receiver) publishHome(ctx context.Context, userID string) error {
	blocks, err := r.clerk.home(ctx, userID, r.cfg.Now())
	if err != nil {
		r.cfg.Log.WarnContext(ctx, "home tab not drawn", "slack_user", userID, "error", err)
		return err
	}
	_, err = r.api.PublishViewContext(ctx, api.PublishViewContextRequest{UserID: userID, View: api.HomeTabViewRequest{
		Type: api.VTHomeTab, Blocks: api.Blocks{BlockSet: blocks},
	}})
	if err = classify("views.publish", err); err != nil {
		r.cfg.Log.WarnContext(ctx, "home tab not drawn", "slack_user", userID, "error", err)
	}
	return nil
}
