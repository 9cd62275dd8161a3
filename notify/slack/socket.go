package slack

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gorilla/websocket"
	api "github.com/slack-go/slack"
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
	wait     func(ctx context.Context, d time.Duration) error
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
	case r.clerk == nil:
		return nil, errors.New("slack socket: nobody here answers")
	}
	return &Socket{c.Wait, r, newClient(r.cfg.Token, r.cfg.APIURL, api.OptionAppLevelToken(string(c.AppToken)))}, nil
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
		s.receiver.cfg.Log.WarnContext(ctx, "no connection to Slack, clicks cannot come in", "error", err, "again_in", pause.String())
		if s.wait(ctx, pause) != nil {
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
	c := &connection{conn: conn}
	defer c.close()
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
			if s.receiver.cfg.AppID != "" && e.Connection.AppID != s.receiver.cfg.AppID {
				return worked, errors.New("slack socket: the app token is of another app than slack.app_id")
			}
			worked = true
		case "disconnect":
			return worked, nil
		default:
			c.handling.Go(func() { s.handle(ctx, c, e) })
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
	if !strings.HasPrefix(to, "wss://") && s.receiver.cfg.APIURL == "" {
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
