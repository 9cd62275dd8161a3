package slack

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strconv"
)

// Command has a person write a slash command in a channel, and the app be told,
// signed. What the app answers at once is a private note.
// https://docs.slack.dev/interactivity/implementing-slash-commands
func (s *Workspace) Command(ctx context.Context, userID, channel, command, text string) error {
	s.mu.Lock()
	user, ok := s.users[userID]
	key := rand.Text()
	s.responses[key] = &responseURL{channel: channel, user: userID, expires: s.cfg.Now().Add(responseLife)}
	form := url.Values{
		"token": {"legacy"}, "team_id": {user.Team}, "team_domain": {"sim"}, "channel_id": {channel}, "channel_name": {"sim"},
		"user_id": {user.ID}, "user_name": {user.Name}, "command": {command}, "text": {text}, "api_app_id": {s.cfg.App},
		"is_enterprise_install": {"false"}, "response_url": {s.self + "/actions/" + key}, "trigger_id": {s.trigger(userID)},
	}
	to := s.commands
	s.mu.Unlock()
	if !ok {
		return errors.New("no such user")
	}
	answer, err := s.post(ctx, to, "application/x-www-form-urlencoded", form.Encode())
	if err != nil {
		return fmt.Errorf("%s %s: %w", command, text, err)
	}
	return s.commandAnswered(userID, channel, answer)
}

func (s *Workspace) commandAnswered(userID, channel string, answer []byte) error {
	if len(answer) == 0 {
		return nil
	}
	var a struct {
		Type string `json:"response_type"`
		Text string
	}
	if json.Unmarshal(answer, &a) != nil || a.Type != "ephemeral" || a.Text == "" || length(a.Text) > maxText {
		return fmt.Errorf("the app answered with what is no private note: %q", answer)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notes = append(s.notes, Note{userID, channel, a.Text, s.cfg.Now()})
	return nil
}

// OpenHome has a person look at the app's home tab, and the app be told.
// https://docs.slack.dev/reference/events/app_home_opened
func (s *Workspace) OpenHome(ctx context.Context, userID string) error {
	s.mu.Lock()
	stamp, to := s.stamp(), s.events
	body, err := json.Marshal(map[string]any{
		"type": "event_callback", "team_id": s.cfg.Team, "api_app_id": s.cfg.App, "event_id": "Ev" + rand.Text(),
		"event_time": s.cfg.Now().Unix(),
		"event":      map[string]any{"type": "app_home_opened", "user": userID, "channel": "D" + userID, "tab": "home", "event_ts": stamp},
	})
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if _, err := s.post(ctx, to, "application/json", string(body)); err != nil {
		return fmt.Errorf("open the home tab: %w", err)
	}
	return nil
}

// VerifyURL asks the app, signed, whether it is there; it must say what it was
// told. https://docs.slack.dev/reference/events/url_verification
func (s *Workspace) VerifyURL(ctx context.Context) error {
	s.mu.Lock()
	s.sequence++
	challenge, to := "challenge-"+strconv.Itoa(s.sequence), s.events
	s.mu.Unlock()
	answer, err := s.post(ctx, to, "application/json", `{"type":"url_verification","token":"legacy","challenge":"`+challenge+`"}`)
	if err != nil {
		return err
	}
	var a struct{ Challenge string }
	if json.Unmarshal(answer, &a) != nil || a.Challenge != challenge {
		return fmt.Errorf("the app answered %q", answer)
	}
	return nil
}
