package slack

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// ErrNoButton is a click on a button that the message does not have (any more).
var ErrNoButton = errors.New("no such button in the message")

// patience is how long Slack waits for the app to acknowledge a click.
const patience = 3 * time.Second

// Click has a person press a button of a message as it stands now, and the app
// be told, signed, as Slack tells it. An error is what the person would see.
func (s *Workspace) Click(ctx context.Context, userID, channel, ts, actionID string) error {
	body, err := s.clickBody(userID, channel, ts, actionID)
	if err != nil {
		return fmt.Errorf("click %s on %s in %s: %w", actionID, ts, channel, err)
	}
	if err := s.Send(ctx, body); err != nil {
		return fmt.Errorf("click %s on %s in %s: %w", actionID, ts, channel, err)
	}
	return nil
}

// Send signs a body and posts it to the app's interactions URL, as it is.
func (s *Workspace) Send(ctx context.Context, body string) error {
	s.mu.Lock()
	to := s.interactions
	s.mu.Unlock()
	_, err := s.post(ctx, to, "application/x-www-form-urlencoded", body)
	return err
}

// post signs a body, posts it and returns what the app answered.
func (s *Workspace) post(ctx context.Context, to, contentType, body string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if c := s.open(); c != nil {
		return c.send(ctx, body)
	}
	stamp := strconv.FormatInt(s.cfg.Now().Unix(), 10)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, to, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	mac := hmac.New(sha256.New, []byte(s.cfg.SigningSecret))
	_, _ = io.WriteString(mac, "v0:"+stamp+":"+body)
	req.Header.Set("Content-Type", contentType)
	req.Header.Set("X-Slack-Request-Timestamp", stamp)
	req.Header.Set("X-Slack-Signature", "v0="+hex.EncodeToString(mac.Sum(nil)))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the app answered HTTP %d", res.StatusCode)
	}
	return answer, nil
}

// clickBody is the form of a block_actions request for a stored button.
// https://docs.slack.dev/reference/interaction-payloads/block_actions-payload
func (s *Workspace) clickBody(userID, channel, ts, actionID string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	user, ok := s.users[userID]
	if !ok {
		return "", errors.New("no such user")
	}
	m := s.find(channel, ts)
	if m == nil {
		return "", ErrNoButton
	}
	action, ok := buttonIn(m.Blocks, actionID)
	if !ok {
		return "", ErrNoButton
	}
	key := rand.Text()
	s.responses[key] = &responseURL{channel: channel, ts: ts, user: userID, expires: s.cfg.Now().Add(responseLife)}
	s.sequence++
	action["action_ts"] = strconv.FormatInt(s.cfg.Now().Unix(), 10) + fmt.Sprintf(".%06d", s.sequence)
	payload, err := json.Marshal(map[string]any{
		"type": "block_actions", "api_app_id": s.cfg.App, "enterprise": nil, "is_enterprise_install": false,
		"team":         map[string]any{"id": s.cfg.Team, "domain": "sim"},
		"user":         map[string]any{"id": user.ID, "username": user.Name, "team_id": user.Team},
		"channel":      map[string]any{"id": channel, "name": "sim"},
		"container":    map[string]any{"type": "message", "message_ts": ts, "channel_id": channel, "is_ephemeral": false},
		"message":      map[string]any{"type": "message", "ts": ts, "text": m.Text, "blocks": m.Blocks},
		"trigger_id":   s.trigger(user.ID),
		"response_url": s.self + "/actions/" + key,
		"actions":      []any{action},
	})
	if err != nil {
		return "", err
	}
	return url.Values{"payload": {string(payload)}}.Encode(), nil
}

// buttonIn finds a button in stored blocks, as an action of a payload.
func buttonIn(blocks json.RawMessage, actionID string) (map[string]any, bool) {
	var parsed []struct {
		Type     string
		BlockID  string `json:"block_id"`
		Elements []map[string]any
	}
	// Other blocks' elements have other shapes, and are no buttons.
	_ = json.Unmarshal(blocks, &parsed)
	for _, b := range parsed {
		for _, e := range b.Elements {
			if b.Type == "actions" && e["action_id"] == actionID {
				return map[string]any{"type": "button", "action_id": actionID, "block_id": b.BlockID, "text": e["text"], "value": e["value"]}, true
			}
		}
	}
	return nil, false
}
