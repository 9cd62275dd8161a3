package slack

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"

	"github.com/rescind-dev/rescind/remediate"
)

// Interaction is one click on one of our buttons, as Slack reports it.
type Interaction struct {
	TeamID      string
	AppID       string
	UserID      string
	UserTeamID  string // the clicker's own workspace; another one for guests of a shared channel
	Channel     string
	MessageTS   string
	Choice      remediate.Choice
	FindingID   string
	Revision    int64
	Digest8     string // as the card showed it; remediate.NoPlan for a finding without a plan
	ResponseURL string // takes private notes to the clicker for 30 minutes: a secret
	TriggerID   string
	ActionTS    string
}

// ErrButton is a click on a button that is not one of ours any more, or not
// yet: the person is told so.
var ErrButton = errors.New("the button is from another version of rescind")

// payload is the part of Slack's block_actions that is read.
// https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
type payload struct {
	Type string
	Team struct{ ID string }
	User struct {
		ID     string
		TeamID string `json:"team_id"`
	}
	AppID     string `json:"api_app_id"`
	Channel   struct{ ID string }
	Container struct {
		Type      string
		ChannelID string `json:"channel_id"`
		MessageTS string `json:"message_ts"`
	}
	Actions []struct {
		Type     string
		ActionID string `json:"action_id"`
		Value    string
		ActionTS string `json:"action_ts"`
	}
	ResponseURL string `json:"response_url"`
	TriggerID   string `json:"trigger_id"`
}

// Parse reads the raw body of a request that Verify accepted. It takes a click
// on exactly one button, with everything an answer needs, and nothing else.
// With ErrButton the Interaction still says who clicked and where to answer.
func Parse(body []byte) (Interaction, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return Interaction{}, errors.New("read interaction: the body is not a form")
	}
	if len(form["payload"]) != 1 {
		return Interaction{}, fmt.Errorf("read interaction: %d payloads in the body, want 1", len(form["payload"]))
	}
	var p payload
	if err := json.Unmarshal([]byte(form["payload"][0]), &p); err != nil {
		// The error would quote the payload, which holds the response URL.
		return Interaction{}, errors.New("read interaction: the payload is not the JSON of a click")
	}
	if err := p.check(); err != nil {
		return Interaction{}, fmt.Errorf("read interaction: %w", err)
	}
	return p.interaction()
}

func (p payload) check() error {
	if p.Type != "block_actions" || p.Container.Type != "message" {
		return errors.New("not a click on a message")
	}
	if len(p.Actions) != 1 {
		return fmt.Errorf("%d actions, want 1", len(p.Actions))
	}
	for _, f := range []struct{ name, value string }{
		{"team", p.Team.ID}, {"user", p.User.ID}, {"app", p.AppID}, {"channel", p.Channel.ID},
		{"message", p.Container.MessageTS}, {"action time", p.Actions[0].ActionTS},
	} {
		if f.value == "" {
			return errors.New("no " + f.name)
		}
	}
	if p.Container.ChannelID != p.Channel.ID {
		return errors.New("two channels")
	}
	return nil
}

func (p payload) interaction() (Interaction, error) {
	a := p.Actions[0]
	i := Interaction{
		TeamID: p.Team.ID, AppID: p.AppID, UserID: p.User.ID, UserTeamID: p.User.TeamID,
		Channel: p.Channel.ID, MessageTS: p.Container.MessageTS, ActionTS: a.ActionTS,
		ResponseURL: p.ResponseURL, TriggerID: p.TriggerID,
	}
	choice, known := actions[a.ActionID]
	b, ok := parseValue(a.Value)
	if a.Type != "button" || !known || !ok {
		return i, ErrButton
	}
	i.Choice, i.FindingID, i.Revision, i.Digest8 = choice, b.Finding, b.Revision, b.Digest
	return i, nil
}
