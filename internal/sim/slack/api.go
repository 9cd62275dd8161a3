package slack

import (
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
)

// maxText is how long a message's text may be when it is updated; posts
// are held to the same. https://docs.slack.dev/reference/methods/chat.update
const maxText = 4000

// reply is what a method answers, but for "ok".
type reply map[string]any

func refused(code string, details ...string) reply {
	a := reply{"error": code}
	if len(details) > 0 {
		a["response_metadata"] = map[string]any{"messages": details}
	}
	return a
}

func (s *Workspace) methods() map[string]func(url.Values) reply {
	return map[string]func(url.Values) reply{
		"auth.test":             s.authTest,
		"chat.postMessage":      s.postMessage,
		"chat.update":           s.updateMessage,
		"chat.postEphemeral":    s.postEphemeral,
		"users.info":            s.userInfo,
		"conversations.open":    s.openConversation,
		"usergroups.users.list": s.groupUsers,
		"views.open":            s.openView,
		"views.update":          s.updateView,
		"views.publish":         s.publishView,
		"apps.connections.open": s.openSocket,
		"usergroups.list":       s.groups,
		"users.lookupByEmail":   s.userByEmail,
	}
}

func (s *Workspace) serveAPI(w http.ResponseWriter, r *http.Request) {
	method := r.PathValue("method")
	args, token, err := arguments(r)
	if err != nil {
		http.Error(w, "unreadable request", http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	fault := s.fault(method)
	if fault != nil && fault.Status != 0 {
		if fault.RetryAfter != "" {
			w.Header().Set("Retry-After", fault.RetryAfter)
		}
		w.WriteHeader(fault.Status)
		_, _ = io.WriteString(w, fault.Body)
		return
	}
	answer := s.call(method, token, args)
	if fault != nil && fault.Drop {
		hangUp(w)
		return
	}
	_, failed := answer["error"]
	answer["ok"] = !failed
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(answer)
}

func (s *Workspace) fault(method string) *Fault {
	if s.inject == nil {
		return nil
	}
	return s.inject(method)
}

func hangUp(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = conn.Close()
	}
}

// arguments reads a form or a JSON object, and the token from either the
// header or the form. Slack does not read arguments from the query string.
func arguments(r *http.Request) (args url.Values, token string, err error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
	if err != nil {
		return nil, "", err
	}
	token, _ = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if media != "application/json" || len(body) == 0 {
		args, err = url.ParseQuery(string(body))
		if token == "" {
			token = args.Get("token")
		}
		return args, token, err
	}
	var object map[string]json.RawMessage
	if err := json.Unmarshal(body, &object); err != nil {
		return nil, "", err
	}
	args = url.Values{}
	for k, raw := range object {
		var text string
		if json.Unmarshal(raw, &text) != nil {
			text = string(raw)
		}
		args.Set(k, text)
	}
	return args, token, nil
}

func (s *Workspace) call(method, token string, args url.Values) reply {
	do, ok := s.methods()[method]
	switch {
	case !ok:
		return refused("unknown_method")
	case token == "":
		return refused("not_authed")
	case method == "apps.connections.open" && (s.cfg.AppToken == "" || token != s.cfg.AppToken),
		method != "apps.connections.open" && token != s.cfg.Token:
		return refused("invalid_auth")
	}
	return do(args)
}
