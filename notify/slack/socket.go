package slack

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
	api "github.com/slack-go/slack"

	"github.com/rescind-dev/rescind/remediate"
)

// SocketConfig is what a Socket needs beside its receiver.
type SocketConfig struct {
	AppToken Secret // app-level token with the scope connections:write
	// Wait pauses before it connects again, or until the context ends.
	Wait func(ctx context.Context, d time.Duration) error
}

// Socket takes over a connection of its own what Slack would otherwise post:
// for where nothing can be reached from the internet. What comes over it is not
// signed; that it is Slack's is for TLS, and the token that opened it, to say.
// https://docs.slack.dev/apis/events-api/using-socket-mode
type Socket struct {
	SocketConfig
	receiver *Receiver
	api      *api.Client
}

// NewSocket returns a Socket for a receiver that answers by itself: one that
// passes on could only pass on what is signed.
func NewSocket(r *Receiver, c SocketConfig) (*Socket, error) {
	switch {
	case c.AppToken == "":
		return nil, errors.New("slack socket: the app token is empty")
	case c.Wait == nil:
		return nil, errors.New("slack socket: no way to wait")
	case r.Clerk == nil:
		return nil, errors.New("slack socket: nobody here answers")
	}
	return &Socket{c, r, newClient(r.Token, r.APIURL, api.OptionAppLevelToken(string(c.AppToken)))}, nil
}

// How long a Socket waits: for a connection, for a sign of life (Slack pings
// every few seconds), and before it connects again.
const (
	socketConnect  = 10 * time.Second
	socketSilence  = time.Minute
	socketMinPause = time.Second
	socketMaxPause = 30 * time.Second
)

// Run takes what comes until ctx ends, over one connection after the other.
func (s *Socket) Run(ctx context.Context) {
	pause := socketMinPause
	for ctx.Err() == nil {
		worked, err := s.session(ctx)
		if ctx.Err() != nil {
			return
		}
		if worked {
			pause = socketMinPause
		}
		if err == nil { // Slack asked for a new one
			continue
		}
		s.receiver.Log.WarnContext(ctx, "no connection to Slack, clicks cannot come in", "error", err, "again_in", pause.String())
		if s.Wait(ctx, pause) != nil {
			return
		}
		pause = min(2*pause, socketMaxPause)
	}
}

// session is one connection. It returns nil when Slack ended it in good order,
// and whether it ever worked.
func (s *Socket) session(ctx context.Context) (worked bool, err error) {
	conn, err := s.connect(ctx)
	if err != nil {
		return false, err
	}
	line := &line{conn: conn}
	defer line.close()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() }) // ends a read that waits
	defer stop()
	ping := conn.PingHandler()
	conn.SetPingHandler(func(data string) error {
		_ = conn.SetReadDeadline(time.Now().Add(socketSilence))
		return ping(data)
	})
	for {
		_ = conn.SetReadDeadline(time.Now().Add(socketSilence))
		var e envelope
		if err := conn.ReadJSON(&e); err != nil {
			return worked, errors.New("slack socket: the connection was cut, or said what cannot be read")
		}
		switch e.Type {
		case "hello":
			if s.receiver.AppID != "" && e.Connection.AppID != s.receiver.AppID {
				return worked, errors.New("slack socket: the app token is of another app than slack.app_id")
			}
			worked = true
		case "disconnect":
			return worked, nil
		default:
			line.handling.Go(func() { s.handle(ctx, line, e) })
		}
	}
}

// connect asks for an address and connects to it. The address is a secret for
// as long as it is good, so no error names it.
func (s *Socket) connect(ctx context.Context) (*websocket.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, socketConnect)
	defer cancel()
	_, to, err := s.api.StartSocketModeContext(ctx)
	if err != nil {
		return nil, classify("apps.connections.open", err)
	}
	if !strings.HasPrefix(to, "wss://") && s.receiver.APIURL == "" {
		return nil, errors.New("slack socket: the address is not wss")
	}
	dialer := websocket.Dialer{Proxy: http.ProxyFromEnvironment, HandshakeTimeout: socketConnect}
	conn, res, err := dialer.DialContext(ctx, to, nil)
	if err != nil {
		return nil, errors.New("slack socket: no connection")
	}
	_ = res.Body.Close()
	conn.SetReadLimit(maxBody)
	return conn, nil
}

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
func (s *Socket) handle(ctx context.Context, l *line, e envelope) {
	ctx, cancel := context.WithTimeout(ctx, wholeTime)
	defer cancel()
	a := s.receiver.unwrapped(ctx, e)
	if a.status != 0 && a.status != http.StatusOK {
		return
	}
	if err := l.acknowledge(e.ID, a.body); err != nil {
		s.receiver.Log.WarnContext(ctx, "envelope not acknowledged", "error", err)
	}
}

// unwrapped does what the envelope holds, as if it had been posted.
func (r *Receiver) unwrapped(ctx context.Context, e envelope) reply {
	none := remediate.Signed{} // nothing of this can travel
	switch e.Type {
	case "interactive":
		i, err := parsePayload(e.Payload)
		return r.interact(ctx, none, i, err)
	case "slash_commands":
		c, err := parseCommand(formOf(e.Payload))
		if err != nil {
			r.Log.WarnContext(ctx, "command unreadable", "error", err)
			return failed(http.StatusBadRequest)
		}
		return r.command(ctx, none, c)
	case "events_api":
		t, err := parseEvent(e.Payload)
		if err != nil {
			r.Log.WarnContext(ctx, "event unreadable", "error", err)
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

// line is one connection, to which several acknowledgements may be written.
type line struct {
	conn     *websocket.Conn
	writing  sync.Mutex
	handling sync.WaitGroup
}

func (l *line) acknowledge(id string, payload any) error {
	l.writing.Lock()
	defer l.writing.Unlock()
	_ = l.conn.SetWriteDeadline(time.Now().Add(callTimeout))
	return l.conn.WriteJSON(struct {
		ID      string `json:"envelope_id"`
		Payload any    `json:"payload,omitempty"`
	}{id, payload})
}

// close waits for what is being answered.
func (l *line) close() {
	l.handling.Wait()
	_ = l.conn.Close()
}
