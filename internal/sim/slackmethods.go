package sim

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

func (s *Slack) authTest(url.Values) slackAnswer {
	return slackAnswer{"url": s.self, "team": s.cfg.Team, "team_id": s.cfg.Team, "user": "rescind", "user_id": "UBOT", "bot_id": "BBOT"}
}

func slackChannel(id string) bool { return len(id) > 1 && strings.Contains("CDG", id[:1]) }

func slackContent(args url.Values) slackAnswer {
	if args.Get("text") == "" && args.Get("blocks") == "" {
		return slackError("no_text")
	}
	if slackLen(args.Get("text")) > slackMaxText {
		return slackError("msg_too_long")
	}
	if code, details := slackCheck(args.Get("blocks")); code != "" {
		return slackError(code, details...)
	}
	return nil
}

func (s *Slack) postMessage(args url.Values) slackAnswer {
	channel, thread := args.Get("channel"), args.Get("thread_ts")
	if !slackChannel(channel) {
		return slackError("channel_not_found")
	}
	if bad := slackContent(args); bad != nil {
		return bad
	}
	if thread != "" && s.find(channel, thread) == nil {
		return slackError("message_not_found")
	}
	m := &SlackMessage{Channel: channel, TS: s.stamp(), Thread: thread, Text: args.Get("text")}
	if b := args.Get("blocks"); b != "" {
		m.Blocks = json.RawMessage(b)
	}
	s.messages = append(s.messages, m)
	return slackAnswer{"channel": m.Channel, "ts": m.TS, "message": map[string]any{"text": m.Text}}
}

func (s *Slack) updateMessage(args url.Values) slackAnswer {
	m := s.find(args.Get("channel"), args.Get("ts"))
	if m == nil {
		return slackError("message_not_found")
	}
	if bad := slackContent(args); bad != nil {
		return bad
	}
	m.Text, m.Edits = args.Get("text"), m.Edits+1
	m.Blocks = nil // a text without blocks removes them
	if b := args.Get("blocks"); b != "" {
		m.Blocks = json.RawMessage(b)
	}
	return slackAnswer{"channel": m.Channel, "ts": m.TS, "text": m.Text}
}

func (s *Slack) postEphemeral(args url.Values) slackAnswer {
	switch _, ok := s.users[args.Get("user")]; {
	case !slackChannel(args.Get("channel")):
		return slackError("channel_not_found")
	case !ok:
		return slackError("user_not_in_channel")
	}
	if bad := slackContent(args); bad != nil {
		return bad
	}
	if args.Get("thread_ts") == "" { // those in a thread are seen by whoever has it open, which is nobody here
		s.notes = append(s.notes, SlackNote{args.Get("user"), args.Get("channel"), args.Get("text"), s.cfg.Now()})
	}
	return slackAnswer{"message_ts": s.stamp()}
}

func (s *Slack) userInfo(args url.Values) slackAnswer {
	u, ok := s.users[args.Get("user")]
	if !ok {
		return slackError("user_not_found")
	}
	return slackAnswer{"user": slackUserObject(u)}
}

func (s *Slack) openConversation(args url.Values) slackAnswer {
	u, ok := s.users[args.Get("users")]
	if !ok {
		return slackError("user_not_found")
	}
	return slackAnswer{"channel": map[string]any{"id": "D" + u.ID}}
}

func (s *Slack) groupUsers(args url.Values) slackAnswer {
	members, ok := s.cfg.Groups[args.Get("usergroup")]
	if !ok {
		return slackError("no_such_subteam")
	}
	return slackAnswer{"users": slices.Clone(members)}
}
