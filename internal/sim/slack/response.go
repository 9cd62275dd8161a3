package slack

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// A response URL takes five answers in thirty minutes.
// https://docs.slack.dev/interactivity/handling-user-interaction
const (
	responseUses = 5
	responseLife = 30 * time.Minute
)

type responseURL struct {
	channel, ts, user string
	uses              int
	expires           time.Time
}

// serveResponse takes what the app answers later: for one person, unless it says
// in_channel. It is held to the limits of any message.
func (s *Workspace) serveResponse(w http.ResponseWriter, r *http.Request) {
	var p struct {
		Text     string
		Type     string `json:"response_type"`
		Replaces bool   `json:"replace_original"`
		Blocks   json.RawMessage
	}
	if err := json.NewDecoder(io.LimitReader(r.Body, 1<<20)).Decode(&p); err != nil {
		http.Error(w, "invalid_payload", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.responses[r.PathValue("key")]
	bad := checkContent(url.Values{"text": {p.Text}, "blocks": {string(p.Blocks)}})
	switch {
	case at == nil || s.cfg.Now().After(at.expires):
		http.Error(w, "expired_url", http.StatusNotFound)
	case at.uses >= responseUses:
		http.Error(w, "used_url", http.StatusNotFound)
	case bad != nil:
		http.Error(w, fmt.Sprint(bad["error"]), http.StatusBadRequest)
	case p.Replaces:
		at.uses++
		if m := s.find(at.channel, at.ts); m != nil {
			m.Text, m.Blocks, m.Edits = p.Text, p.Blocks, m.Edits+1
		}
	case p.Type == "in_channel":
		at.uses++
		s.messages = append(s.messages, &Message{Channel: at.channel, TS: s.stamp(), Text: p.Text, Blocks: p.Blocks})
	default:
		at.uses++
		s.notes = append(s.notes, Note{at.user, at.channel, p.Text, s.cfg.Now()})
	}
	// Slack answers "ok" with no type that every client can read.
}
