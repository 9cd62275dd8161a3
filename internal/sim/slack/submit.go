package slack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
)

// ErrNoView is a form that the person does not have open (any more).
var ErrNoView = errors.New("no such form is open")

// Submit has a person fill in a form and send it off: values by block id. What
// Slack itself would not let them send is an error, as is what the app answers
// other than that it is done; what the app objects to stays on the form.
func (s *Workspace) Submit(ctx context.Context, userID, viewID string, values map[string]string) error {
	body, err := s.submissionBody(userID, viewID, values)
	if err != nil {
		return fmt.Errorf("submit form %s: %w", viewID, err)
	}
	answer, err := s.interact(ctx, body)
	if err != nil {
		return fmt.Errorf("submit form %s: %w", viewID, err)
	}
	return s.submitted(viewID, answer)
}

// Dismiss has a person close a form without sending it. The app is told if it
// asked to be, by notify_on_close.
func (s *Workspace) Dismiss(ctx context.Context, userID, viewID string) error {
	body, err := s.viewBody("view_closed", userID, viewID, map[string]any{})
	if err != nil {
		return fmt.Errorf("close form %s: %w", viewID, err)
	}
	var asked struct {
		Notify bool `json:"notify_on_close"`
	}
	s.mu.Lock()
	if v := s.viewBy(viewID, ""); v != nil {
		_ = json.Unmarshal(v.raw, &asked) // it was read when it was opened
	}
	s.views = slices.DeleteFunc(s.views, func(v *View) bool { return v.ID == viewID })
	s.mu.Unlock()
	if !asked.Notify {
		return nil
	}
	if _, err := s.interact(ctx, body); err != nil {
		return fmt.Errorf("close form %s: %w", viewID, err)
	}
	return nil
}

// interact posts a payload to the app's interactions URL.
func (s *Workspace) interact(ctx context.Context, payload string) ([]byte, error) {
	s.mu.Lock()
	to := s.interactions
	s.mu.Unlock()
	return s.post(ctx, to, "application/x-www-form-urlencoded", url.Values{"payload": {payload}}.Encode())
}

// submissionBody is the payload of a view_submission.
func (s *Workspace) submissionBody(userID, viewID string, values map[string]string) (string, error) {
	s.mu.Lock()
	v := s.viewBy(viewID, "")
	var blocks json.RawMessage
	if v != nil {
		blocks = v.Blocks
	}
	s.mu.Unlock()
	state, err := filled(blocks, values)
	if err != nil {
		return "", err
	}
	return s.viewBody("view_submission", userID, viewID, state)
}

// viewBody is the payload that tells the app what became of a form.
// https://docs.slack.dev/reference/interaction-payloads/view-interactions-payload
func (s *Workspace) viewBody(kind, userID, viewID string, state map[string]any) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.viewBy(viewID, "")
	user, ok := s.users[userID]
	if v == nil || !ok || v.User != userID {
		return "", ErrNoView
	}
	var view map[string]any
	if err := json.Unmarshal(v.raw, &view); err != nil {
		return "", err
	}
	view["id"], view["team_id"], view["app_id"], view["hash"] = v.ID, s.cfg.Team, s.cfg.App, strconv.Itoa(v.Edits)
	view["state"] = map[string]any{"values": state}
	payload, err := json.Marshal(map[string]any{
		"type": kind, "api_app_id": s.cfg.App, "enterprise": nil, "is_enterprise_install": false,
		"team":       map[string]any{"id": s.cfg.Team, "domain": "sim"},
		"user":       map[string]any{"id": user.ID, "username": user.Name, "team_id": user.Team},
		"trigger_id": s.trigger(user.ID), "view": view, "response_urls": []any{},
	})
	return string(payload), err
}

// submitted does with the form what the app answered.
func (s *Workspace) submitted(viewID string, answer []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.viewBy(viewID, "")
	if v == nil {
		return ErrNoView
	}
	var a struct {
		Action string            `json:"response_action"`
		Errors map[string]string `json:"errors"`
	}
	if len(answer) > 0 && json.Unmarshal(answer, &a) != nil {
		return errors.New("the app's answer is not JSON")
	}
	switch a.Action {
	case "errors":
		for id := range a.Errors {
			if !v.asks(id) {
				return fmt.Errorf("the app objects to %q, which is no input of the form", id)
			}
		}
		v.Errors = a.Errors
	case "", "clear":
		s.views = slices.DeleteFunc(s.views, func(o *View) bool { return o.ID == viewID })
	default:
		return fmt.Errorf("the app answered response_action %q", a.Action)
	}
	return nil
}
