package slack

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"

	"github.com/gorilla/websocket"
)

// socket is a connection that the app opened for what Slack would
// otherwise post. https://docs.slack.dev/apis/events-api/using-socket-mode
type socket struct {
	conn    *websocket.Conn
	mu      sync.Mutex
	waiting map[string]chan json.RawMessage // by envelope id
}

// openSocket hands out an address that is good for one connection.
// https://docs.slack.dev/reference/methods/apps.connections.open
func (s *Workspace) openSocket(url.Values) reply {
	ticket := rand.Text()
	s.tickets[ticket] = true
	return reply{"url": "ws" + strings.TrimPrefix(s.self, "http") + "/socket/" + ticket}
}

func (s *Workspace) serveSocket(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	good := s.tickets[r.PathValue("ticket")]
	delete(s.tickets, r.PathValue("ticket"))
	s.mu.Unlock()
	if !good {
		http.Error(w, "no such ticket", http.StatusNotFound)
		return
	}
	upgrader := websocket.Upgrader{}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer conn.Close()
	c := &socket{conn: conn, waiting: map[string]chan json.RawMessage{}}
	if !s.greet(c) {
		return
	}
	c.read()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.socket == c {
		s.socket = nil
	}
}

// greet makes a connection the app's socket. Whoever was greeted is connected:
// nobody looks in between.
func (s *Workspace) greet(c *socket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c.write(map[string]any{"type": "hello", "num_connections": 1, "connection_info": map[string]any{"app_id": s.cfg.App}}) != nil {
		return false
	}
	s.socket = c
	return true
}

// Connected reports whether the app has a socket open.
func (s *Workspace) Connected() bool { return s.open() != nil }

func (s *Workspace) open() *socket {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.socket
}

// Disconnect ends the app's socket: in good order, asking for a new one, or by
// cutting it.
func (s *Workspace) Disconnect(cut bool) {
	s.mu.Lock()
	c := s.socket
	s.socket = nil
	s.mu.Unlock()
	switch {
	case c == nil:
	case cut:
		_ = c.conn.Close()
	default:
		_ = c.write(map[string]any{"type": "disconnect", "reason": "refresh_requested"})
	}
}

func (c *socket) write(v any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn.WriteJSON(v)
}

// read takes acknowledgements until the connection ends.
func (c *socket) read() {
	for {
		var ack struct {
			ID      string `json:"envelope_id"`
			Payload json.RawMessage
		}
		if c.conn.ReadJSON(&ack) != nil {
			return
		}
		c.mu.Lock()
		answer := c.waiting[ack.ID]
		delete(c.waiting, ack.ID)
		c.mu.Unlock()
		if answer != nil {
			answer <- ack.Payload
		}
	}
}

// send wraps a posted body and waits until the app acknowledges it.
func (c *socket) send(ctx context.Context, body string) ([]byte, error) {
	kind, payload := envelope(body)
	id, answer := rand.Text(), make(chan json.RawMessage, 1)
	c.mu.Lock()
	c.waiting[id] = answer
	c.mu.Unlock()
	if err := c.write(map[string]any{"type": kind, "envelope_id": id, "payload": payload, "accepts_response_payload": kind != "events_api"}); err != nil {
		return nil, err
	}
	select {
	case a := <-answer:
		if kind == "events_api" && len(a) > 0 {
			return nil, errors.New("the app answered an event, which takes no answer, with a payload")
		}
		return a, nil
	case <-ctx.Done():
		return nil, errors.New("the app did not acknowledge in time")
	}
}

// envelope is what an envelope says of a body that would have been posted.
func envelope(body string) (kind string, payload any) {
	if strings.HasPrefix(body, "{") {
		return "events_api", json.RawMessage(body)
	}
	form, _ := url.ParseQuery(body)
	if p := form.Get("payload"); p != "" {
		return "interactive", json.RawMessage(p)
	}
	fields := map[string]string{}
	for k := range form {
		fields[k] = form.Get(k)
	}
	return "slash_commands", fields
}
