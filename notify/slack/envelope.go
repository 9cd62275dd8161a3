package slack

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/gorilla/websocket"

	"github.com/rescind-dev/rescind/remediate/desk"
)

// envelope is one message of Slack's.
type envelope struct {
	Type       string
	ID         string `json:"envelope_id"`
	Payload    json.RawMessage
	Connection struct {
		AppID string `json:"app_id"`
	} `json:"connection_info"`
}

// handle does what an envelope asks and acknowledges it, once the answer is
// durable: of what was not, Slack shows the person an error.
func (s *Socket) handle(ctx context.Context, c *connection, e envelope) {
	ctx, cancel := context.WithTimeout(ctx, wholeTime)
	defer cancel()
	a := s.receiver.unwrapped(ctx, e)
	if a.status != 0 && a.status != http.StatusOK {
		return
	}
	if err := c.acknowledge(e.ID, a.body); err != nil {
		s.receiver.cfg.Log.WarnContext(ctx, "envelope not acknowledged", "error", err)
	}
}

// unwrapped does what the envelope holds, as if it had been posted.
func (r *Receiver) unwrapped(ctx context.Context, e envelope) reply {
	none := desk.Signed{} // nothing of this can travel
	switch e.Type {
	case "interactive":
		i, err := parsePayload(e.Payload)
		return r.interact(ctx, none, i, err)
	case "slash_commands":
		c, err := parseCommand(formOf(e.Payload))
		if err != nil {
			r.cfg.Log.WarnContext(ctx, "command unreadable", "error", err)
			return failed(http.StatusBadRequest)
		}
		return r.command(ctx, none, c)
	case "events_api":
		t, err := parseEvent(e.Payload)
		if err != nil {
			r.cfg.Log.WarnContext(ctx, "event unreadable", "error", err)
			return failed(http.StatusBadRequest)
		}
		return r.event(ctx, none, t)
	}
	return reply{} // Slack may add kinds; each wants its acknowledgement
}

// formOf is the form that a command is posted as, from the object that it is
// over a socket.
func formOf(object json.RawMessage) []byte {
	var fields map[string]any
	_ = json.Unmarshal(object, &fields) // what is no object has no field, and is refused as that
	form := url.Values{}
	for k, v := range fields {
		if s, ok := v.(string); ok {
			form.Set(k, s)
		}
	}
	return []byte(form.Encode())
}

// connection is one of a socket, to which several acknowledgements may be written.
type connection struct {
	conn     *websocket.Conn
	writing  sync.Mutex
	handling sync.WaitGroup
}

func (c *connection) acknowledge(id string, payload any) error {
	c.writing.Lock()
	defer c.writing.Unlock()
	_ = c.conn.SetWriteDeadline(time.Now().Add(callTimeout))
	return c.conn.WriteJSON(struct {
		ID      string `json:"envelope_id"`
		Payload any    `json:"payload,omitempty"`
	}{id, payload})
}

// close waits for what is being answered.
func (c *connection) close() {
	c.handling.Wait()
	_ = c.conn.Close()
}
