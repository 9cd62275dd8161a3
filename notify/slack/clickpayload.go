package slack

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/rescind-dev/rescind/remediate/finding"
)

// Interaction is one thing somebody did with what we showed them in Slack: a
// click on one of our buttons, or one of our forms sent off or closed.
type Interaction struct {
	Source     Source
	TeamID     string
	AppID      string
	UserID     string
	UserTeamID string // the clicker's own workspace; another one for guests of a shared channel
	Channel    string // where the card is that was clicked, or from which the form was opened
	MessageTS  string
	Choice     finding.Choice // what is answered; empty for a button that decides nothing
	All        bool           // it answers all findings of a card, whose group's ID FindingID is
	Page       bool           // a click on `Page on-call`
	FindingID  string
	Revision   int64
	Digest8    string // as the card showed it; finding.NoPlan for a finding without a plan

	Reason string        // of a form
	For    time.Duration // of an exemption's form

	ResponseURL string // takes private notes to the clicker for 30 minutes: a secret; none with a form
	TriggerID   string // opens one form, for three seconds
	ActionTS    string
}

// Source is what an Interaction was done with.
type Source string

// The sources.
const (
	FromButton Source = "button"
	FromForm   Source = "form"        // sent off
	FormClosed Source = "form closed" // without being sent: nothing is to be done
)

// ErrButton is a click on a button, or a form, that is not one of ours any more,
// or not yet: the person is told so.
var ErrButton = errors.New("the button is from another version of rescind")

// payload is the part of Slack's interaction payloads that is read.
// https://docs.slack.dev/reference/interaction-payloads
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
	View        view
	ResponseURL string `json:"response_url"`
	TriggerID   string `json:"trigger_id"`
}

// Parse reads the raw body of a request that Verify accepted. It takes a click
// on exactly one button of a message, or a form that was sent off or closed,
// with everything an answer needs, and nothing else. With ErrButton, or a
// *FormError, the Interaction still says who it was and where to answer.
func Parse(body []byte) (Interaction, error) {
	form, err := url.ParseQuery(string(body))
	if err != nil {
		return Interaction{}, errors.New("read interaction: the body is not a form")
	}
	if len(form["payload"]) != 1 {
		return Interaction{}, fmt.Errorf("read interaction: %d payloads in the body, want 1", len(form["payload"]))
	}
	return parsePayload([]byte(form["payload"][0]))
}

func parsePayload(b []byte) (Interaction, error) {
	var p payload
	if err := json.Unmarshal(b, &p); err != nil {
		// The error would quote the payload, which holds the response URL.
		return Interaction{}, errors.New("read interaction: the payload is not the JSON of a click")
	}
	if err := p.check(); err != nil {
		return Interaction{}, fmt.Errorf("read interaction: %w", err)
	}
	if p.Type == "block_actions" {
		return p.click()
	}
	return p.form()
}

func (p payload) check() error {
	if err := present(named{"team", p.Team.ID}, named{"user", p.User.ID}, named{"app", p.AppID}); err != nil {
		return err
	}
	switch p.Type {
	case "block_actions":
		return p.checkClick()
	case "view_submission", "view_closed":
		return p.View.check()
	}
	return errors.New("neither a click nor a form")
}

func (p payload) checkClick() error {
	if p.Container.Type != "message" {
		return errors.New("not a click on a message")
	}
	if len(p.Actions) != 1 {
		return fmt.Errorf("%d actions, want 1", len(p.Actions))
	}
	if p.Container.ChannelID != p.Channel.ID {
		return errors.New("two channels")
	}
	return present(named{"channel", p.Channel.ID}, named{"message", p.Container.MessageTS}, named{"action time", p.Actions[0].ActionTS})
}

type named struct{ name, value string }

func present(fields ...named) error {
	for _, f := range fields {
		if f.value == "" {
			return errors.New("no " + f.name)
		}
	}
	return nil
}

func (p payload) click() (Interaction, error) {
	a := p.Actions[0]
	i := p.person()
	i.Source, i.Channel, i.MessageTS, i.ActionTS = FromButton, p.Channel.ID, p.Container.MessageTS, a.ActionTS
	does, known := actions[a.ActionID]
	b, ok := parseValue(a.Value)
	if a.Type != "button" || !known || !ok {
		return i, ErrButton
	}
	i.Choice, i.All, i.Page = does.choice(), does.all(), does == actPage
	i.FindingID, i.Revision, i.Digest8 = b.Finding, b.Revision, b.Digest
	return i, nil
}

// person is who it was, and how to reach them.
func (p payload) person() Interaction {
	return Interaction{
		TeamID: p.Team.ID, AppID: p.AppID, UserID: p.User.ID, UserTeamID: p.User.TeamID,
		ResponseURL: p.ResponseURL, TriggerID: p.TriggerID,
	}
}

// opens reports whether the click asks for a form.
func (i Interaction) opens() bool {
	return i.Source == FromButton && (i.Choice == finding.ChooseKeep || i.Choice == finding.ChooseExempt || i.Choice == finding.ChooseUndo)
}

// decides reports whether there is an answer in it.
func (i Interaction) decides() bool {
	return i.Choice != "" && !i.opens() && i.Source != FormClosed
}

// key names the click, the same for every delivery of it.
func (i Interaction) key() string {
	sum := sha256.Sum256([]byte(strings.Join([]string{i.TeamID, i.UserID, i.Channel, i.MessageTS, string(i.Choice), i.ActionTS}, "|")))
	return "rescind-" + hex.EncodeToString(sum[:20])
}
