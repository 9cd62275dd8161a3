package slack

import (
	"encoding/json"
	"net/url"
	"strings"
)

func (s *Workspace) authTest(url.Values) reply {
	return reply{"url": s.self, "team": s.cfg.Team, "team_id": s.cfg.Team, "user": "rescind", "user_id": "UBOT", "bot_id": "BBOT"}
}

func isChannel(id string) bool { return len(id) > 1 && strings.Contains("CDG", id[:1]) }

func checkContent(args url.Values) reply {
	if args.Get("text") == "" && args.Get("blocks") == "" {
		return refused("no_text")
	}
	if length(args.Get("text")) > maxText {
		return refused("msg_too_long")
	}
	if code, details := checkMessage(args.Get("blocks")); code != "" {
		return refused(code, details...)
	}
	return nil
}

func (s *Workspace) postMessage(args url.Values) reply {
	channel, thread := args.Get("channel"), args.Get("thread_ts")
	if !isChannel(channel) {
		return refused("channel_not_found")
	}
	if bad := checkContent(args); bad != nil {
		return bad
	}
	if thread != "" && s.find(channel, thread) == nil {
		return refused("message_not_found")
	}
	m := &Message{Channel: channel, TS: s.stamp(), Thread: thread, Text: args.Get("text")}
	if b := args.Get("blocks"); b != "" {
		m.Blocks = json.RawMessage(b)
	}
	s.messages = append(s.messages, m)
	return reply{"channel": m.Channel, "ts": m.TS, "message": map[string]any{"text": m.Text}}
}

func (s *Workspace) updateMessage(args url.Values) reply {
	if !isChannel(args.Get("channel")) { // the id: a name that can be posted to cannot be updated in
		return refused("channel_not_found")
	}
	m := s.find(args.Get("channel"), args.Get("ts"))
	if m == nil {
		return refused("message_not_found")
	}
	if bad := checkContent(args); bad != nil {
		return bad
	}
	m.Text, m.Edits = args.Get("text"), m.Edits+1
	m.Blocks = nil // a text without blocks removes them
	if b := args.Get("blocks"); b != "" {
		m.Blocks = json.RawMessage(b)
	}
	return reply{"channel": m.Channel, "ts": m.TS, "text": m.Text}
}

func (s *Workspace) postEphemeral(args url.Values) reply {
	switch _, ok := s.users[args.Get("user")]; {
	case !isChannel(args.Get("channel")):
		return refused("channel_not_found")
	case !ok:
		return refused("user_not_in_channel")
	}
	if bad := checkContent(args); bad != nil {
		return bad
	}
	if args.Get("thread_ts") == "" { // those in a thread are seen by whoever has it open, which is nobody here
		s.notes = append(s.notes, Note{args.Get("user"), args.Get("channel"), args.Get("text"), s.cfg.Now()})
	}
	return reply{"message_ts": s.stamp()}
}

func (s *Workspace) openConversation(args url.Values) reply {
	u, ok := s.users[args.Get("users")]
	if !ok {
		return refused("user_not_found")
	}
	return reply{"channel": map[string]any{"id": "D" + u.ID}}
}
